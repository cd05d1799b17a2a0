"""Marks: how far what happened has been read, so that the next reading goes on from there."""

import sqlalchemy as sa

from parlour.insights.tables import marks
from parlour.kit.db import insert_or_ignore


def reached(conn: sa.Connection, name: str) -> int | None:
    """Return how far the reading of that name has come; None before the first."""
    return conn.scalar(sa.select(marks.c.at).where(marks.c.name == name))


def reach(conn: sa.Connection, name: str, at: int) -> None:
    """Note how far it has come."""
    conn.execute(insert_or_ignore(conn, marks), {"name": name, "at": at})
    # Never back: another process may have come further.
    conn.execute(sa.update(marks).where(marks.c.name == name, marks.c.at < at).values(at=at))


def forget_others(conn: sa.Connection, beginning: str, mine: str) -> None:
    """Forget the marks whose names begin like this, but those that begin like mine."""
    names = marks.c.name
    others = names.startswith(beginning, autoescape=True)
    conn.execute(sa.delete(marks).where(others, ~names.startswith(mine, autoescape=True)))
