"""The rows of webhooks: where a program is, which events it is told of, and how it fares."""

import re
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa

from parlour.kit.clock import Moment
from parlour.kit.db import Json, metadata
from parlour.kit.errors import NotFound

webhooks = sa.Table(
    "webhooks",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("kinds", Json, nullable=False),
    sa.Column("sees_personal", sa.Boolean, nullable=False),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("old_secret", sa.Text),
    sa.Column("old_until", sa.BigInteger),
    sa.Column("is_on", sa.Boolean, nullable=False),
    # Why the house turned it off; none where a person did.
    sa.Column("off_why", sa.String(200)),
    sa.Column("failing_since", sa.BigInteger),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("rests_until", sa.BigInteger),
    sa.Column("trouble", sa.String(200)),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("updated_by", sa.String(200), nullable=False),
    sa.Index("webhooks_workspace", "workspace_id", "created_at"),
)

_C: Final = webhooks.c
_FORM: Final = re.compile(r"whk_[0-9A-Za-z]{22}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Hook:
    """A program that is told of events."""

    id: str
    workspace_id: str
    name: str
    url: str
    kinds: tuple[str, ...]
    sees_personal: bool
    """Whether personal details are in what it is told; they are masked for others."""
    secret: str
    """Sealed, as the one before it."""
    old_secret: str | None
    old_until: Moment | None
    """Until when it is signed for with the secret before, too."""
    is_on: bool
    off_why: str | None
    """Why the house turned it off."""
    failing_since: Moment | None
    """Since when it has taken nothing; None while all is well."""
    failures: int
    """How many in a row."""
    rests_until: Moment | None
    trouble: str | None
    """What was wrong the last time."""
    created_at: Moment
    updated_at: Moment
    updated_by: str


_HOOK: Final = [_C[name] for name in Hook.__slots__]


def insert(conn: sa.Connection, hook: Hook) -> None:
    """Add a webhook."""
    values = {name: getattr(hook, name) for name in Hook.__slots__}
    conn.execute(sa.insert(webhooks).values(**values | {"kinds": list(hook.kinds)}))


def every(conn: sa.Connection, workspace_id: str) -> list[Hook]:
    """List the webhooks of a workspace, the oldest first."""
    found = sa.select(*_HOOK).where(_C.workspace_id == workspace_id)
    return [_hook(row) for row in conn.execute(found.order_by(_C.created_at, _C.id))]


def find(conn: sa.Connection, workspace_id: str, hook_id: str) -> Hook:
    """Find a webhook of a workspace; NotFound."""
    # Not every database takes every string, even to look for it.
    found = by_id(conn, hook_id) if _FORM.match(hook_id) else None
    if found is None or found.workspace_id != workspace_id:
        raise NotFound("there is no such webhook")
    return found


def by_id(conn: sa.Connection, hook_id: str) -> Hook | None:
    """Return a webhook by its id, whosever it is."""
    row = conn.execute(sa.select(*_HOOK).where(_C.id == hook_id)).first()
    return None if row is None else _hook(row)


def hold(conn: sa.Connection, hook_id: str) -> Hook | None:
    """Return a webhook that nobody else changes, or delivers to, until the transaction ends."""
    same = sa.update(webhooks).where(_C.id == hook_id).values(id=_C.id)
    row = conn.execute(same.returning(*_HOOK)).first()
    return None if row is None else _hook(row)


def change(conn: sa.Connection, hook_id: str, **values: Any) -> None:
    """Change some columns of a webhook."""
    conn.execute(sa.update(webhooks).where(_C.id == hook_id).values(**values))


def delete(conn: sa.Connection, hook_id: str) -> None:
    """Delete a webhook, with what is known of its deliveries."""
    conn.execute(sa.delete(webhooks).where(_C.id == hook_id))


def count_off(conn: sa.Connection, workspace_id: str) -> tuple[int, int]:
    """Count the webhooks that the house turned off, and those that are failing just now."""
    row = conn.execute(
        sa.select(
            sa.func.count().filter(_C.off_why.is_not(None)),
            sa.func.count().filter(_C.is_on, _C.failing_since.is_not(None)),
        ).where(_C.workspace_id == workspace_id)
    ).one()
    return int(row[0]), int(row[1])


def _hook(row: Any) -> Hook:
    return replace(Hook(*row), kinds=tuple(row.kinds))
