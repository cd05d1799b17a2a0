"""By which words a message is found: as they are, by their stems, and as they sound; pure."""

import re
import unicodedata
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Final

from parlour.agents.library.words import folded, stem

RULES: Final = 2
"""Which rules these are: to be raised whenever `terms` makes something else of any text, or
declined questions are judged otherwise."""
_WORD: Final = re.compile(r"[^\W_]+")
_CJK: Final = re.compile(
    "[\u1100-\u11ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003ffff]"
)
_QUOTED: Final = re.compile(r'"([^"]*)"')
_SOFT: Final = re.compile("[aeiouyhw]")
_TWICE: Final = re.compile(r"(.)\1+")
LONGEST: Final = 40
"""Characters of a word; longer ones are found by their beginning."""
MOST: Final = 8
"""Words that are looked for."""
HIDDEN: Final = "~"
"""Stands before words that not everybody may read."""
_SOUNDS: Final = "^"
_CLEAR: Final = 3
"""Consonants by which one word sounds like another; with fewer too many do."""


@cache
def edition() -> int:
    """Return a number for all that decides by what a message is found: rules, stems, letters."""
    told = f"{RULES} {version('snowballstemmer')} {unicodedata.unidata_version}"
    return zlib.crc32(told.encode())


def words(text: str) -> list[str]:
    """Return the words of a text in one form of letters; of scripts without spaces, pairs."""
    found: list[str] = []
    for word in _WORD.findall(folded(text).casefold()):
        if not word.isascii() and _CJK.search(word):
            found += [word[at : at + 2] for at in range(max(1, len(word) - 1))]
        else:
            found.append(word[:LONGEST])
    return found


def sound(word: str) -> str:
    """Return how a word sounds, roughly: its first letter and its consonants; empty if unclear."""
    if len(word) < 5 or not word.isascii() or not word.isalpha():
        return ""
    hard = _TWICE.sub(r"\1", word[0] + _SOFT.sub("", word[1:]))
    return _SOUNDS + hard if len(hard) >= _CLEAR else ""


def terms(shown: str, whole: str) -> set[str]:
    """Return by what a message is found: `shown` is what everybody may read of it."""
    open_ = set(words(shown))
    found = _of(open_)
    if whole != shown:
        found |= {HIDDEN + each for each in _of(set(words(whole)) - open_)}
    return found


def _of(found: Iterable[str]) -> set[str]:
    every = set(found)
    return every | {stem(each) for each in every} | {sound(each) for each in every} - {""}


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: words as they may be written, and phrases exactly as they are."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    """In small letters, on one line."""

    @property
    def is_empty(self) -> bool:
        """Whether everything fits."""
        return not self.words and not self.phrases

    def groups(self) -> list[list[str]]:
        """Return what an index is asked for: of each group one, as the beginning of a word."""
        loose = [
            list(dict.fromkeys(filter(None, (each, stem(each), sound(each)))))
            for each in self.words
        ]
        # A phrase may end within a word.
        exact = [[word] for each in self.phrases for word in words(each)]
        return [*loose, *exact][:MOST]

    def fits(self, text: str) -> bool:
        """Whether a text, as whoever looks may read it, has what is looked for."""
        line = " ".join(text.casefold().split())
        if not all(each in line for each in self.phrases):
            return False
        there = set(words(text))
        return all(_has(there, each) for each in self.words)


def read(text: str) -> Query:
    """Read what somebody typed: words, and "exactly this" in quotes."""
    phrases = [" ".join(each.casefold().split()) for each in _QUOTED.findall(text)]
    rest = _QUOTED.sub(" ", text).replace('"', " ")
    loose = tuple(dict.fromkeys(words(rest)))[:MOST]
    return Query(loose, tuple(each for each in phrases if words(each))[:MOST])


def _has(there: set[str], word: str) -> bool:
    if word in there:
        return True
    own = stem(word)
    if any(each.startswith(word) or stem(each) == own for each in there):
        return True
    sounds = sound(word)
    most = 1 if len(word) < 8 else 2
    return bool(sounds) and any(
        sound(each) == sounds and _apart(each, word) <= most for each in there
    )


def _apart(one: str, other: str) -> int:
    """Count the letters by which two words differ."""
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        last, row[0] = row[0], at
        for place, also in enumerate(other, 1):
            last, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, last + (letter != also)),
            )
    return row[-1]
