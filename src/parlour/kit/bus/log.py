"""A live log: entries that one writer appends and many followers read at their own pace."""

from bisect import bisect_right
from collections.abc import Callable

Wake = Callable[[], None]


class LiveLog:
    """An append-only list of encoded entries. Appending is the hot path.

    Each entry has a mark, a number that never falls, by which a follower that comes back finds its
    place again.
    """

    __slots__ = ("_entries", "_marks", "_wakes", "ended")

    def __init__(self) -> None:
        """Begin an empty log."""
        self._entries: list[bytes] = []
        self._marks: list[int] = []
        self._wakes: list[Wake] = []
        self.ended = False

    def __len__(self) -> int:
        return len(self._entries)

    def append(self, mark: int, entry: bytes) -> None:
        """Add an entry and wake the followers."""
        self._entries.append(entry)
        self._marks.append(mark)
        for wake in self._wakes:
            wake()

    def end(self) -> None:
        """Say that nothing more will come."""
        if not self.ended:
            self.ended = True
            for wake in list(self._wakes):
                wake()

    def read(self, position: int) -> tuple[bytes, int]:
        """Return the entries from `position` on, joined, and the position after them."""
        entries = self._entries
        size = len(entries)
        if position == size:
            return b"", position
        if position + 1 == size:
            return entries[position], size
        return b"".join(entries[position:]), size

    def entries(self, position: int) -> list[tuple[int, bytes]]:
        """Return the entries from `position` on, each with its mark."""
        return list(zip(self._marks[position:], self._entries[position:], strict=True))

    def position_after(self, mark: int) -> int:
        """Return the position of the first entry whose mark is greater than `mark`."""
        return bisect_right(self._marks, mark)

    def watch(self, wake: Wake) -> None:
        """Have `wake` called at every entry and at the end; it must be quick."""
        self._wakes.append(wake)

    def unwatch(self, wake: Wake) -> None:
        """Stop calling `wake`."""
        if wake in self._wakes:
            self._wakes.remove(wake)
