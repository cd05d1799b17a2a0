"""What time it is, as one number, and how that number is written for people and programs."""

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

Moment = int
"""Milliseconds since 1970-01-01T00:00:00Z."""

SECOND: Moment = 1_000
MINUTE: Moment = 60 * SECOND
HOUR: Moment = 60 * MINUTE
DAY: Moment = 24 * HOUR


class Clock(Protocol):
    """Where rooms ask for the time, so that a test can decide it."""

    def now(self) -> Moment:
        """Return the present moment."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> Moment:
        """Return the present moment."""
        return time.time_ns() // 1_000_000


class SetClock:
    """A clock that stands still until it is moved: for tests and demonstrations."""

    def __init__(self, moment: Moment) -> None:
        """Start the clock at `moment`."""
        self.moment = moment

    def now(self) -> Moment:
        """Return the moment the clock was set to."""
        return self.moment

    def forward(self, by: Moment) -> None:
        """Move the clock on by `by` milliseconds."""
        self.moment += by


def rfc3339(moment: Moment) -> str:
    """Write a moment as RFC 3339 in UTC with milliseconds, `2026-11-20T18:00:00.000Z`."""
    return f"{_whole_seconds(moment // 1000)}.{moment % 1000:03d}Z"


@lru_cache(maxsize=256)
def _whole_seconds(seconds: int) -> str:
    # Every line of the log needs the present second, and a page the seconds of its messages.
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()


def moment_of(when: datetime) -> Moment:
    """Turn an aware datetime into a moment; a naive one is an error."""
    if when.tzinfo is None:
        raise ValueError("a time needs a time zone")
    return round(when.timestamp() * 1000)
