"""Moving windows in the memory of one process: every event is kept until it leaves its window.

Own code, because the known libraries count one key at a time: an event that the second limit
refuses has then been counted by the first. Here one look decides about all of them.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Final

from parlour.kit.limits.base import Limit, Pace

MOST_KEYS: Final = 100_000
"""Keys that are remembered; beyond, the one that was quiet for longest is forgotten."""

_SWEPT: Final = 2
"""How many of the longest quiet keys are looked at for each event: more than can be added."""


def monotonic() -> int:
    """Return milliseconds that never jump."""
    return time.monotonic_ns() // 1_000_000


class _Window:
    """The events of one key, oldest first."""

    __slots__ = ("ends", "events")

    def __init__(self) -> None:
        self.events: deque[int] = deque()
        self.ends = 0
        """When the last of them leaves."""

    def prune(self, before: int) -> int:
        """Forget what is older; return how many are left."""
        events = self.events
        while events and events[0] <= before:
            events.popleft()
        return len(events)


class Windows:
    """The windows of all keys. What an event costs does not depend on how many there are."""

    def __init__(self, now: Callable[[], int] = monotonic) -> None:
        """Remember nobody yet; `now` tells milliseconds."""
        self._now = now
        self._of: OrderedDict[str, _Window] = OrderedDict()

    def __len__(self) -> int:
        return len(self._of)

    def hit(self, limits: Sequence[Limit], calm: int = 0, share: int = 1) -> Pace:
        """Count an event against all limits, or none; `share`: only so much of each is ours."""
        now = self._now()
        self._sweep(now, _SWEPT * len(limits))
        nearest: Pace | None = None
        is_calm = False
        for number, limit in enumerate(limits):
            window = self._of.get(limit.key)
            count = 0 if window is None else window.prune(now - limit.window)
            if number == 0:
                is_calm = count < calm
            most = max(1, (limit.most if is_calm else limit.most - limit.kept) // share)
            pace = _pace(limit, window, count, most, now)
            if nearest is None or _order(pace) < _order(nearest):
                nearest = pace
        if nearest is None:
            raise ValueError("an event is counted against one limit at least")
        if nearest.passed:
            self.note(limits, now)
        return nearest

    def note(self, limits: Sequence[Limit], now: int | None = None) -> None:
        """Count an event that was let through, elsewhere perhaps."""
        now = self._now() if now is None else now
        for limit in limits:
            window = self._of.get(limit.key)
            if window is None:
                window = self._of[limit.key] = _Window()
                if len(self._of) > MOST_KEYS:
                    self._of.popitem(last=False)
            else:
                self._of.move_to_end(limit.key)
                window.prune(now - limit.window)
            window.events.append(now)
            window.ends = now + limit.window

    def take_back(self, limits: Sequence[Limit]) -> None:
        """Uncount the newest event of each."""
        for limit in limits:
            window = self._of.get(limit.key)
            if window is not None and window.events:
                window.events.pop()

    def _sweep(self, now: int, most: int) -> None:
        for _ in range(most):
            key, window = next(iter(self._of.items()), ("", None))
            if window is None or window.ends > now:
                return
            del self._of[key]


def _pace(limit: Limit, window: _Window | None, count: int, most: int, now: int) -> Pace:
    """Say how one limit stands: what is left when this event has been counted, else the wait."""
    passed = count < most
    until = now + limit.window
    if window is not None and window.events:
        until = window.events[0 if passed else count - most] + limit.window
    return Pace(passed, limit, max(0, most - count - 1), until - now)


def _order(pace: Pace) -> tuple[bool, int]:
    """Order by what matters: refusals first, the longest wait of them, then what is nearest."""
    return pace.passed, pace.left if pace.passed else -pace.wait


class MemoryLimits:
    """The limits of a process that is alone."""

    def __init__(self, now: Callable[[], int] = monotonic) -> None:
        """Count by a clock that tells milliseconds."""
        self._windows = Windows(now)

    async def start(self) -> None:
        """Do nothing: there is nothing to connect to."""

    async def close(self) -> None:
        """Do nothing."""

    async def hit(self, limits: Sequence[Limit], calm: int = 0) -> Pace:
        """Count an event against all of these, or against none."""
        return self._windows.hit(limits, calm)

    async def take_back(self, limits: Sequence[Limit], pace: Pace) -> None:  # noqa: ARG002
        """Uncount the newest event of each."""
        self._windows.take_back(limits)
