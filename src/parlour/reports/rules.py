"""When a digest is due and for which days, and what makes an alert; pure."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from parlour.insights.spans import Span
from parlour.kit.clock import DAY, HOUR, Moment, moment_of
from parlour.staff.mails import Digest, Wishes

STEPS: Final = (80, 100)
"""Of a hundred of a budget: when so much is spent somebody hears of it."""
IN_A_ROW: Final = 3
"""An agent fails when so many replies in a row did."""
LATELY: Final = HOUR
"""Replies that are older tell nothing of how an agent is."""
QUIET: Final = 6 * HOUR
"""Of the same agent, and of jobs that were given up, nobody hears more often."""
SOON: Final = DAY
"""A link is about to end when it has so long left."""
LONG: Final = 3 * DAY
"""Nobody is told of the end of a link that was made for less."""


def last_due(wishes: Wishes, zone: str, now: Moment) -> Moment | None:
    """Return when the last digest was due, up to now; None where there are none."""
    if wishes.digest is Digest.OFF:
        return None
    place = ZoneInfo(zone)
    day = datetime.fromtimestamp(now / 1000, place).date()
    # Today it may not be time yet; the last one was then a day before, or a week.
    for back in range(8):
        each = day - timedelta(days=back)
        if wishes.digest is Digest.WEEKLY and each.weekday() != wishes.weekday:
            continue
        due = moment_of(datetime(each.year, each.month, each.day, wishes.hour, tzinfo=place))
        if due <= now:
            return due
    raise AssertionError("unreachable")


def told_of(digest: Digest, due: Moment, zone: str) -> Span:
    """Return the days that a digest tells of: the one before it is due, or the seven before."""
    day = datetime.fromtimestamp(due / 1000, ZoneInfo(zone)).date()
    days = 7 if digest is Digest.WEEKLY else 1
    return Span(day - timedelta(days=days), day - timedelta(days=1), zone)


def step(spent: int, budget: int) -> int | None:
    """Return the highest of `STEPS` that has been reached; None below the first."""
    reached = [each for each in STEPS if spent * 100 >= budget * each]
    return max(reached, default=None)
