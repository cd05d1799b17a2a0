"""What a share lets do, for how long, and what its guests may be called; pure."""

import math
import re
from enum import StrEnum
from typing import Final

from parlour.kit.clock import DAY, HOUR, SECOND, Moment
from parlour.kit.errors import FieldError, Invalid
from parlour.kit.texts import trouble
from parlour.kit.tokens import ShareToken

LONGEST: Final = 366 * DAY
LONGEST_NAME: Final = 60
"""Characters of a guest's name: it stands in a line beside a time."""
NOBODY: Final = "Guest"
"""What a guest is called who has given no name."""


class Mode(StrEnum):
    """What whoever opens a share may do."""

    VIEW = "view"
    """Read."""
    TAKEOVER = "takeover"
    """Answer in the agent's place; when the time is over, the visitor waits for another person."""
    AUTO = "auto"
    """Answer in the agent's place; when the time is over, the agent goes on."""

    @property
    def answers(self) -> bool:
        """Whether guests may answer."""
        return self is not Mode.VIEW

    @property
    def number(self) -> int:
        """How a token carries it; a number never changes its meaning."""
        return {Mode.VIEW: 1, Mode.TAKEOVER: 2, Mode.AUTO: 3}[self]


def mode_of(text: str) -> Mode:
    """Read a mode; Invalid for a word that is none."""
    try:
        return Mode(text)
    except ValueError:
        said = f"must be one of {', '.join(Mode)}"
        raise Invalid(f"mode {said}", errors=[FieldError("mode", said)]) from None


def ending(hours: float, now: Moment) -> Moment:
    """Return when a share made now ends, to the second; Invalid unless it is within a year."""
    if not (math.isfinite(hours) and 0 < hours <= LONGEST / HOUR):
        said = "must be more than 0 and at most a year (8784 hours)"
        raise Invalid(f"hours {said}", errors=[FieldError("hours", said)])
    # The token carries whole seconds, and both must agree.
    return -(-(now + round(hours * HOUR)) // SECOND) * SECOND


def name_of(text: str, otherwise: str = NOBODY) -> str:
    """Return what a guest is called; Invalid for what cannot be a name."""
    # Line ends are refused, not smoothed away: whoever sends them meant something else.
    name = re.sub(" +", " ", text.strip())
    if not name:
        return otherwise
    if (said := trouble(name, LONGEST_NAME)) is not None:
        raise Invalid(f"a name must be {said}", errors=[FieldError("name", said)])
    return name


def agrees(token: ShareToken, mode: Mode, expires_at: Moment) -> bool:
    """Whether a token says what the share's row says: its end may have come nearer, not gone on."""
    return token.mode == mode.number and expires_at // SECOND <= token.expires
