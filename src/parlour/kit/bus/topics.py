"""Topics inside one process: who subscribed, and which notes wait to be taken."""

from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

MISSED: Final = "\0missed"
"""The note that stands for notes which may have been lost: read the truth again."""

_MOST = 64
"""Notes that wait for one subscriber before they turn into MISSED."""


class Subscription:
    """The notes of a topic that wait for one subscriber: each once, in order, never too many."""

    __slots__ = ("_notes", "_topics", "_wake", "topic")

    def __init__(self, topics: "Topics", topic: str, wake: Callable[[], None]) -> None:
        """Made by `Bus.subscribe`."""
        self.topic = topic
        self._topics: Topics | None = topics
        self._wake = wake
        self._notes: dict[str, None] = {}

    def take(self) -> list[str]:
        """Return the notes since the last time, without repeats."""
        notes = list(self._notes)
        self._notes.clear()
        return notes

    def give(self, note: str) -> None:
        """Add a note, and wake the subscriber: also one that never takes any."""
        notes = self._notes
        if MISSED not in notes:
            if note == MISSED or (len(notes) >= _MOST and note not in notes):
                notes.clear()
                note = MISSED
            notes[note] = None
        self._wake()

    def close(self) -> None:
        """Leave the topic. Closing twice is harmless."""
        topics, self._topics = self._topics, None
        if topics is not None:
            topics.leave(self)

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
    """All subscriptions of a process, by topic."""

    def __init__(
        self,
        first: Callable[[str], None] = lambda _topic: None,
        last: Callable[[str], None] = lambda _topic: None,
    ) -> None:
        """`first` and `last` are told when a topic gets its first and loses its last subscriber."""
        self._by_topic: dict[str, dict[Subscription, None]] = {}
        self._first = first
        self._last = last

    def join(self, topic: str, wake: Callable[[], None]) -> Subscription:
        """Subscribe."""
        subscription = Subscription(self, topic, wake)
        subscribers = self._by_topic.get(topic)
        if subscribers is None:
            subscribers = self._by_topic[topic] = {}
            self._first(topic)
        subscribers[subscription] = None
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """Unsubscribe."""
        subscribers = self._by_topic.get(subscription.topic, {})
        subscribers.pop(subscription, None)
        if not subscribers and self._by_topic.pop(subscription.topic, None) is not None:
            self._last(subscription.topic)

    def give(self, topic: str, note: str) -> None:
        """Hand a note to every subscriber of a topic."""
        subscribers = self._by_topic.get(topic)
        if subscribers:
            for subscription in tuple(subscribers):
                subscription.give(note)

    def give_all(self, note: str) -> None:
        """Hand a note to every subscriber there is."""
        for topic in tuple(self._by_topic):
            self.give(topic, note)
