"""The accounts of budgets: what is reserved and spent, each change one guarded statement."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from parlour import events
from parlour.budgets import model
from parlour.budgets.model import Account, Period, Spent
from parlour.kit.clock import DAY, MINUTE, Moment
from parlour.kit.db import Prepared, inserting, metadata
from parlour.rights import Who

KEPT: Final = 3 * DAY
"""Daily accounts are kept for so long; those of budgets stay."""
STALE: Final = 10 * MINUTE
"""A reservation of that age whose turn has ended was forgotten by whoever ended it."""

spending = sa.Table(
    "spending",
    metadata,
    sa.Column("holder", sa.String(80), primary_key=True),
    sa.Column("period", sa.String(12), primary_key=True),
    sa.Column("spent", sa.BigInteger, nullable=False),
    sa.Column("reserved", sa.BigInteger, nullable=False),
    sa.Column("cap", sa.BigInteger, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("told_at", sa.BigInteger),
)
reservations = sa.Table(
    "reservations",
    metadata,
    sa.Column("turn_id", sa.String(40), primary_key=True),
    sa.Column("holder", sa.String(80), primary_key=True),
    sa.Column("period", sa.String(12), nullable=False),
    sa.Column("tokens", sa.BigInteger, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Index("reservations_at", "at"),
)

_S = spending.c
_R = reservations.c
_TAKEN = _S.spent + _S.reserved


@cache
def _reserve(dialect: str) -> Prepared:
    upsert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    fresh = upsert(spending).values(
        holder=sa.bindparam("holder"),
        period=sa.bindparam("period"),
        spent=0,
        reserved=sa.bindparam("tokens"),
        cap=sa.bindparam("cap"),
        at=sa.bindparam("at"),
    )
    return Prepared(
        fresh.on_conflict_do_update(
            index_elements=["holder", "period"],
            set_={
                "reserved": _S.reserved + fresh.excluded.reserved,
                "cap": fresh.excluded.cap,
                "at": fresh.excluded.at,
            },
            where=fresh.excluded.cap > _TAKEN,
        ).returning(_TAKEN.label("taken"))
    )


_LOOK = Prepared(
    sa.select(_S.spent).where(
        _S.holder == sa.bindparam("holder"), _S.period == sa.bindparam("period")
    )
)
_KEEP = inserting(reservations, "turn_id holder period tokens at")
_HELD = Prepared(
    sa.delete(reservations)
    .where(_R.turn_id == sa.bindparam("turn"))
    .returning(_R.holder, _R.period, _R.tokens)
)


_THIS = sa.and_(_S.holder == sa.bindparam("whose"), _S.period == sa.bindparam("within"))
_SETTLE = Prepared(
    sa.update(spending)
    .where(_THIS)
    .values(
        spent=_S.spent + sa.bindparam("cost", type_=sa.BigInteger),
        reserved=sa.case(
            (_S.reserved > sa.bindparam("tokens"), _S.reserved - sa.bindparam("tokens")),
            else_=0,
        ),
    )
    .returning(_S.spent, _S.cap, _S.told_at)
)


@dataclass(frozen=True, slots=True)
class Held:
    """What was reserved for a turn in one account."""

    holder: str
    period: str
    tokens: int


def reserve(
    conn: sa.Connection, turn_id: str, accounts: Sequence[Account], tokens: int, now: Moment
) -> Spent | list[int]:
    """Reserve tokens in all accounts; return what is left in each, or the first with nothing.

    Accounts come in the order of `model.rank`, as they are settled: no two wait for one another.

    Whoever has one token left lets one more turn in, so that a budget is overrun by one reserved
    turn at most, however many ask at once. After Spent nothing is reserved.
    """
    statement, left, kept = _reserve(conn.dialect.name), list[int](), list[dict[str, Any]]()
    for account in accounts:
        place = {"holder": account.holder, "period": account.period.key(now)}
        row = statement.first(conn, **place, tokens=tokens, cap=account.limit, at=now)
        if row is None:
            found = _LOOK.first(conn, **place)
            spent = 0 if found is None else found.spent
            if kept:
                _KEEP.run_each(conn, kept)
                give_back(conn, [turn_id], now)
            return Spent(account, account.period.ends(now), spent < account.limit)
        left.append(max(0, account.limit - row.taken))
        kept.append({**place, "turn_id": turn_id, "tokens": tokens, "at": now})
    _KEEP.run_each(conn, kept)
    return left


def release(conn: sa.Connection, turn_id: str) -> list[Held]:
    """Take away what was reserved for a turn, for `settle`; empty when nothing was, or already."""
    return [Held(*row) for row in _HELD.all(conn, turn=turn_id)]


def give_back(conn: sa.Connection, turn_ids: Iterable[str], now: Moment) -> None:
    """Give back what was reserved for turns that were never begun."""
    settle(conn, [held for turn_id in turn_ids for held in release(conn, turn_id)], 0, now)


def settle(conn: sa.Connection, held: Iterable[Held], cost: int, now: Moment) -> list[str]:
    """Charge what a turn cost to the periods it began in; return who has spent a budget by it.

    Each holder is returned once in a period.
    """
    over = []
    for each in sorted(held, key=lambda each: (model.rank(each.holder), each.holder)):
        place = {"whose": each.holder, "within": each.period}
        row = _SETTLE.first(conn, **place, tokens=each.tokens, cost=max(0, cost))
        if row is None or row.spent < row.cap or row.told_at is not None:
            continue
        conn.execute(sa.update(spending).where(_THIS).values(told_at=now), place)
        if not each.holder.startswith("by:"):
            over.append(each.holder)
    return over


def tell(conn: sa.Connection, holders: Iterable[str], workspace_id: str, now: Moment) -> None:
    """Record that budgets are spent."""
    for holder in holders:
        kind, _, held_by = holder.partition(":")
        about = {f"{kind}_id": held_by}
        who = Who("system", held_by, "budget", workspace_id)
        events.record(conn, events.Kind.BUDGET_SPENT, who, now, data={"of": kind}, **about)


def spent_of(
    conn: sa.Connection, holders: Iterable[tuple[str, Period]], now: Moment
) -> dict[str, int]:
    """Return what these holders have spent in their present periods; none is 0."""
    wanted = {holder: period.key(now) for holder, period in holders}
    found = conn.execute(sa.select(_S.holder, _S.period, _S.spent).where(_S.holder.in_(wanted)))
    now_of = {row.holder: row.spent for row in found if wanted[row.holder] == row.period}
    return {holder: int(now_of.get(holder, 0)) for holder in wanted}


def far(conn: sa.Connection, now: Moment, percent: int) -> list[tuple[str, str, int]]:
    """Return the budgets of which so much of a hundred is spent: holder, period, and how much.

    They are judged by the size that they had when they were last charged.
    """
    present = {each.key(now) for each in Period}
    # By the first letters of the key: accounts of visitors, of which there are many, lie apart.
    whose = [sa.and_(_S.holder > f"{kind}:", _S.holder < f"{kind};") for kind in ("agent", "link")]
    found = sa.select(_S.holder, _S.period, _S.spent).where(
        sa.or_(*whose), _S.period.in_(present), _S.spent * 100 >= _S.cap * percent
    )
    return [(row.holder, row.period, int(row.spent)) for row in conn.execute(found)]


def stale(conn: sa.Connection, now: Moment) -> list[str]:
    """Return the turns of old reservations, some of which may have ended."""
    found = conn.execute(sa.select(_R.turn_id).where(_R.at < now - STALE).distinct().limit(500))
    return list(found.scalars())


def erase(conn: sa.Connection, whom: Iterable[str]) -> None:
    """Delete the daily accounts of these, who are counted by their own ids."""
    conn.execute(sa.delete(spending).where(_S.holder.in_([f"by:{each}" for each in whom])))


def forget(conn: sa.Connection, now: Moment) -> None:
    """Delete daily accounts that are over: nothing is kept of visitors and places."""
    conn.execute(sa.delete(spending).where(_S.holder.like("by:%"), _S.at < now - KEPT))
