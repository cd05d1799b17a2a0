"""The bus of a single process."""

import asyncio

from parlour.kit.bus.base import KEEP_SECONDS, Subscription, Topics, Wake
from parlour.kit.bus.log import LiveLog


class LocalLogs:
    """The live logs this process holds, each forgotten a while after its end."""

    def __init__(self) -> None:
        """Begin with none."""
        self._logs: dict[str, LiveLog] = {}

    def begin(self, key: str) -> LiveLog:
        """Make an empty log under this name."""
        log = self._logs[key] = LiveLog()
        log.watch(lambda: self._forget_later(key, log))
        return log

    def get(self, key: str) -> LiveLog | None:
        """Return the log of this name, if it is here."""
        return self._logs.get(key)

    def forget(self, key: str, log: LiveLog) -> None:
        """Let go of a log."""
        if self._logs.get(key) is log:
            del self._logs[key]

    def _forget_later(self, key: str, log: LiveLog) -> None:
        if log.ended:
            asyncio.get_running_loop().call_later(KEEP_SECONDS, self.forget, key, log)


class MemoryBus:
    """Logs and topics within one process."""

    healthy = True

    def __init__(self) -> None:
        """Begin silent."""
        self._logs = LocalLogs()
        self._topics = Topics()

    async def start(self) -> None:
        """Nothing is to be done."""

    async def close(self) -> None:
        """Nothing is to be done."""

    def begin_log(self, key: str) -> LiveLog:
        """Begin the live log of this name."""
        return self._logs.begin(key)

    async def open_log(self, key: str) -> LiveLog | None:
        """Return the live log of this name, if it is here."""
        return self._logs.get(key)

    def publish(self, topic: str, note: str) -> None:
        """Give a hint to whoever listens here."""
        self._topics.hand_out(topic, note)

    def subscribe(self, topic: str, wake: Wake) -> Subscription:
        """Listen to a topic."""
        return self._topics.join(topic, wake)
