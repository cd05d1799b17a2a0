"""Whether a text has what was asked word by word: people paste what a program told them."""

from collections.abc import Callable, Collection
from functools import cache
from typing import Final

from parlour.agents.library.words import STOP, root, words_of

_LEAST: Final = 4
"""Telling words in a row that are a quotation; fewer are what anybody might say."""
_TELLING: Final = 1.2
"""How rare a word must be to tell something: not every third passage has it."""
_SHORTEST: Final = 3
_TIMES: Final = 4
"""Places of one word in a question that are looked at."""


@cache
def _small() -> frozenset[str]:
    return frozenset(root(word) for word in STOP)


class Quotation:
    """The words of a question in their order, to be looked for as they stand."""

    def __init__(self, words: list[str]) -> None:
        """Take the words as they were said."""
        self._said = [root(word.lower()) for word in words]
        self._telling: frozenset[str] = frozenset()
        self._places: dict[str, list[int]] = {}
        self._enough = _LEAST

    def correct(self, term: str, better: str) -> None:
        """Take a word for another that it was meant to be."""
        self._said = [better if each == term else each for each in self._said]

    def weigh(self, idf: Callable[[str], float]) -> None:
        """Settle which words tell something: neither numbers nor those that most passages have.

        Where writing has no spaces its words are pairs of signs, and none of them tells.
        """
        small = _small()
        self._telling = frozenset(
            each
            for each in self._said
            if each.replace("_", "").isalpha()
            and len(each) >= _SHORTEST
            and each not in small
            and idf(each) >= _TELLING
        )
        telling = [at for at, each in enumerate(self._said) if each in self._telling]
        # What is quoted must be most of what was asked, or it is merely named.
        self._enough = max(_LEAST, (len(telling) + 1) // 2)
        self._places = {}
        for at in telling if len(telling) >= self._enough else ():
            places = self._places.setdefault(self._said[at], [])
            if len(places) < _TIMES:
                places.append(at)

    def length(self, text: str, terms: Collection[str]) -> int:
        """Count the telling words of the best run in a text beyond three; 0 for no quotation.

        `terms` are the text's own.
        """
        if sum(each in terms for each in self._places) < self._enough // _TIMES + 1:
            return 0
        found = [root(word.lower()) for word in words_of(text)]
        best, seen = 0, dict[int, int]()
        for at, word in enumerate(found):
            for place in self._places.get(word, ()):
                if seen.get(at - place, -1) < at:  # else within a run that was counted
                    first, last = self._run(found, at, place)
                    seen[at - place] = last
                    best = max(best, sum(each in self._telling for each in found[first:last]))
        return best - _LEAST + 1 if best >= self._enough else 0

    def _run(self, found: list[str], at: int, place: int) -> tuple[int, int]:
        """Return where in a text the run begins and ends that goes through a place of both."""
        said = self._said
        before = after = 0
        while min(at, place) > before and found[at - before - 1] == said[place - before - 1]:
            before += 1
        most = min(len(found) - at, len(said) - place)
        while after < most and found[at + after] == said[place + after]:
            after += 1
        return at - before, at + after
