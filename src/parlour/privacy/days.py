"""For how many days a workspace keeps what is said, unless an agent of it has days of its own."""

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from parlour.kit.clock import DAY, Moment
from parlour.kit.db import insert_or_ignore, metadata
from parlour.kit.errors import FieldError, Invalid

MOST_DAYS: Final = 3_650
"""Ten years: whoever wants more keeps it for ever."""

retention = sa.Table(
    "retention",
    metadata,
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), primary_key=True),
    sa.Column("days", sa.Integer, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("updated_by", sa.String(200), nullable=False),
)
"""`updated_at` also moves when an agent of the workspace gets days of its own."""

_R: Final = retention.c


@dataclass(frozen=True, slots=True)
class Kept:
    """What a workspace says of how long it keeps things."""

    days: int = 0
    """0 keeps them for ever."""
    updated_at: Moment = 0
    updated_by: str = ""
    """Empty as long as nobody has changed anything."""


def days_of(days: int) -> int:
    """Return days as they are kept; Invalid outside what they may be."""
    if not 0 <= days <= MOST_DAYS:
        said = f"must be 0, for ever, or 1 to {MOST_DAYS:,} days"
        raise Invalid(f"days {said}", errors=[FieldError("days", said)])
    return days


def cutoff(days: int, now: Moment) -> Moment:
    """Return the moment before which things are too old; nothing is where they stay for ever."""
    return now - days * DAY if days else 0


def find(conn: sa.Connection, workspace_id: str) -> Kept:
    """Return what a workspace says."""
    wanted = sa.select(_R.days, _R.updated_at, _R.updated_by)
    row = conn.execute(wanted.where(_R.workspace_id == workspace_id)).first()
    return Kept() if row is None else Kept(*row)


def hold(conn: sa.Connection, workspace_id: str) -> Kept:
    """Return the same, to be changed by nobody else until the transaction ends."""
    none = {"workspace_id": workspace_id, "days": 0, "updated_at": 0, "updated_by": ""}
    conn.execute(insert_or_ignore(conn, retention), none)
    same = sa.update(retention).where(_R.workspace_id == workspace_id).values(days=_R.days)
    conn.execute(same)
    return find(conn, workspace_id)


def keep(conn: sa.Connection, workspace_id: str, kept: Kept) -> None:
    """Keep what a workspace says, which `hold` has read."""
    values = {"days": kept.days, "updated_at": kept.updated_at, "updated_by": kept.updated_by}
    conn.execute(sa.update(retention).where(_R.workspace_id == workspace_id).values(values))


def of_new_agents(workspace_id: str) -> sa.ScalarSelect[Any]:
    """Return an expression for the days that a new agent begins with."""
    said = sa.select(_R.days).where(_R.workspace_id == workspace_id)
    return sa.select(sa.func.coalesce(said.scalar_subquery(), 0)).scalar_subquery()
