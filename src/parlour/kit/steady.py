"""The clock of a process: never back, not at once far ahead; and the latest moment of them all."""

import threading
import time
from collections.abc import Callable
from typing import Final

import sqlalchemy as sa
import structlog

from parlour.kit.clock import DAY, MINUTE, Moment
from parlour.kit.db import insert_or_ignore, metadata

log = structlog.get_logger("parlour.clock")

LEAP: Final = 5 * MINUTE
"""A machine's clock that is suddenly so far ahead is not believed at once."""
GRACE: Final = 10 * MINUTE
"""For how long; somebody may set it right again."""
TRUSTED: Final = DAY
"""A process that begins goes on from the latest moment of those before it, up to so far ahead of
its machine's clock: what was further ahead came from a clock that was wrong."""

_MS: Final = 1_000_000
_NUMBER: Final = 1
_BOOTTIME: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

marks = sa.Table(
    "instance_clock",
    metadata,
    sa.Column("number", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("latest", sa.BigInteger, nullable=False),
)
"""One row: the latest moment that any process has kept."""


def _ticks() -> int:
    """Count nanoseconds evenly, through sleep, where the system can."""
    return time.clock_gettime_ns(_BOOTTIME)


class SteadyClock:
    """The machine's own clock, but what has ended stays ended whatever is done to that one.

    Set back, it goes on from where it is, a tenth slower, until the machine's has caught up. Set
    far ahead, it goes on evenly for `GRACE`, and follows only then.
    """

    def __init__(
        self, wall: Callable[[], int] = time.time_ns, ticks: Callable[[], int] = _ticks
    ) -> None:
        """Begin at what `wall` says; both count nanoseconds, `ticks` from wherever, and evenly."""
        self._wall = wall
        self._count = ticks
        self._lock = threading.Lock()
        self._at = wall()
        self._ticked = ticks()
        self._leapt_at: int | None = None
        self._is_behind = False

    def now(self) -> Moment:
        """Return the present moment, never an earlier one than before."""
        with self._lock:
            ticks, wall = self._count(), self._wall()
            passed = max(0, ticks - self._ticked)
            self._ticked = ticks
            if wall > self._at + passed + LEAP * _MS:
                wall = self._believed(wall, self._at + passed, ticks)
            else:
                self._leapt_at = None
            self._notice(wall)
            self._at = max(wall, self._at + passed * 9 // 10)
            return self._at // _MS

    def lift(self, mark: Moment, most: Moment) -> bool:
        """Go on from a moment that another process has seen, unless that is too far ahead."""
        now = self.now()
        if mark > now + most:
            log.warning("clock.mark_ignored", ahead_seconds=(mark - now) // 1_000)
            return False
        with self._lock:
            self._at = max(self._at, mark * _MS)
        return True

    def _believed(self, wall: int, even: int, ticks: int) -> int:
        """Return the moment to go by while the machine's clock is far ahead."""
        if self._leapt_at is None:
            self._leapt_at = ticks
            log.warning("clock.leapt", ahead_seconds=(wall - even) // (1_000 * _MS))
        if ticks - self._leapt_at < GRACE * _MS:
            return even
        self._leapt_at = None
        log.warning("clock.followed", ahead_seconds=(wall - even) // (1_000 * _MS))
        return wall

    def _notice(self, wall: int) -> None:
        behind = self._at - wall
        if behind > LEAP * _MS and not self._is_behind:
            self._is_behind = True
            log.warning("clock.set_back", behind_seconds=behind // (1_000 * _MS))
        elif behind <= 0 and self._is_behind:
            self._is_behind = False
            log.info("clock.caught_up")


def latest(conn: sa.Connection) -> Moment | None:
    """Return the latest moment that any process has kept; None before the first."""
    found = conn.execute(sa.select(marks.c.latest)).scalar()
    return None if found is None else int(found)


def lag(conn: sa.Connection, now: Moment) -> Moment:
    """Return by how much a machine's clock is behind the latest moment, 0 where it hardly is."""
    behind = (latest(conn) or 0) - now
    return behind if behind > LEAP else 0


def keep(conn: sa.Connection, now: Moment) -> Moment:
    """Keep a moment if it is the latest; return the latest."""
    if conn.execute(insert_or_ignore(conn, marks), {"number": _NUMBER, "latest": now}).rowcount:
        return now
    conn.execute(sa.update(marks).where(marks.c.latest < now).values(latest=now))
    return latest(conn) or now
