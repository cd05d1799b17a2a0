"""Wishes to be told of events: whose, and of which kinds; an event is marked when recorded."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from parlour.kit.db import metadata

event_wishes = sa.Table(
    "event_wishes",
    metadata,
    sa.Column("workspace_id", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(60), primary_key=True),
    # Who is told, by an id that means something to them alone.
    sa.Column("wisher_id", sa.String(40), primary_key=True),
    sa.Index("event_wishes_wisher", "wisher_id"),
)


def is_wished() -> sa.ColumnElement[Any]:
    """Return the condition that somebody wants to know of a kind of event in a workspace.

    Its parameters are `of_workspace` and `of_kind`.
    """
    columns = event_wishes.c
    return sa.exists().where(
        columns.workspace_id == sa.bindparam("of_workspace", type_=sa.String),
        columns.kind == sa.bindparam("of_kind", type_=sa.String),
    )


def wish(conn: sa.Connection, wisher_id: str, workspace_id: str, kinds: Collection[str]) -> None:
    """Have somebody told of these kinds of events from now on, and of no others."""
    conn.execute(sa.delete(event_wishes).where(event_wishes.c.wisher_id == wisher_id))
    rows = [
        {"workspace_id": workspace_id, "kind": kind, "wisher_id": wisher_id}
        for kind in sorted(set(kinds))
    ]
    if rows:
        conn.execute(sa.insert(event_wishes), rows)


def wishers(conn: sa.Connection, workspace_ids: Collection[str]) -> dict[tuple[str, str], set[str]]:
    """Return who wants to know in these workspaces, by workspace and kind."""
    columns = event_wishes.c
    found: dict[tuple[str, str], set[str]] = {}
    for row in conn.execute(sa.select(event_wishes).where(columns.workspace_id.in_(workspace_ids))):
        found.setdefault((row.workspace_id, row.kind), set()).add(row.wisher_id)
    return found
