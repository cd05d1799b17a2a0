"""Events for others: those still to be told outside, by their mark; and those of some kinds."""

from collections.abc import Collection

import sqlalchemy as sa

from parlour.events.kinds import Kind
from parlour.events.recording import OF_EVENT, UNTOLD, Event, events
from parlour.kit.clock import Moment

_C = events.c
_NEXT = sa.select(_C.id).where(UNTOLD).limit(1)


def any_untold(conn: sa.Connection) -> bool:
    """Whether there is an event that somebody is still to be told of."""
    return conn.execute(_NEXT).first() is not None


def untold(conn: sa.Connection, most: int) -> list[Event]:
    """Return the oldest of them, in their order.

    A mark, not a place in a sequence: one that was committed late is found all the same.
    """
    found = sa.select(*OF_EVENT).where(UNTOLD).order_by(_C.id).limit(most)
    return [Event(*row) for row in conn.execute(found)]


def told(conn: sa.Connection, ids: Collection[int]) -> None:
    """Take the mark off these events: it is written down elsewhere who is to be told."""
    conn.execute(sa.update(events).where(_C.id.in_(ids)).values(untold=False))


def of_kinds(conn: sa.Connection, kinds: Collection[Kind], since: Moment) -> list[Event]:
    """Return the events of these kinds from a moment on, in every workspace, the oldest first."""
    wanted = sa.select(*OF_EVENT).where(_C.kind.in_(kinds), _C.at >= since)
    return [Event(*row) for row in conn.execute(wanted.order_by(_C.at, _C.id))]


def latest(conn: sa.Connection, kinds: Collection[Kind]) -> Moment:
    """Return when the last event of these kinds happened; 0 for never."""
    wanted = sa.select(sa.func.max(_C.at)).where(_C.kind.in_(kinds))
    return int(conn.execute(wanted).scalar() or 0)


def last(conn: sa.Connection, workspace_id: str, kind: Kind) -> Event | None:
    """Return the latest event of a kind in a workspace; None for never."""
    theirs = sa.and_(_C.kind == kind, _C.workspace_id == workspace_id)
    wanted = sa.select(*OF_EVENT).where(theirs).order_by(_C.at.desc()).limit(1)
    row = conn.execute(wanted).first()
    return None if row is None else Event(*row)


def one(conn: sa.Connection, event_id: int) -> Event | None:
    """Return an event by its id; None when it is kept no more."""
    row = conn.execute(sa.select(*OF_EVENT).where(_C.id == event_id)).first()
    return None if row is None else Event(*row)
