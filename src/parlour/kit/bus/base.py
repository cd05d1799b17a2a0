"""What a bus is, whether it lives in this process's memory or goes through Redis."""

from collections.abc import Callable
from typing import Protocol

from parlour.kit.bus.log import LiveLog
from parlour.kit.bus.topics import Subscription


class Bus(Protocol):
    """Live logs and topics. Nothing on it is the only copy: what matters is in the database.

    Used on the event loop only.
    """

    @property
    def healthy(self) -> bool:
        """Whether other processes are reached just now."""
        ...

    async def start(self) -> None:
        """Begin to reach other processes. Returns at once; see `healthy`."""
        ...

    async def close(self) -> None:
        """Send what is waiting, and let go of every connection."""
        ...

    def begin_log(self, key: str) -> LiveLog:
        """Begin a log that this process writes; a log that had the key before is ended."""
        ...

    async def open_log(self, key: str) -> LiveLog | None:
        """Return the log of a key to follow it, wherever it is written; None: nobody knows it.

        A log can be had until a minute after its end. It can stall when another process writes it
        and Redis is away: its entries come later or never. A reply's end is told on its topic.
        """
        ...

    def publish(self, topic: str, note: str) -> None:
        """Give a hint to all who subscribed. It may be lost, or be told twice."""
        ...

    def publish_here(self, topic: str, note: str) -> None:
        """Give a hint to those of this process alone, when the others find out by themselves."""
        ...

    def subscribe(self, topic: str, wake: Callable[[], None]) -> Subscription:
        """Call `wake` when there is something to `take`. Leave it with `close` or `with`."""
        ...
