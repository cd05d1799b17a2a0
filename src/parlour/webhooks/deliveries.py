"""The rows of deliveries: which event a webhook is still to be told of, and what came of others.

Those of one conversation make a lane: one of them has a time at which it is due, the others come
after it, in their order. Nothing of what was said is kept here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa

from parlour.kit.clock import Moment
from parlour.kit.db import metadata
from parlour.kit.errors import NotFound
from parlour.kit.tokens import new_id
from parlour.webhooks.rules import State

_WAITS = sa.text("state = 'waiting'")
"""Written out, because an index of some rows serves only a query that says the same of them."""

deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    sa.Column("n", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("id", sa.String(40), nullable=False, unique=True),
    sa.Column("webhook_id", sa.ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    sa.Column("event_id", sa.BigInteger),
    sa.Column("kind", sa.String(60), nullable=False),
    sa.Column("lane", sa.String(40), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("due", sa.BigInteger),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("trouble", sa.String(200)),
    sa.Column("took_ms", sa.Integer),
    sa.Column("made_at", sa.BigInteger, nullable=False),
    sa.Column("tried_at", sa.BigInteger),
    sa.Column("done_at", sa.BigInteger),
    sa.Index("webhook_deliveries_log", "webhook_id", "n"),
    sa.Index("webhook_deliveries_made", "made_at"),
    sa.Index(
        "webhook_deliveries_due",
        *("webhook_id", "due"),
        sqlite_where=_WAITS,
        postgresql_where=_WAITS,
    ),
    sa.Index(
        "webhook_deliveries_lane",
        *("webhook_id", "lane", "n"),
        sqlite_where=_WAITS,
        postgresql_where=_WAITS,
    ),
)

_C: Final = deliveries.c
_FORM: Final = re.compile(r"dlv_[0-9A-Za-z]{22}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event, as one webhook is told of it."""

    n: int
    """Grows from one to the next."""
    id: str
    """What goes out as `webhook-id`: the same at every try."""
    webhook_id: str
    event_id: int | None
    kind: str
    lane: str
    state: State
    due: Moment | None
    attempts: int
    status: int | None
    """What the program answered the last time."""
    trouble: str | None
    took_ms: int | None
    made_at: Moment
    tried_at: Moment | None
    done_at: Moment | None


_DELIVERY: Final = [_C[name] for name in Delivery.__slots__]


def add(
    conn: sa.Connection, hook_id: str, told: Iterable[tuple[int, str, str]], at: Moment
) -> None:
    """Have a webhook told of events, given as id, kind and lane, in this order."""
    for event_id, kind, lane in told:
        is_first = not _has_head(conn, hook_id, lane)
        values = _values(hook_id, kind, at)
        values |= {"event_id": event_id, "lane": lane, "due": at if is_first else None}
        conn.execute(sa.insert(deliveries).values(**values))


def add_done(conn: sa.Connection, hook_id: str, kind: str, at: Moment, **how: Any) -> Delivery:
    """Note what came of something that was sent at once, such as a test."""
    values = _values(hook_id, kind, at) | {"lane": "", "attempts": 1, "tried_at": at, **how}
    row = conn.execute(sa.insert(deliveries).values(**values).returning(*_DELIVERY)).one()
    return _delivery(row)


def due(conn: sa.Connection, hook_id: str, now: Moment, most: int) -> list[Delivery]:
    """Return what a webhook is to be told of now, of each lane one, the oldest first."""
    found = sa.select(*_DELIVERY).where(_WAITS, _C.webhook_id == hook_id, _C.due <= now)
    return [_delivery(row) for row in conn.execute(found.order_by(_C.due, _C.n).limit(most))]


def next_due(conn: sa.Connection, hook_id: str) -> Moment | None:
    """Return when a webhook is to be told of something next; None when nothing waits."""
    found = sa.select(sa.func.min(_C.due)).where(_WAITS, _C.webhook_id == hook_id)
    at = conn.execute(found).scalar()
    return None if at is None else int(at)


def waiting_hooks(conn: sa.Connection) -> list[str]:
    """Return the webhooks, of every workspace, that something waits for."""
    return list(conn.execute(sa.select(_C.webhook_id).where(_WAITS).distinct()).scalars())


def postpone(conn: sa.Connection, one: Delivery, due: Moment, **how: Any) -> None:
    """Have it tried again at `due`."""
    conn.execute(sa.update(deliveries).where(_mine(one)).values(due=due, **how))


def end(conn: sa.Connection, one: Delivery, state: State, at: Moment, **how: Any) -> bool:
    """End a delivery, and let the next one in its lane have its turn; False when it had ended."""
    ended = sa.update(deliveries).where(_mine(one))
    values = {"state": state.value, "due": None, "done_at": at, **how}
    if not conn.execute(ended.values(**values)).rowcount:
        return False
    if not _has_head(conn, one.webhook_id, one.lane, due=True):
        oldest = sa.select(sa.func.min(_C.n)).where(_WAITS, _of(one.webhook_id, one.lane))
        follows = _C.n == oldest.scalar_subquery()
        conn.execute(sa.update(deliveries).where(follows).values(due=at))
    return True


def again(conn: sa.Connection, hook_id: str, at: Moment, delivery_id: str | None = None) -> int:
    """Have what has ended told again: one, or all that failed. Returns how many."""
    which = _C.state == State.FAILED.value
    if delivery_id is not None:
        which = (_C.id == delivery_id) & (_C.state != State.WAITING.value)
    ours = (_C.webhook_id == hook_id) & which & _C.event_id.is_not(None)
    values = {"state": State.WAITING.value, "due": at, "attempts": 0, "done_at": None}
    return conn.execute(sa.update(deliveries).where(ours).values(**values)).rowcount


def drop(conn: sa.Connection, hook_id: str, at: Moment, trouble: str) -> int:
    """End all that waits for a webhook without telling it. Returns how many that were."""
    waiting = sa.update(deliveries).where(_WAITS, _C.webhook_id == hook_id)
    values = {"state": State.DROPPED.value, "due": None, "done_at": at, "trouble": trouble}
    return conn.execute(waiting.values(**values)).rowcount


def find(conn: sa.Connection, hook_id: str, delivery_id: str) -> Delivery:
    """Find a delivery of a webhook; NotFound."""
    wanted = sa.select(*_DELIVERY).where(_C.id == delivery_id, _C.webhook_id == hook_id)
    row = conn.execute(wanted).first() if _FORM.match(delivery_id) else None
    if row is None:
        raise NotFound("there is no such delivery")
    return _delivery(row)


def page(
    conn: sa.Connection,
    hook_id: str,
    *,
    limit: int,
    before: int | None = None,
    state: State | None = None,
) -> list[Delivery]:
    """List deliveries, newest first: at most `limit`, below that number."""
    wanted = sa.select(*_DELIVERY).where(_C.webhook_id == hook_id)
    if before is not None:
        wanted = wanted.where(_C.n < before)
    if state is not None:
        wanted = wanted.where(_C.state == state.value)
    return [_delivery(row) for row in conn.execute(wanted.order_by(_C.n.desc()).limit(limit))]


def counts(conn: sa.Connection, hook_id: str) -> dict[State, int]:
    """Count the deliveries of a webhook by how far they are."""
    found = sa.select(_C.state, sa.func.count()).where(_C.webhook_id == hook_id)
    return {State(row[0]): row[1] for row in conn.execute(found.group_by(_C.state))}


def overdue(conn: sa.Connection, before: Moment, most: int) -> list[Delivery]:
    """Return what has waited since before a moment, the oldest first: at most `most`."""
    found = sa.select(*_DELIVERY).where(_WAITS, _C.made_at < before)
    return [_delivery(row) for row in conn.execute(found.order_by(_C.made_at).limit(most))]


def forget(conn: sa.Connection, before: Moment, most: int) -> int:
    """Delete the oldest that have ended, of before that moment, at most so many; how many."""
    ended = _C.state != State.WAITING.value
    oldest = sa.select(_C.n).where(ended, _C.made_at < before).order_by(_C.made_at).limit(most)
    return conn.execute(sa.delete(deliveries).where(_C.n.in_(oldest))).rowcount


def _values(hook_id: str, kind: str, at: Moment) -> dict[str, Any]:
    return {
        "id": new_id("dlv"),
        "webhook_id": hook_id,
        "kind": kind,
        "state": State.WAITING.value,
        "attempts": 0,
        "made_at": at,
    }


def _of(hook_id: str, lane: str) -> sa.ColumnElement[bool]:
    return (_C.webhook_id == hook_id) & (_C.lane == lane)


def _mine(one: Delivery) -> sa.ColumnElement[bool]:
    return (_C.n == one.n) & (_C.state == State.WAITING.value)


def _has_head(conn: sa.Connection, hook_id: str, lane: str, *, due: bool = False) -> bool:
    """Whether something waits in a lane; with `due`, whether one there has a time."""
    found = sa.select(sa.literal(1)).where(_WAITS, _of(hook_id, lane))
    if due:
        found = found.where(_C.due.is_not(None))
    return conn.execute(found.limit(1)).first() is not None


def _delivery(row: Any) -> Delivery:
    return replace(Delivery(*row), state=State(row.state))
