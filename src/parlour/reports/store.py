"""The rows of alerts: of what somebody was told and when, so that nobody is told it twice."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from parlour.kit.clock import Moment
from parlour.kit.db import insert_or_ignore, metadata

FAILING: Final = "failing"

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("key", sa.String(120), primary_key=True),
    sa.Column("kind", sa.String(12), nullable=False),
    sa.Column("workspace_id", sa.String(40), nullable=False),
    sa.Column("about", sa.String(40), nullable=False),
    sa.Column("told_at", sa.BigInteger, nullable=False),
    sa.Column("over_at", sa.BigInteger),
)
"""`key` says what it is: the same thing has the same key, and is one row however many find it."""


@dataclass(frozen=True, slots=True)
class Alert:
    """That something was told."""

    key: str
    kind: str
    workspace_id: str
    about: str
    """The id of what it is about."""
    told_at: Moment
    over_at: Moment | None
    """When it was over; None while it goes on, and for what happens once."""


def known(conn: sa.Connection, keys: Collection[str]) -> dict[str, Alert]:
    """Return those of these alerts that there are."""
    found = conn.execute(sa.select(alerts).where(alerts.c.key.in_(keys)))
    return {row.key: Alert(*row) for row in found}


def going_on(conn: sa.Connection, kind: str) -> list[Alert]:
    """Return the alerts of a kind that are not over."""
    wanted = sa.select(alerts).where(alerts.c.kind == kind, alerts.c.over_at.is_(None))
    return [Alert(*row) for row in conn.execute(wanted)]


def raise_one(conn: sa.Connection, alert: Alert, quiet: Moment) -> bool:
    """Write down that this is told now; True for exactly one of those who try.

    One that was told before is told again only when it was over, and `quiet` has passed.
    """
    values = {name: getattr(alert, name) for name in Alert.__slots__}
    made = conn.execute(insert_or_ignore(conn, alerts).returning(alerts.c.key), values).first()
    if made is not None:
        return True
    again = sa.update(alerts).where(
        alerts.c.key == alert.key,
        alerts.c.over_at.is_not(None),
        alerts.c.told_at <= alert.told_at - quiet,
    )
    return conn.execute(again.values(told_at=alert.told_at, over_at=alert.over_at)).rowcount == 1


def end(conn: sa.Connection, key: str, at: Moment) -> bool:
    """Write down that it is over; True for exactly one of those who try."""
    mine = sa.update(alerts).where(alerts.c.key == key, alerts.c.over_at.is_(None))
    return conn.execute(mine.values(over_at=at)).rowcount == 1


def forget(conn: sa.Connection, before: Moment) -> None:
    """Delete what was told long ago, but for agents that have failed since."""
    is_over = sa.or_(alerts.c.over_at.is_not(None), alerts.c.kind != FAILING)
    conn.execute(sa.delete(alerts).where(alerts.c.told_at < before, is_over))
