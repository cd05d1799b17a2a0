"""The bus of several processes: live logs in Redis Streams, hints by PUBLISH, all best effort."""

from collections.abc import Callable

from parlour.kit.bus.log import LiveLog
from parlour.kit.bus.memory import KEEP_ENDED, MemoryBus
from parlour.kit.bus.topics import Subscription


class RedisBus:
    """Live logs and topics over Redis."""

    def __init__(self, url: str, keep: float = KEEP_ENDED) -> None:
        """Begin disconnected; `keep` is for how many seconds ended logs can be read."""
        self._url = url
        self._local = MemoryBus(keep)

    @property
    def healthy(self) -> bool:
        """Whether other processes are reached just now."""
        return False

    async def start(self) -> None:
        """Begin to connect."""

    async def close(self) -> None:
        """Let go of the connections."""
        await self._local.close()

    def begin_log(self, key: str) -> LiveLog:
        """Begin a log; one that had the key before is ended."""
        return self._local.begin_log(key)

    async def open_log(self, key: str) -> LiveLog | None:
        """Return the log of a key."""
        return await self._local.open_log(key)

    def publish(self, topic: str, note: str) -> None:
        """Give a hint to all who subscribed."""
        self._local.publish(topic, note)

    def subscribe(self, topic: str, wake: Callable[[], None]) -> Subscription:
        """Call `wake` when there is something to `take`."""
        return self._local.subscribe(topic, wake)
