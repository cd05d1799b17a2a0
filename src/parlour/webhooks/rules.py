"""When an event is delivered again, how long a webhook that fails is left alone; pure."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from parlour.kit.clock import HOUR, SECOND, Moment

TEST: Final = "webhook.test"
"""The kind of what the Test button sends: no event, it has not happened."""
OVERLAP: Final = 24 * HOUR
"""How long what is delivered is signed with the secret before, too."""
_LONGEST_REST: Final = 600.0
_SPREAD: Final = 0.2


class State(StrEnum):
    """How far the delivery of an event is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    """Tried as often as it is, or its webhook was turned off for good."""
    DROPPED = "dropped"
    """What it tells of has been forgotten, or is kept no longer; or somebody did without it."""


def wait(
    attempts: int, schedule: Sequence[float], dice: float, asked: float | None = None
) -> Moment | None:
    """Return the time until the next try after so many; None when there is none.

    `dice` is between 0 and 1 and spreads the tries of many; `asked` are the seconds for which
    the program wants to be left alone.
    """
    if attempts > len(schedule):
        return None
    seconds = schedule[attempts - 1] * (1 - _SPREAD + 2 * _SPREAD * dice)
    return round(max(seconds, asked or 0.0) * SECOND)


def rest(failures: int, schedule: Sequence[float], asked: float | None = None) -> Moment:
    """Return for how long a webhook is left alone after so many failures in a row.

    It begins with a fifth of the shortest wait, doubles, and is never longer than the longest one.
    """
    own = min(schedule, default=0.0) / 5 * (1 << min(failures - 1, 20))
    bound = min(_LONGEST_REST, max(schedule, default=0.0))
    return round(max(min(own, bound), asked or 0.0) * SECOND)


def is_lasting(failing_since: Moment | None, now: Moment, longest: Moment) -> bool:
    """Whether a webhook has taken nothing for so long that it is turned off."""
    return failing_since is not None and now - failing_since >= longest
