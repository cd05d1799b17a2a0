"""A live log: entries in memory, appended by one writer, read by followers at their own pace."""

from bisect import bisect_right
from collections.abc import Callable


class LiveLog:
    """An append-only list of entries, each with a mark that never goes down.

    `append` is on the path of every token: no copy, no task, no await. Entries are read by
    position, so a slow follower costs nothing and gets all it missed in one piece. It holds all
    its entries until it is forgotten, so its writer bounds how much it writes.
    """

    __slots__ = ("__weakref__", "_entries", "_marks", "_on_end", "_watchers", "ended", "key")

    def __init__(self, key: str, on_end: "Callable[[LiveLog], None] | None" = None) -> None:
        """Begin an empty log; `on_end` is told of its end before those who watch."""
        self.key = key
        self.ended = False
        self._on_end = on_end
        self._entries: list[bytes] = []
        self._marks: list[int] = []
        self._watchers: tuple[Callable[[], None], ...] = ()

    @property
    def length(self) -> int:
        """How many entries there are: the position after the last."""
        return len(self._entries)

    @property
    def watched(self) -> bool:
        """Whether anybody watches."""
        return bool(self._watchers)

    def append(self, mark: int, entry: bytes) -> None:
        """Add an entry and wake who watches."""
        self._entries.append(entry)
        self._marks.append(mark)
        for wake in self._watchers:
            wake()

    def extend(self, marks: list[int], entries: list[bytes]) -> None:
        """Add several entries, waking who watches once."""
        self._entries += entries
        self._marks += marks
        for wake in self._watchers:
            wake()

    def end(self) -> None:
        """Say that nothing more comes. Ending twice is harmless."""
        if not self.ended:
            self.ended = True
            if self._on_end is not None:
                self._on_end(self)
            for wake in self._watchers:
                wake()

    def watch(self, wake: Callable[[], None]) -> None:
        """Have `wake` called at every entry and at the end. It must be quick and raise nothing."""
        self._watchers = (*self._watchers, wake)

    def unwatch(self, wake: Callable[[], None]) -> None:
        """Undo one `watch`; unknown watchers are no error."""
        watchers = list(self._watchers)
        if wake in watchers:
            watchers.remove(wake)
            self._watchers = tuple(watchers)

    def read(self, position: int) -> tuple[bytes, int]:
        """Return the entries from `position` on, joined, and the position after them."""
        entries = self._entries
        count = len(entries)
        if position >= count:
            return b"", count
        return b"".join(entries[position:] if position else entries), count

    def position_after(self, mark: int) -> int:
        """Return the position after the last entry whose mark is `mark` or lower."""
        return bisect_right(self._marks, mark)

    def tail(self, position: int) -> tuple[list[int], list[bytes]]:
        """Return the marks and the entries from `position` on: for copying to another process."""
        return self._marks[position:], self._entries[position:]
