"""What words and passages are about, learned from the company that words keep in one library.

Latent semantic analysis (Deerwester and others, 1990): words that stand in passages alike point the
same way, and so do passages that share no word but speak of the same. The directions are found by
subspace iteration from a random start (Halko, Martinsson and Tropp, 2011), which needs no linear
algebra but sums.
"""

import math
import random
import struct
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import mul
from typing import Final, NamedTuple

Row = list[tuple[int, float]]
"""The words of one passage by number, each with its weight."""
Vector = list[float]

_AXES: Final = 48
"""Directions that are told apart; 64 and 96 found no more in three libraries."""
_ROUNDS: Final = 2
_STRONGEST: Final = 30
"""Words of a passage that say what it is about."""
_RARE: Final = 3
"""Passages that must have a word before its company says something."""
_FEWEST: Final = 200
"""Passages below which there is nothing to learn from."""
_LEARNED_FROM: Final = 6_000
"""Passages that are learned from, evenly taken: what the others say has been said."""
_MOST_WORDS: Final = 8_000
_SEED: Final = 2
_NOTHING: Final = 1e-9
_WORD: Final = struct.Struct(f"<{_AXES}e")


def word_key(word: str) -> str:
    """Return the name under which a word's direction is kept; no word begins with a space."""
    return f" {word}"


def document_key(number: int) -> str:
    """Return the name under which the directions of a document's passages are kept."""
    return f" #{number}"


class Senses(NamedTuple):
    """Directions of words, and of passages in their order; empty for a library that is small."""

    words: dict[str, bytes]
    passages: list[bytes]


def learned(passages: Sequence[Mapping[str, float]]) -> Senses:
    """Learn from all passages of a library, given as their words and how often each occurs."""
    if len(passages) < _FEWEST:
        return Senses({}, [])
    have = Counter(word for counts in passages for word in counts if word.isalpha())
    known = {w: n for w, n in have.most_common(_MOST_WORDS) if n >= _RARE}
    telling = {word: math.log(len(passages) / n) for word, n in known.items()}
    numbers = {word: number for number, word in enumerate(telling)}
    rows = [_row(counts, telling, numbers) for counts in passages]
    axes = _axes(rows[:: 1 + len(rows) // _LEARNED_FROM], len(numbers))
    words = {word: _WORD.pack(*axes[number]) for word, number in numbers.items()}
    return Senses(words, [_packed(_place(row, axes)) for row in rows])


def _row(counts: Mapping[str, float], telling: dict[str, float], numbers: dict[str, int]) -> Row:
    weighed = ((_damped(times) * telling[w], w) for w, times in counts.items() if w in telling)
    strongest = sorted(weighed, reverse=True)[:_STRONGEST]
    length = math.hypot(*(weight for weight, _ in strongest)) or 1.0
    return [(numbers[word], weight / length) for weight, word in strongest]


def _damped(times: float) -> float:
    return 1 + math.log1p(times)


def _axes(rows: list[Row], words: int) -> list[Vector]:
    """Return where each word points, along directions that tell most about the rows."""
    chance = random.Random(_SEED)  # noqa: S311 - no secret: the same library, the same directions
    axes = [chance.choices((-1.0, 1.0), k=_AXES) for _ in range(words)]
    for _ in range(_ROUNDS):
        grown = [[0.0] * _AXES for _ in range(words)]
        for row in rows:
            place = _place(row, axes)
            for word, weight in row:
                grown[word] = _added(grown[word], weight, place)
        axes = _upright(grown)
    return axes


def _place(row: Row, axes: list[Vector]) -> Vector:
    place = [0.0] * _AXES
    for word, weight in row:
        place = _added(place, weight, axes[word])
    return place


def _added(one: Vector, weight: float, other: Vector) -> Vector:
    return [a + weight * b for a, b in zip(one, other, strict=True)]


def _upright(vectors: list[Vector]) -> list[Vector]:
    """Set the columns at right angles to one another, each of length one (Gram and Schmidt)."""
    columns: list[Vector] = []
    for column in map(list, zip(*vectors, strict=True)):
        rest = column
        for other in columns:
            rest = _added(rest, -sum(map(mul, rest, other)), other)
        length = math.hypot(*rest)
        is_new = length > _NOTHING * math.hypot(*column)
        columns.append([x / length if is_new else 0.0 for x in rest])
    return [list(row) for row in zip(*columns, strict=True)]


def _packed(vector: Vector) -> bytes:
    """Write a direction as a byte for each axis; how far it reached is left out."""
    most = max(map(abs, vector)) or 1.0
    return array("b", [round(127 * x / most) for x in vector]).tobytes()


def sum_of(weighed: Iterable[tuple[float, bytes]]) -> Vector:
    """Return what words are about together: those that a library tells most of reach furthest."""
    total = [0.0] * _AXES
    for weight, kept in weighed:
        total = _added(total, weight, list(_WORD.unpack(kept)))
    return total


def likeness(one: Vector, passages: bytes, number: int) -> float:
    """How much one of a document's passages points as `one` does, times the length of `one`."""
    there = array("b", passages[_AXES * number : _AXES * (number + 1)])
    return float(sum(map(mul, one, there))) / (math.hypot(*there) or 1.0)
