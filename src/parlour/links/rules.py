"""When a link lets somebody in, and for how long it was made: pure, with reasons."""

import math
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import msgspec

from parlour.kit.clock import DAY, HOUR, SECOND, Moment
from parlour.kit.errors import FieldError, Invalid
from parlour.kit.hours import ALWAYS, Schedule, shut
from parlour.kit.tokens import FOREVER, LinkToken

LONGEST = 366 * DAY


class Kind(IntEnum):
    """The kinds of link; the number is written in the token and never changes its meaning."""

    PERMANENT = 1
    TEMPORARY = 2
    PRIVATE = 3

    @property
    def word(self) -> str:
        """The kind as programs and people read it."""
        return self.name.lower()


class Why(StrEnum):
    """Why a link lets nobody in."""

    NOT_FOUND = "not_found"
    DISABLED = "disabled"
    EXPIRED = "expired"
    REPLACED = "replaced"
    """The link has another address by now, and the time of this one is over."""
    NOT_OPEN = "not_open"
    """Its time has not come yet."""
    CLOSED = "closed"
    """It is outside its hours."""
    NOT_PUBLISHED = "not_published"
    OFFLINE = "offline"
    PRIVATE = "private"
    NOT_HERE = "not_here"
    """The chat stands in a page of a site that is not on its list."""
    WRONG_PERSON = "wrong_person"
    """The conversation was confirmed with somebody else's address."""
    VERIFICATION_REQUIRED = "verification_required"
    USED_UP = "used_up"
    FULL = "full"
    """As many are talking as may at once."""
    TOO_LONG = "too_long"
    TOO_MANY = "too_many"
    """More messages than a minute takes."""
    BUDGET_SPENT = "budget_spent"

    @property
    def is_over(self) -> bool:
        """Whether nobody shut the door: its end came, and what was said before stays to be read.

        A reply that is being written then may be finished; no new one is begun.
        """
        return self in _OVER


_OVER = frozenset({Why.EXPIRED, Why.REPLACED, Why.NOT_OPEN, Why.CLOSED, Why.USED_UP})


class Standing(msgspec.Struct, frozen=True):
    """What decides about a link at a moment, as its row and its agent's row say."""

    kind: int
    token_expires: int
    """Seconds since 1970 UTC, as in the token of the address that was come by; FOREVER for one
    that has no end."""
    expires_at: Moment | None
    enabled: bool
    revoked: bool
    agent_published: bool
    agent_live: bool
    agent_deleted: bool
    agent_private: bool
    """Only private links lead to the agent."""
    is_used_up: bool = False
    """It has no use left, and whoever asks is not in the middle of one."""
    schedule: Schedule = ALWAYS
    """Its hours, or its agent's."""
    replaced_at: Moment | None = None
    """When the address that was come by stops leading here; None for the link's present one."""


@dataclass(frozen=True, slots=True)
class Admit:
    """Come in."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """No, and why."""

    why: Why
    since: Moment | None = None
    """When the link ended, for `expired`, or its address did, for `replaced`."""
    until: Moment | None = None
    """When there is a way in again, where that is known."""
    zone: str = ""
    """The time zone of the owner's hours, for `not_open` and `closed`."""
    most: int | None = None
    """The number that was reached: characters, conversations at once, messages a minute."""
    wait: int | None = None
    """Seconds after which trying again makes sense."""


def admit(token: LinkToken, link: Standing, now: Moment) -> Admit | Refuse:
    """Judge a genuine token against its row: both must agree, and the first failure is told."""
    return _link_shut(token, link, now) or _agent_shut(link) or Admit()


def _link_shut(token: LinkToken, link: Standing, now: Moment) -> Refuse | None:
    ends = link.expires_at
    if (
        link.revoked
        or link.agent_deleted
        or token.kind != link.kind
        or token.expires != link.token_expires
    ):
        return Refuse(Why.NOT_FOUND)
    if not link.enabled:
        return Refuse(Why.DISABLED)
    if ends is not None and ends <= now:
        return Refuse(Why.EXPIRED, since=ends)
    if link.replaced_at is not None and link.replaced_at <= now:
        return Refuse(Why.REPLACED, since=link.replaced_at)
    if link.schedule is not ALWAYS and (closed := shut(link.schedule, now)) is not None:
        why = Why.CLOSED if closed.begun else Why.NOT_OPEN
        until = closed.until
        wait = None if until is None else max(1, -((now - until) // SECOND))
        return Refuse(why, until=until, zone=link.schedule.zone, wait=wait)
    return None


def _agent_shut(link: Standing) -> Refuse | None:
    why = None
    if not link.agent_published:
        why = Why.NOT_PUBLISHED
    elif not link.agent_live:
        why = Why.OFFLINE
    elif link.agent_private and link.kind != Kind.PRIVATE:
        why = Why.PRIVATE
    elif link.is_used_up:
        why = Why.USED_UP
    return None if why is None else Refuse(why)


def kind_meant(kind: Kind | None, hours: float | None, expires_at: Moment | None) -> Kind:
    """Return the kind of a new link: the one that was said, else the one its end implies."""
    if kind is not None:
        return kind
    return Kind.PERMANENT if hours is None and expires_at is None else Kind.TEMPORARY


def ending(
    kind: Kind, hours: float | None, expires_at: Moment | None, now: Moment
) -> Moment | None:
    """Return when a new link ends; Invalid for times that do not fit its kind.

    A temporary link takes hours, or a moment, within the next 366 days; a permanent one neither; a
    private one may. Whole seconds, because the token carries seconds.
    """
    if kind is Kind.PRIVATE and hours is None and expires_at is None:
        return None
    if kind is Kind.PERMANENT:
        if hours is not None or expires_at is not None:
            raise _invalid("hours", "a permanent link has no end; make a temporary one")
        return None
    if (hours is None) == (expires_at is None):
        raise _invalid("hours", "a link that ends needs either hours or expires_at")
    if hours is not None and not (math.isfinite(hours) and 0 < hours <= LONGEST / HOUR):
        raise _invalid("hours", "must be more than 0 and at most a year (8784 hours)")
    ends = expires_at if hours is None else now + round(hours * HOUR)
    if ends is None or not now < ends <= now + LONGEST:
        raise _invalid("expires_at", "must lie in the future, at most a year from now")
    return max(ends // SECOND, now // SECOND + 1) * SECOND


def shortened(
    kind: Kind, token_expires: int, expires_at: Moment | None, now: Moment
) -> Moment | None:
    """Return a link's new end; Invalid where the token cannot bear it.

    A link that was made with an end can be made to end earlier, never later than its token says;
    clearing its end puts the token's own back. A private one that was made without takes any end.
    A permanent link has no end: it is disabled or revoked.
    """
    latest = None if token_expires == FOREVER else token_expires * SECOND
    if expires_at is None:
        return latest
    if latest is None and kind is Kind.PRIVATE:
        if expires_at > now + LONGEST:
            raise _invalid("expires_at", "must lie at most a year from now")
        return expires_at
    if latest is None:
        raise _invalid("expires_at", "a permanent link has no end; disable or revoke it")
    if expires_at > latest:
        raise _invalid(
            "expires_at", "its address carries its end; a later one needs a new address: rotate it"
        )
    return expires_at


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(message, errors=[FieldError(field, message)])
