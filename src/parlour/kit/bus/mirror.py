"""A copy of a live log that another process writes."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from parlour.kit.bus.log import LiveLog


class Batch(msgspec.Struct, array_like=True, frozen=True):
    """Some entries of a log on their way to another process."""

    position: int
    """How many entries come before these."""
    marks: list[int]
    entries: list[bytes]
    ended: bool


encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Batch).decode


class Mirror:
    """Grows by batches, which may come twice or with gaps; it takes each entry once, in order."""

    def __init__(self, key: str, ended: Callable[["Mirror"], Any]) -> None:
        """Begin empty; `ended` is told when the log has come to its end."""
        self.log = LiveLog(key, lambda _log: ended(self))
        self.known: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        """Whether there is such a log; decided after the first look."""
        self.loading = False
        self._heard = False
        self._furthest = 0
        self._unwatched = False

    def take(self, data: bytes) -> bool:
        """Take a batch; False when entries before it are missing."""
        batch = _decode(data)
        self._heard = True
        self._furthest = max(self._furthest, batch.position + len(batch.entries))
        have = self.log.length
        if batch.position > have:
            return False
        new = have - batch.position
        if new < len(batch.entries):
            self.log.extend(batch.marks[new:], batch.entries[new:])
        if batch.ended and self.log.length == batch.position + len(batch.entries):
            self.log.end()
        return True

    @property
    def complete(self) -> bool:
        """Whether it has every entry that it has heard of."""
        return self.log.length >= self._furthest

    def settle(self) -> None:
        """Decide whether there is such a log, after a look or when no look is possible."""
        if not self.known.done():
            self.known.set_result(self._heard)

    def idle(self) -> bool:
        """Tell whether nobody watches now nor did when this was asked last."""
        before, self._unwatched = self._unwatched, not self.log.watched
        return before and self._unwatched
