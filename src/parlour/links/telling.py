"""A link in words: who can open it, how it is just now, its policy as a sentence; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from parlour.kit.clock import DAY, HOUR, MINUTE, Moment
from parlour.links.rules import Kind

Code = Literal["live", "off", "ended", "not_published", "offline"]
Tone = Literal["live", "wait", "off"]

_TONES: Final[dict[Code, Tone]] = {
    "live": "live",
    "off": "off",
    "ended": "off",
    "not_published": "wait",
    "offline": "off",
}


WHO: Final = "Anyone"
"""Who can open a link."""


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


@dataclass(frozen=True, slots=True)
class State:
    """How a link is just now: a code for programs, words for people, and how much it matters."""

    code: Code
    words: str
    tone: Tone


def state(policy: Policy, now: Moment) -> State:
    """Say how a link is: the first thing that keeps visitors out, as `rules.admit` judges."""
    ends = policy.expires_at
    if not policy.enabled:
        return _state("off", "Switched off")
    if ends is not None and ends <= now:
        return _state("ended", "Ended")
    if not policy.published:
        return _state("not_published", "Not published")
    if not policy.live:
        return _state("offline", "Agent offline")
    if ends is None:
        return _state("live", "Live")
    return State("live", f"Ends in {_span(ends - now)}", "wait" if ends - now <= DAY else "live")


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
    told: list[str | Moment] = ["Anyone with the link can chat ", *span, "."]
    if not policy.enabled:
        told = ["Nobody can chat until you switch the link on. Then anyone who has it can, "]
        told += [*span, "."]
    if policy.welcomes:
        told.append(" It greets them in its own words.")
    if not policy.published:
        told.append(" The assistant is not published yet, and until it is they read so.")
    elif not policy.live:
        told.append(" The assistant is offline just now, and as long as it is they read so.")
    return _joined(told)


def plain(parts: Sequence[str | Moment]) -> str:
    """Write a sentence with its moments in UTC."""
    return "".join(part if isinstance(part, str) else _utc(part) for part in parts)


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
