"""When a link lets somebody in, and for how long it was made: pure, with reasons."""

import math
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import msgspec

from parlour.kit.clock import DAY, HOUR, SECOND, Moment
from parlour.kit.errors import FieldError, Invalid
from parlour.kit.tokens import FOREVER, LinkToken

LONGEST = 366 * DAY


class Kind(IntEnum):
    """The kinds of link; the number is written in the token and never changes its meaning."""

    PERMANENT = 1
    TEMPORARY = 2

    @property
    def word(self) -> str:
        """The kind as programs and people read it."""
        return self.name.lower()


class Why(StrEnum):
    """Why a link lets nobody in."""

    NOT_FOUND = "not_found"
    DISABLED = "disabled"
    EXPIRED = "expired"
    NOT_PUBLISHED = "not_published"
    OFFLINE = "offline"

    @property
    def is_over(self) -> bool:
        """Whether nobody shut the door: its time came, and what was said before stays to be read.

        A reply that is being written then may be finished; no new one is begun.
        """
        return self is Why.EXPIRED


class Standing(msgspec.Struct, frozen=True):
    """What decides about a link at a moment, as its row and its agent's row say."""

    kind: int
    token_expires: int
    """Seconds since 1970 UTC, as in the token; FOREVER for a permanent link."""
    expires_at: Moment | None
    enabled: bool
    revoked: bool
    agent_published: bool
    agent_live: bool
    agent_deleted: bool


@dataclass(frozen=True, slots=True)
class Admit:
    """Come in."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """No, and why. `since` tells when the link ended, for `expired`."""

    why: Why
    since: Moment | None = None


def admit(token: LinkToken, link: Standing | None, now: Moment) -> Admit | Refuse:
    """Judge a genuine token against its row: both must agree, and the first failure is told."""
    if link is None or link.revoked or link.agent_deleted:
        return Refuse(Why.NOT_FOUND)
    if (token.kind, token.expires) != (link.kind, link.token_expires):
        return Refuse(Why.NOT_FOUND)
    if not link.enabled:
        return Refuse(Why.DISABLED)
    ends = link.expires_at
    if ends is not None and ends <= now:
        return Refuse(Why.EXPIRED, ends)
    if not link.agent_published:
        return Refuse(Why.NOT_PUBLISHED)
    if not link.agent_live:
        return Refuse(Why.OFFLINE)
    return Admit()


def kind_meant(kind: Kind | None, hours: float | None, expires_at: Moment | None) -> Kind:
    """Return the kind of a new link: the one that was said, else the one its end implies."""
    if kind is not None:
        return kind
    return Kind.PERMANENT if hours is None and expires_at is None else Kind.TEMPORARY


def ending(
    kind: Kind, hours: float | None, expires_at: Moment | None, now: Moment
) -> Moment | None:
    """Return when a new link ends; Invalid for times that do not fit its kind.

    A temporary link takes hours, or a moment, within the next 366 days; a permanent one neither.
    Whole seconds, because the token carries seconds.
    """
    if kind is Kind.PERMANENT:
        if hours is not None or expires_at is not None:
            raise _invalid("hours", "a permanent link has no end; make a temporary one")
        return None
    if (hours is None) == (expires_at is None):
        raise _invalid("hours", "a temporary link needs either hours or expires_at")
    if hours is not None and not (math.isfinite(hours) and 0 < hours <= LONGEST / HOUR):
        raise _invalid("hours", "must be more than 0 and at most a year (8784 hours)")
    ends = expires_at if hours is None else now + round(hours * HOUR)
    if ends is None or not now < ends <= now + LONGEST:
        raise _invalid("expires_at", "must lie in the future, at most a year from now")
    return max(ends // SECOND, now // SECOND + 1) * SECOND


def shortened(token_expires: int, expires_at: Moment | None) -> Moment | None:
    """Return a link's new end; Invalid where the token cannot bear it.

    A temporary link can be made to end earlier, never later than its token says; clearing its end
    puts the token's own back. A permanent link has no end: it is disabled or revoked.
    """
    latest = None if token_expires == FOREVER else token_expires * SECOND
    if expires_at is None:
        return latest
    if latest is None:
        raise _invalid("expires_at", "a permanent link has no end; disable or revoke it")
    if expires_at > latest:
        raise _invalid("expires_at", "a link cannot be prolonged; make a new one")
    return expires_at


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(message, errors=[FieldError(field, message)])
