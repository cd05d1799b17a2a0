"""Words that stand for one another in general English about software; read from thesaurus.txt."""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from parlour.agents.library.words import root

_GAP: Final = "…"
_WIDEST: Final = 3
"""Words that may stand where a turn of phrase has a gap."""


class _Phrase(NamedTuple):
    words: list[str]
    meaning: list[str]


class _Tables(NamedTuple):
    kin: dict[str, frozenset[str]]
    phrases: dict[str, list[_Phrase]]
    """By their first word, those of the most words first."""


@cache
def _tables() -> _Tables:
    kin: dict[str, set[str]] = defaultdict(set)
    phrases: dict[str, list[_Phrase]] = defaultdict(list)
    for line in Path(__file__).with_name("thesaurus.txt").read_text().split("\n"):
        left, sign, right = re.split(r"\s*([=>]|$)\s*", line.partition("#")[0].strip(), maxsplit=1)
        said, others = _stems(left), _stems(right)
        if sign == ">" and len(said) > 1:
            phrases[said[0]].append(_Phrase(said, others))
            continue
        for word in said:
            kin[word].update({*(others if sign else said)} - {word})
        for word in others if sign == "=" else ():
            kin[word].update(said)
    for each in phrases.values():
        each.sort(key=lambda phrase: -len(phrase.words))
    return _Tables({word: frozenset(others) for word, others in kin.items()}, phrases)


def _stems(words: str) -> list[str]:
    return [root(word) for word in words.split()]


def related(term: str) -> frozenset[str]:
    """Return the stems of words that may stand for this one."""
    return _tables().kin.get(term, frozenset())


def meant(stems: list[str]) -> Iterator[tuple[list[int], list[str]]]:
    """Find turns of phrase, longest first: where their words stand, and what they mean."""
    phrases = _tables().phrases
    found = [
        (places, phrase.meaning)
        for start, word in enumerate(stems)
        for phrase in phrases.get(word, ())
        if (places := _places(phrase.words, stems, start))
    ]
    taken: set[int] = set()
    for places, meaning in sorted(found, key=lambda each: -len(each[0])):
        if not taken.intersection(places):
            taken.update(places)
            yield places, meaning


def _places(words: list[str], stems: list[str], start: int) -> list[int]:
    """Return where the words of a phrase stand from `start` on; empty when they do not."""
    places: list[int] = []
    at = start
    for n, word in enumerate(words):
        if word == _GAP:
            near = range(at, min(at + _WIDEST + 1, len(stems)))
            at = next((there for there in near if stems[there] == words[n + 1]), len(stems))
        elif at < len(stems) and stems[at] == word:
            places.append(at)
            at += 1
        else:
            return []
    return places
