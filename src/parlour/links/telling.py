"""A link in words: who can open it, how it is just now, its policy as a sentence; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from parlour.kit.clock import DAY, HOUR, MINUTE, Moment
from parlour.kit.hours import ALWAYS, Schedule, Shut, shut
from parlour.kit.hours import words as hours_in_words
from parlour.links.rules import Kind

Code = Literal[
    "live", "off", "ended", "closed", "not_published", "offline", "by_invitation", "used_up"
]
Tone = Literal["live", "wait", "off"]

_TONES: Final[dict[Code, Tone]] = {
    "live": "live",
    "off": "off",
    "ended": "off",
    "closed": "wait",
    "not_published": "wait",
    "offline": "off",
    "by_invitation": "wait",
    "used_up": "off",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """What was decided about a link, and what its agent does with it."""

    kind: Kind
    expires_at: Moment | None = None
    enabled: bool = True
    welcomes: bool = False
    """It greets with words of its own."""
    published: bool = True
    live: bool = True
    """Whether its agent is published, and whether it is live."""
    invited: bool = False
    """Whether its agent answers only who comes by a private link."""
    asks_email: int | None = None
    """After how many messages visitors confirm an address, 0 first of all; None: never."""
    listed: bool = False
    """Whether only addresses on a list may come in, where one is asked for."""
    uses: int = 0
    max_uses: int = 0
    """How often it was used, and may be at most; 0 is without a maximum."""
    rate_limit: int | None = None
    """Messages of one visitor in any minute, where the link has a limit of its own."""
    daily_tokens: int | None = None
    """Tokens of one visitor in a day, likewise."""
    budget: int | None = None
    budget_period: str | None = None
    """Tokens of all visitors in a day, a month (also None) or in all."""
    schedule: Schedule = ALWAYS
    """When it is open."""
    seats: int = 0
    """How many may talk at once by it; 0 is any number."""

    @property
    def is_private(self) -> bool:
        """Whether it was made for somebody."""
        return self.kind is Kind.PRIVATE

    @property
    def is_used_up(self) -> bool:
        """Whether no use is left."""
        return 0 < self.max_uses <= self.uses


@dataclass(frozen=True, slots=True)
class State:
    """How a link is just now: a code for programs, words for people, and how much it matters."""

    code: Code
    words: str
    tone: Tone


def who(policy: Policy) -> str:
    """Say in a few words who can open a link and talk there."""
    people = "Who it was given to" if policy.is_private else "Anyone"
    if policy.asks_email is None:
        return people
    if policy.asks_email:
        return f"{people}; e-mail required after {_counted(policy.asks_email, 'message')}"
    return f"{people} with a listed e-mail" if policy.listed else f"{people} with an e-mail"


def counted(uses: int, max_uses: int) -> str:
    """Write how often a link was used, and may be: `3 / 10`, or `3` without a maximum."""
    return f"{uses} / {max_uses}" if max_uses else str(uses)


def state(policy: Policy, now: Moment) -> State:
    """Say how a link is: the first thing that keeps visitors out, as `rules.admit` judges."""
    ends = policy.expires_at
    if (said := _link_shut(policy, now) or _agent_shut(policy)) is not None:
        return said
    if ends is None:
        return _state("live", "Live")
    return State("live", f"Ends in {_span(ends - now)}", "wait" if ends - now <= DAY else "live")


def _link_shut(policy: Policy, now: Moment) -> State | None:
    if not policy.enabled:
        return _state("off", "Switched off")
    if policy.expires_at is not None and policy.expires_at <= now:
        return _state("ended", "Ended")
    if (closed := shut(policy.schedule, now)) is not None:
        return _state("closed", _opening(closed, policy.schedule, now))
    return None


def _agent_shut(policy: Policy) -> State | None:
    if not policy.published:
        return _state("not_published", "Not published")
    if not policy.live:
        return _state("offline", "Agent offline")
    if policy.invited and not policy.is_private:
        return _state("by_invitation", "By invitation now")
    if policy.is_used_up:
        return _state("used_up", "Used up")
    return None


def sentence(policy: Policy, now: Moment) -> tuple[str | Moment, ...]:
    """Restate a policy in a sentence or two; moments stand in it as numbers.

    Whoever shows it writes them in the reader's zone; `plain` writes them in UTC.
    """
    ends = policy.expires_at
    if ends is not None and ends <= now:
        return ("Nobody can chat by this link any more: it ended on ", ends, ".")
    span: tuple[str | Moment, ...] = ("for as long as it is switched on",)
    if ends is not None:
        span = ("until ", ends)
    told: list[str | Moment] = [f"{_people(policy)} can chat ", *span, "."]
    if not policy.enabled:
        told = ["Nobody can chat until you switch the link on. Then anyone who has it can, "]
        told += [*span, "."]
    told += _bounds(policy)
    if policy.asks_email is not None:
        told.append(f" {_proof(policy.asks_email, listed=policy.listed)}")
    told += _hours(policy)
    told += _pace(policy)
    if policy.welcomes:
        told.append(" It greets them in its own words.")
    if not policy.published:
        told.append(" The assistant is not published yet, and until it is they read so.")
    elif not policy.live:
        told.append(" The assistant is offline just now, and as long as it is they read so.")
    return _joined(told)


def _proof(after: int, *, listed: bool) -> str:
    address = "an address that is on the list" if listed else "an address"
    if not after:
        return f"E-mail required: they confirm {address} first."
    often = "one message" if after == 1 else f"{after} messages"
    return f"After {often} they confirm {address}."


def _people(policy: Policy) -> str:
    if policy.is_private:
        return "Whoever you give this link to, and whoever they pass it on to,"
    return "Anyone with the link"


def _bounds(policy: Policy) -> list[str]:
    """Say how often a link may be used, and whether its agent leaves it unanswered."""
    if policy.is_private:
        if not policy.max_uses:
            return []
        often = "once" if policy.max_uses == 1 else f"{policy.max_uses} times"
        left = max(0, policy.max_uses - policy.uses)
        so_far = "" if not policy.uses else f", {left or 'none'} of them left"
        return [f" It can be used {often} in all{so_far}."]
    if policy.invited:
        return [" The assistant answers only by private links just now: they read so."]
    return []


def _pace(policy: Policy) -> list[str]:
    """Say how often one visitor may say something, where the link says so itself."""
    each, told = [], []
    if policy.rate_limit:
        each.append(f"{_counted(policy.rate_limit, 'message')} a minute")
    if policy.daily_tokens:
        each.append(f"{_counted(policy.daily_tokens, 'token')} a day")
    if each:
        told.append(f" Each visitor has {' and '.join(each)}.")
    if policy.budget:
        span = {"day": "a day", "all": "in all"}.get(policy.budget_period or "", "a month")
        told.append(f" All together have {_counted(policy.budget, 'token')} {span}.")
    return told


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def plain(parts: Sequence[str | Moment]) -> str:
    """Write a sentence with its moments in UTC."""
    return "".join(part if isinstance(part, str) else _utc(part) for part in parts)


def _opening(closed: Shut, schedule: Schedule, now: Moment) -> str:
    """Say when it opens, in the zone of its hours."""
    if closed.until is None:
        return "Closed"
    zone = ZoneInfo(schedule.zone)
    opens = datetime.fromtimestamp(closed.until / 1000, zone)
    today = datetime.fromtimestamp(now / 1000, zone).date()
    days = (opens.date() - today).days
    if days < 7:
        return f"Opens {opens:%H:%M}" if not days else f"Opens {opens:%a %H:%M}"
    return f"Opens {opens.day} {opens:%b}" + (f" {opens.year}" if opens.year != today.year else "")


def _hours(policy: Policy) -> list[str | Moment]:
    """Say when it is open, where that is bounded, and how many may talk at once."""
    held, told = policy.schedule, list[str | Moment]()
    if held.opens_at is not None:
        told += [" It opens on ", held.opens_at, "."]
    if held.weekly:
        told.append(f" Its hours are {hours_in_words(held)}, {held.zone.replace('_', ' ')} time.")
    if held.holidays:
        days = len(held.holidays)
        told.append(f" It is closed on {'one day' if days == 1 else f'{days} days'} besides.")
    if held.closes_at is not None:
        told += [" It closes for good on ", held.closes_at, "."]
    if policy.seats:
        people = "One person" if policy.seats == 1 else f"{policy.seats:,} people"
        told.append(f" {people} can talk at once.")
    return told


def _state(code: Code, words: str) -> State:
    return State(code, words, _TONES[code])


def _span(left: Moment) -> str:
    """Write how long is left, in one unit, to the nearest of it, and never nothing."""
    if left < HOUR - MINUTE // 2:
        return f"{max(1, _rounded(left, MINUTE))} min"
    if left < 2 * DAY - HOUR // 2:
        return f"{_rounded(left, HOUR)} h"
    return f"{_rounded(left, DAY)} days"


def _rounded(left: Moment, unit: Moment) -> int:
    return (left + unit // 2) // unit


def _joined(parts: Sequence[str | Moment]) -> tuple[str | Moment, ...]:
    joined: list[str | Moment] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return tuple(joined)


def _utc(moment: Moment) -> str:
    when = datetime.fromtimestamp(moment / 1000, UTC)
    return f"{when:%A} {when.day} {when:%B %Y, %H:%M} UTC"
