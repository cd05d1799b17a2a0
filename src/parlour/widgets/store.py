"""The rows of widgets; an agent's first widget has none until somebody changes or shares it."""

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from parlour.kit.clock import Moment
from parlour.kit.db import Json, insert_or_ignore, metadata
from parlour.kit.errors import NotFound
from parlour.widgets.model import Widget, first, first_id

_FORM = re.compile(r"wgt_[A-Za-z0-9]{1,36}\Z", re.ASCII)

widgets = sa.Table(
    "widgets",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), nullable=False),
    sa.Column("agent_id", sa.ForeignKey("agents.id"), nullable=False),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("title", sa.String(80)),
    sa.Column("welcome_message", sa.Text),
    sa.Column("accent", sa.String(6)),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("created_by", sa.String(200), nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("updated_by", sa.String(200), nullable=False),
    sa.Column("deleted_at", sa.BigInteger),
    sa.Column("origins", Json, nullable=False, server_default="[]"),
    sa.Column("position", sa.String(10), nullable=False, server_default="right"),
    sa.Column("size", sa.String(10), nullable=False, server_default="regular"),
    sa.Column("theme", sa.String(10), nullable=False, server_default="auto"),
    sa.Column("label", sa.String(40)),
    sa.Column("teaser", sa.String(120)),
    sa.Column("logo", sa.String(32)),
    sa.Index("widgets_agent", "agent_id", "created_at"),
)

_SHOWN = [column for column in widgets.c if column.name != "deleted_at"]


def insert(conn: sa.Connection, widget: Widget) -> bool:
    """Store a widget; False when it is there already."""
    done = conn.execute(insert_or_ignore(conn, widgets), asdict(widget))
    return bool(done.rowcount)


def of_agents(
    conn: sa.Connection, workspace_id: str, agent_ids: Collection[str]
) -> dict[str, list[Widget]]:
    """List the widgets of these agents: of each the first one first, then the others by age."""
    found = conn.execute(
        sa.select(*_SHOWN)
        .where(widgets.c.agent_id.in_(agent_ids), widgets.c.deleted_at.is_(None))
        .order_by(widgets.c.created_at, widgets.c.id)
    )
    others: dict[str, list[Widget]] = {each: [] for each in agent_ids}
    firsts = {each: first(workspace_id, each) for each in agent_ids}
    for row in found:
        widget = _widget(row)
        if widget.is_first:
            firsts[widget.agent_id] = widget
        else:
            others[widget.agent_id].append(widget)
    return {each: [firsts[each], *others[each]] for each in agent_ids}


def find(conn: sa.Connection, workspace_id: str, agent_id: str, widget_id: str) -> Widget:
    """Find a widget of an agent; NotFound when absent, deleted or another agent's."""
    row = None
    # Not every database takes every string, even to look for it.
    if _FORM.match(widget_id):
        row = conn.execute(
            sa.select(*_SHOWN).where(
                widgets.c.id == widget_id,
                widgets.c.agent_id == agent_id,
                widgets.c.deleted_at.is_(None),
            )
        ).first()
    if row is not None:
        return _widget(row)
    if widget_id == first_id(agent_id):
        return first(workspace_id, agent_id)
    raise NotFound(f"there is no widget {widget_id!r}")


def agent_of(conn: sa.Connection, workspace_id: str, widget_id: str) -> str | None:
    """Return the agent of a widget that has a row; None when none has this id."""
    if not _FORM.match(widget_id):
        return None
    found: str | None = conn.execute(
        sa.select(widgets.c.agent_id).where(
            widgets.c.id == widget_id,
            widgets.c.workspace_id == workspace_id,
            widgets.c.deleted_at.is_(None),
        )
    ).scalar()
    return found


def names(conn: sa.Connection, widget_ids: Collection[str]) -> dict[str, str]:
    """Return the names of these widgets, deleted ones included, by id."""
    wanted = sa.select(widgets.c.id, widgets.c.name).where(widgets.c.id.in_(widget_ids))
    return {row.id: row.name for row in conn.execute(wanted)}


def hold(conn: sa.Connection, widget_id: str) -> Widget:
    """Read a widget that nobody else changes until the transaction ends; NotFound when deleted."""
    row = conn.execute(
        sa.select(*_SHOWN)
        .where(widgets.c.id == widget_id, widgets.c.deleted_at.is_(None))
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound("the widget has been deleted")
    return _widget(row)


def change(
    conn: sa.Connection, held: Widget, now: Moment, by: str, values: Mapping[str, Any]
) -> Moment:
    """Change columns of a widget that is held; return its new `updated_at`, which always grows."""
    at = max(now, held.updated_at + 1)
    conn.execute(
        sa.update(widgets)
        .where(widgets.c.id == held.id)
        .values(updated_at=at, updated_by=by, **values)
    )
    return at


def _widget(row: sa.Row[Any]) -> Widget:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name has an underscore
    return Widget(**{**values, "origins": tuple(values["origins"])})
