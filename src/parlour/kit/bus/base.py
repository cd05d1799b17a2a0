"""What both buses offer, and the topics that both serve within the process."""

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from parlour.kit.bus.log import LiveLog

Wake = Callable[[], None]

OVERFLOW = "*"
"""The note that says: something was missed, read again what you follow."""

_MOST_NOTES = 100

KEEP_SECONDS = 60.0
"""How long a log that has ended can still be read."""


class Subscription:
    """Notes on one topic, until it is closed. Equal notes that wait together are one."""

    __slots__ = ("_hub", "_notes", "_topic", "_wake")

    def __init__(self, hub: "Topics", topic: str, wake: Wake) -> None:
        """Made by `subscribe`."""
        self._hub = hub
        self._topic = topic
        self._wake = wake
        self._notes: list[str] | None = None

    def take(self) -> list[str]:
        """Return the notes since the last time; OVERFLOW alone when there were too many."""
        notes, self._notes = self._notes, None
        return notes or []

    def put(self, note: str) -> None:
        """Take in a note and wake the subscriber."""
        if self._notes is None:
            self._notes = [note]
        elif note not in self._notes:
            self._notes = [OVERFLOW] if len(self._notes) >= _MOST_NOTES else [*self._notes, note]
        self._wake()

    def close(self) -> None:
        """Get no more notes."""
        self._hub.leave(self._topic, self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Topics:
    """Who listens to what within this process."""

    def __init__(self) -> None:
        """Begin with nobody listening."""
        self._by_topic: dict[str, set[Subscription]] = {}

    def join(self, topic: str, wake: Wake) -> Subscription:
        """Listen to a topic."""
        subscription = Subscription(self, topic, wake)
        self._by_topic.setdefault(topic, set()).add(subscription)
        return subscription

    def leave(self, topic: str, subscription: Subscription) -> None:
        """Listen no more; harmless when repeated."""
        listeners = self._by_topic.get(topic)
        if listeners is not None:
            listeners.discard(subscription)
            if not listeners:
                del self._by_topic[topic]

    def hand_out(self, topic: str, note: str) -> None:
        """Give a note to everybody here who listens to the topic."""
        for subscription in tuple(self._by_topic.get(topic, ())):
            subscription.put(note)

    def hand_out_to_all(self, note: str) -> None:
        """Give a note to everybody here."""
        for topic in tuple(self._by_topic):
            self.hand_out(topic, note)


class Bus(Protocol):
    """Brings what happens to those who follow it, in this process and in others."""

    @property
    def healthy(self) -> bool:
        """Whether other processes can be heard; always so within one process."""
        ...

    async def start(self) -> None:
        """Begin to hear other processes."""
        ...

    async def close(self) -> None:
        """Stop."""
        ...

    def begin_log(self, key: str) -> LiveLog:
        """Begin the live log of this name, as its only writer. Call `end` on it when through."""
        ...

    async def open_log(self, key: str) -> LiveLog | None:
        """Return a live log to follow; None when nothing is known of it here."""
        ...

    def publish(self, topic: str, note: str) -> None:
        """Give a hint to whoever listens to the topic, anywhere; it may be lost."""
        ...

    def subscribe(self, topic: str, wake: Wake) -> Subscription:
        """Listen to a topic; `wake` is called whenever a note waits."""
        ...
