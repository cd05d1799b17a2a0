"""Counting in memory what is too frequent and too slight to be written down each time."""

from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Tallies(Generic[Key]):
    """Counts by a key, until somebody takes them. What a process that is killed had is lost."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        """Begin at nothing."""
        self._counts: Counter[Key] = Counter()

    def add(self, key: Key) -> None:
        """Count one more."""
        self._counts[key] += 1

    def take(self) -> Mapping[Key, int]:
        """Return what was counted since it was taken last."""
        taken, self._counts = self._counts, Counter()
        return taken

    def put_back(self, counts: Mapping[Key, int]) -> None:
        """Add what was taken and could not be kept."""
        self._counts.update(counts)
