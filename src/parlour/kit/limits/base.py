"""What a limit is, and how it went with one event: let through, or how long to wait."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

WINDOW = 60_000
"""Milliseconds of a window where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many events one key may see in any window of time."""

    key: str
    """Whom it counts; never anything that tells who that is."""
    most: int
    kept: int = 0
    """How many of them are kept for the calm: those whose first limit has seen few events."""
    window: int = WINDOW
    """Milliseconds."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How it went with an event, told of the limit that is nearest to its end."""

    passed: bool
    limit: Limit
    left: int
    """How many more it would let through now."""
    wait: int
    """Milliseconds until it lets through one more than now."""
    mark: str = ""
    """By which the event can be taken back."""

    @property
    def seconds(self) -> int:
        """Whole seconds to wait, never too few."""
        return max(1, math.ceil(self.wait / 1000))


class Limits(Protocol):
    """Counts events against several limits at once: all of them let it through, or none counts."""

    async def start(self) -> None:
        """Begin to connect, where there is something to connect to."""

    async def close(self) -> None:
        """Let go of connections."""

    async def hit(self, limits: Sequence[Limit], calm: int = 0) -> Pace:
        """Count an event against all of these, at least one, or against none when one is reached.

        `calm`: with fewer events than this in the first limit, what others keep may be used.
        """
        ...

    async def take_back(self, limits: Sequence[Limit], pace: Pace) -> None:
        """Uncount an event that turned out to be none."""
        ...
