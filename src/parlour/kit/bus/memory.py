"""The bus of a process that is alone."""

import asyncio
from collections.abc import Callable
from weakref import WeakValueDictionary

from parlour.kit.bus.log import LiveLog
from parlour.kit.bus.topics import Subscription, Topics

KEEP_ENDED = 60.0
"""Seconds for which an ended log can still be read."""


class Shelf:
    """The logs that a process writes: while their writer holds them, and a minute after their end.

    A log whose writer vanished without ending it goes with the writer; nothing piles up.
    """

    def __init__(self, keep: float = KEEP_ENDED) -> None:
        """Begin empty; `keep` is for how many seconds ended logs stay."""
        self._keep = keep
        self._open: WeakValueDictionary[str, LiveLog] = WeakValueDictionary()
        self._ended: dict[LiveLog, asyncio.TimerHandle] = {}

    def begin(self, key: str) -> LiveLog:
        """Put a new log on the shelf."""
        before = self._open.get(key)
        if before is not None:
            before.end()
        log = self._open[key] = LiveLog(key, self._keep_a_while)
        return log

    def find(self, key: str) -> LiveLog | None:
        """Return the log of a key."""
        return self._open.get(key)

    def logs(self) -> list[LiveLog]:
        """Return every log on the shelf."""
        return list(self._open.values())

    def clear(self) -> None:
        """Forget the ended ones at once."""
        for timer in self._ended.values():
            timer.cancel()
        self._ended.clear()

    def _keep_a_while(self, log: LiveLog) -> None:
        loop = asyncio.get_running_loop()
        self._ended[log] = loop.call_later(self._keep, self._ended.pop, log, None)


class MemoryBus:
    """Live logs and topics in this process's memory."""

    healthy = True

    def __init__(self, keep: float = KEEP_ENDED) -> None:
        """Begin empty; `keep` is for how many seconds ended logs can be read."""
        self._shelf = Shelf(keep)
        self._topics = Topics()

    async def start(self) -> None:
        """Do nothing: memory is there."""

    async def close(self) -> None:
        """Forget the ended logs."""
        self._shelf.clear()

    def begin_log(self, key: str) -> LiveLog:
        """Begin a log; one that had the key before is ended."""
        return self._shelf.begin(key)

    async def open_log(self, key: str) -> LiveLog | None:
        """Return the log of a key."""
        return self._shelf.find(key)

    def publish(self, topic: str, note: str) -> None:
        """Give a hint to all who subscribed."""
        self._topics.give(topic, note)

    def publish_here(self, topic: str, note: str) -> None:
        """Give a hint to all who subscribed: they are all here."""
        self._topics.give(topic, note)

    def subscribe(self, topic: str, wake: Callable[[], None]) -> Subscription:
        """Call `wake` when there is something to `take`."""
        return self._topics.join(topic, wake)
