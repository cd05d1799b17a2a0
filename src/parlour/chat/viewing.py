"""What every open stream needs: being woken, signs of life, a bounded life, a way to end it."""

import asyncio
import random
from collections.abc import Iterable

from parlour.tools import Tools

HEARTBEAT = 15.0
"""Seconds between two signs of life, and between two readings that nobody asked for."""

LIFE = 900.0
"""Seconds after which a stream ends by itself; the viewer comes back and nothing is lost."""

HELLO = b"retry: 1000\n\n"
BYE = b"retry: 1000\n: come back\n\n"
BEAT = b": still here\n\n"


class Viewer:
    """One open stream. It sleeps until a topic, a timer or somebody of this process wakes it."""

    __slots__ = (
        "_beat",
        "_beat_due",
        "_changes",
        "_deadline",
        "_hinted",
        "_leaving",
        "_over",
        "_tools",
        "_waiter",
        "_wakes",
    )

    def __init__(self, tools: Tools, topics: Iterable[str]) -> None:
        """Subscribe to these topics, before anything is read."""
        self._tools = tools
        self._wakes = False
        self._waiter: asyncio.Future[None] | None = None
        self._hinted = False
        self._leaving = False
        self._over = False
        loop = asyncio.get_running_loop()
        self._deadline = loop.time() + LIFE * random.uniform(0.9, 1.1)  # noqa: S311 - no secret
        self._beat_due = False
        self._beat = loop.call_later(HEARTBEAT, self._pulse)
        self._changes = [tools.bus.subscribe(topic, self._hint) for topic in topics]

    def _wake(self) -> None:
        self._wakes = True
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _pulse(self) -> None:
        # The timer says that it is time: a loop's clock and its timers may disagree by a hair.
        self._beat_due = True
        self._leaving = self._leaving or asyncio.get_running_loop().time() > self._deadline
        self._wake()

    def _hint(self) -> None:
        self._hinted = True
        self._wake()

    def _next_beat(self) -> bool:
        """Say whether a sign of life is due, and have the next one come in its time."""
        beat, self._beat_due = self._beat_due, False
        if beat:
            self._beat = asyncio.get_running_loop().call_later(HEARTBEAT, self._pulse)
        return beat

    async def _woken(self) -> bool:
        """Wait until there is something to do; False when it is to leave."""
        if not self._wakes:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        self._wakes = False
        return not self._leaving

    def _sleeps(self) -> bool:
        """Whether nothing has woken it yet since it began to wait."""
        return not self._wakes and self._waiter is not None and not self._waiter.done()

    def leave(self) -> None:
        """Have the stream end at its next turn."""
        self._leaving = True
        self._wake()

    def close(self) -> None:
        """Let go of everything this viewer held."""
        self._beat.cancel()
        for changes in self._changes:
            changes.close()

    async def begin(self) -> bytes:
        """Return what there is now."""
        raise NotImplementedError

    async def more(self) -> bytes | None:
        """Wait, and return what came; None when the viewer has left or is through."""
        raise NotImplementedError
