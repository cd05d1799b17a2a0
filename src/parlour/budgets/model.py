"""What a budget is, when its period ends, and what an answer cost; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from parlour.kit.clock import DAY, Moment

MOST: Final = 10**12
"""Tokens that a budget may have at most."""
_BYTES: Final = 4
"""Bytes of a text that are counted as one token."""
_TIMES: Final = 10
_MORE: Final = 10_000
"""A backend is believed up to so many times our own count, and so many tokens above that."""


class Period(StrEnum):
    """For how long a budget is; in UTC, so that no change of the clock fills it twice."""

    DAY = "day"
    MONTH = "month"
    ALL = "all"

    def key(self, now: Moment) -> str:
        """Name the period that a moment lies in."""
        when = datetime.fromtimestamp(now / 1000, UTC)
        return {"day": f"{when:%Y-%m-%d}", "month": f"{when:%Y-%m}", "all": "all"}[self.value]

    def ends(self, now: Moment) -> Moment | None:
        """Return when the period of a moment ends; None for one that never does."""
        if self is Period.ALL:
            return None
        day = now // DAY * DAY
        if self is Period.DAY:
            return day + DAY
        when = datetime.fromtimestamp(day / 1000, UTC)
        year, month = divmod(when.year * 12 + when.month, 12)
        return round(datetime(year, month + 1, 1, tzinfo=UTC).timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Account:
    """What a turn is charged to."""

    holder: str
    """`link:…`, `agent:…`, or `by:` and whom a daily limit counts, which tells nobody who."""
    limit: int
    period: Period

    @property
    def is_budget(self) -> bool:
        """Whether an owner set it aside; else it is one visitor's daily limit."""
        return not self.holder.startswith("by:")


@dataclass(frozen=True, slots=True)
class Spent:
    """An account has nothing left, or nothing that is not reserved by turns under way."""

    account: Account
    until: Moment | None
    """When its next period begins; None for never."""
    is_waiting: bool
    """There is some left as soon as turns under way have ended."""


def daily(whom: str, term: int, own: int | None) -> Account | None:
    """Return the daily account of a visitor: the link's own limit, else the agent's; 0 is none."""
    limit = term if own is None else own
    return Account(f"by:{whom}", limit, Period.DAY) if limit else None


def budget(kind: str, id_: str, tokens: int | None, period: str | None) -> Account | None:
    """Return the account of a link or an agent; None or 0 tokens are no budget."""
    return Account(f"{kind}:{id_}", tokens, Period(period or Period.MONTH)) if tokens else None


def accounts(*found: Account | None) -> list[Account]:
    """Return those that are there, in the order in which they are charged."""
    return sorted(filter(None, found), key=lambda each: rank(each.holder))


def rank(holder: str) -> int:
    """Return the place of an account among those of a turn: the most shared ones come last."""
    return ("by", "link", "agent").index(holder.partition(":")[0])


def estimate(texts: Iterable[str]) -> int:
    """Count tokens by ourselves: one for every four bytes of UTF-8, of each text, rounded up."""
    return sum(-(-len(text.encode("utf-8", "replace")) // _BYTES) for text in texts)


def cost(own: int, reported: int | None) -> int:
    """Return what a turn is charged: what its backend reports, where that can be true."""
    if reported is None or not 0 < reported <= own * _TIMES + _MORE:
        return own
    return reported
