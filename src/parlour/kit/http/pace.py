"""How often bodies are read: at once while there are few of them, together while there are many."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

MANY: Final = 64
"""From so many bodies at once on, each rests after a piece."""
REST: Final = 0.045
"""Seconds for which it does, at most."""
_TICK: Final = 0.005
"""Seconds between two moments at which bodies are woken: many at once, which is cheaper."""


class Pace:
    """Lets each of many bodies rest after a piece, so that what comes meanwhile is read as one.

    A piece costs the same whatever is in it. Readers of one reply among hundreds see its words
    some twenty times a second.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.running = 0
        """How many bodies are being read."""
        self._resting: deque[tuple[float, Callable[[], None]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def rest(self, wake: Callable[[], None]) -> bool:
        """Have `wake` called after a rest; False: there are so few that nobody rests."""
        if self.running < MANY:
            return False
        loop = asyncio.get_running_loop()
        due = (loop.time() + REST) // _TICK * _TICK
        self._resting.append((due, wake))
        if self._timer is None:
            self._timer = loop.call_at(due, self._ring)
        return True

    def close(self) -> None:
        """Wake nobody any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._resting.clear()

    def _ring(self) -> None:
        loop = asyncio.get_running_loop()
        # A timer may ring a hair before its time.
        now = loop.time() + _TICK / 2
        while self._resting and self._resting[0][0] <= now:
            self._resting.popleft()[1]()
        self._timer = loop.call_at(self._resting[0][0], self._ring) if self._resting else None
