"""Finding the word that a misspelled one was meant to be, among the words of the library."""

from collections.abc import Iterable
from typing import Final

from parlour.agents.library.words import APART

_SHORTEST: Final = 4
_LONG: Final = 8
"""Letters from which two slips are forgiven, and another ending."""
_LEAST_BEGINNING: Final = 6


def corrected(word: str, vocabulary: Iterable[str]) -> str | None:
    """Return the closest word, the earliest of several; None when all are too far away."""
    if len(word) < _SHORTEST or not word.isalpha():
        return None
    words = list(vocabulary)
    most = 2 if len(word) >= _LONG else 1
    letters = set(word)
    best: tuple[int, str] | None = None
    for other in words:
        if abs(len(other) - len(word)) > most or other[0] != word[0]:
            continue
        if len(letters ^ set(other)) > 2 * most:
            continue
        far = distance(word, other)
        if far <= most and (best is None or far < best[0]):
            best = (far, other)
    return best[1] if best else _beginning(word, words)


def _beginning(word: str, vocabulary: Iterable[str]) -> str | None:
    """Return the longest word that a long one begins with: "authentif" is meant for "authent"."""
    begins = [
        other for other in vocabulary if len(other) >= _LEAST_BEGINNING and word.startswith(other)
    ]
    found = max(begins, key=len, default="")
    is_form = len(word) >= _LONG and 3 * len(found) >= 2 * len(word) and word not in APART
    return found if is_form else None


def distance(one: str, other: str) -> int:
    """Count the letters to add, leave out, replace or swap to come from one word to the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        above, before, row = before, row, [i]
        for j, its in enumerate(other, 1):
            steps = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                steps = min(steps, above[j - 2] + 1)
            row.append(steps)
    return row[-1]
