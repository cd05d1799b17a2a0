"""From text to the terms that are searched: words, stems, parts of identifiers, CJK pairs."""

import re
import unicodedata
from functools import cache, lru_cache
from threading import Lock
from typing import Any, Final

_WORD: Final = re.compile(r"\w+(?:['’]\w+)*")
_ENDING: Final = re.compile(r"['’](?:s|t|re|ve|ll|d|m)$", re.IGNORECASE)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_MARK: Final = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]"
)
"""Accents and vowel signs that stand as signs of their own."""
_CJK: Final = re.compile(
    "[\u1100-\u11ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_LONGEST: Final = 40
"""Longer words are no words: hashes, encoded data."""

_SMALL: Final = """
a about after again all also am an and any anybody anyone anything are aren as at be because been
being but by can cannot could couldn did didn do does doesn doing don else for from get gets getting
give go goes going gonna got had has have having he hello her here hi him his how i if in into is
isn it its itself just kind know like lot lots make makes many may maybe me might mine more
most much must my myself need needs no not now of off ok okay on one only or our out please put
really she should so some somebody someone something such take tell than thank thanks that the
their them then there these they thing things this those to too try trying up upon us use used
using very want wants was wasn way we were what when where whether which while who whom whose why
will with without won would you your yours
"""
STOP: Final = frozenset(_SMALL.split())
"""Words that say nothing about what is asked."""

_IRREGULAR: Final = """
arise arose arisen
awake awoke awoken
beat beaten
become became
begin began begun
bend bent
bite bit bitten
blow blew blown
break broke broken
bring brought
build built
burn burnt
buy bought
catch caught
child children
choose chose chosen
come came
criterion criteria
deal dealt
dig dug
draw drew drawn
dream dreamt
drive drove driven
eat ate eaten
fall fell fallen
feel felt
fight fought
find found
fly flew flown
forbid forbade forbidden
forget forgot forgotten
freeze froze frozen
grow grew grown
hang hung
hear heard
hide hid hidden
hold held
index indices
keep kept
lead led
learn learnt
lend lent
lose lost
matrix matrices
mean meant
meet met
mistake mistook mistaken
overwrite overwrote overwritten
pay paid
rebuild rebuilt
ride rode ridden
ring rang rung
rise rose risen
run ran
see saw seen
sell sold
send sent
shake shook shaken
shoot shot
show shown
shrink shrank shrunk
sink sank sunk
sleep slept
speak spoke spoken
spell spelt
spend spent
stand stood
steal stole stolen
stick stuck
sweep swept
swell swollen
swing swung
take took taken
teach taught
tear tore torn
tell told
think thought
throw threw thrown
understand understood
undo undid undone
vertex vertices
wake woke woken
wear wore worn
win won
withdraw withdrew withdrawn
write wrote written
"""
_DERIVED: Final = """
admit admission
analyze analysis
collide collision
compare comparison
complain complaint
constrain constraint
contend contention
convert conversion
decide decision
deliver delivery
describe description
destroy destruction
discover discovery
divide division
exclude exclusion
expand expansion
explain explanation
expose exposure
fail failure
grow growth
include inclusion
introduce introduction
lose loss
maintain maintenance
multiply multiplication
occur occurrence
omit omission
permit permission
prove proof
publish publication
recover recovery
reduce reduction
register registration
repeat repetition
resolve resolution
retain retention
solve solution
store storage
submit submission
subscribe subscription
suspend suspension
transmit transmission
"""


def _bases(table: str) -> dict[str, str]:
    lines = (line.split() for line in table.strip().split("\n"))
    return {form: base for base, *forms in lines for form in forms}


_BASE: Final = _bases(_IRREGULAR)
"""Forms that share no stem with their word."""
_VERB: Final = _bases(_DERIVED)
"""Nouns that share no stem with the verb they come from; they have a plural, too."""

_ALONE: Final = """
author business computer consistency consistent consistently container customer directive
identical important importance integrity locale manually numerous positive positively relative
relatively respectively responsible several severity successive terminal
"""
APART: Final = frozenset(_ALONE.split())
"""Words that the stemmer throws together with others of another meaning: "customer" with
"custom", "important" with "import", "several" with "severe"."""

_IFICATION: Final = re.compile(r"ifications?$")
_stemming = Lock()
"""The stemmer keeps the word it is at within itself, and threads of several searches come to it."""


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Return the part of a word that its forms share; other scripts stay as they are.

    What is kept under a stem is found by it later: another stemmer needs all of it read anew.
    """
    return _stemmed(_BASE.get(word, word)) if _is_stemmed(word) else word


@lru_cache(maxsize=16_384)
def root(word: str) -> str:
    """Return the stem of a word, or of the verb that it comes from, as libraries keep it."""
    if not _is_stemmed(word):
        return word
    one = f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s")
    if one in APART:
        return one
    base = _BASE.get(word) or _VERB.get(word) or _VERB.get(one) or word
    return _stemmed(_IFICATION.sub("ify", base))


def _stemmed(word: str) -> str:
    with _stemming:
        return str(_stemmer().stemWord(word))


@cache
def _stemmer() -> Any:
    # Loaded when it is needed: it brings thirty languages along.
    import snowballstemmer  # type: ignore[import-untyped]  # noqa: PLC0415

    return snowballstemmer.stemmer("english")


def _is_stemmed(word: str) -> bool:
    return len(word) >= 4 and word.isascii() and word.isalpha()


def folded(text: str) -> str:
    """Make letters comparable: one form per letter, no accents."""
    if text.isascii():
        return text
    if unicodedata.is_normalized("NFKD", text) and not _MARK.search(text):
        return text
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare)


def words_of(text: str) -> list[str]:
    """Return the words of a text in order, identifiers whole, without 's and its like."""
    return [word for found in _WORD.findall(folded(text)) for word in _words(found)]


@lru_cache(maxsize=16_384)
def _words(found: str) -> tuple[str, ...]:
    word = _ENDING.sub("", found).replace("'", "").strip("_")
    if not word.isascii():
        return tuple(_not_ascii(word))
    return (word,) if word and len(word) <= _LONGEST else ()


def _not_ascii(word: str) -> list[str]:
    parts: list[str] = []
    at = 0
    for run in _CJK.finditer(word):
        parts.append(word[at : run.start()])
        signs = run[0]
        parts += [signs[n : n + 2] for n in range(max(1, len(signs) - 1))]
        at = run.end()
    parts.append(word[at:])
    return [part for part in parts if part and len(part) <= _LONGEST]


def terms_of(word: str) -> tuple[str, ...]:
    """Return the terms of one word: its root, and for an identifier the whole and its parts."""
    parts = [part for whole in word.split("_") for part in _CAMEL.split(whole) if part]
    if len(parts) < 2:
        lower = word.lower()
        return (root(lower),) if lower else ()
    roots = [root(part.lower()) for part in parts]
    return (word.lower(), *roots)


def terms(text: str) -> list[str]:
    """Return all terms of a text in order, stop words among them."""
    return [term for found in _WORD.findall(folded(text)) for term in _terms(found)]


@lru_cache(maxsize=16_384)
def _terms(found: str) -> tuple[str, ...]:
    return tuple(term for word in _words(found) for term in terms_of(word))
