"""Making, changing and deleting widgets; each is one transaction."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa

from parlour import events
from parlour.kit.clock import Moment
from parlour.kit.errors import Conflict, Stale
from parlour.kit.tokens import new_id
from parlour.pictures import remade
from parlour.pictures import store as pictures
from parlour.rights import Who
from parlour.tools import Tools
from parlour.widgets import model, store
from parlour.widgets.model import Widget


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a new widget shall be."""

    name: str
    title: str | None = None
    welcome_message: str | None = None
    accent: str | None = None
    origins: tuple[str, ...] = ()
    position: str = "right"
    size: str = "regular"
    theme: str = "auto"
    label: str | None = None
    teaser: str | None = None


async def create(tools: Tools, who: Who, agent_id: str, wish: Wish) -> Widget:
    """Make another widget of an agent; Invalid as `model.checked` says."""
    now = tools.clock.now()
    widget = Widget(
        id=new_id("wgt"),
        workspace_id=who.workspace_id,
        agent_id=agent_id,
        **model.checked(asdict(wish)),
        created_at=now,
        created_by=who.name,
        updated_at=now,
        updated_by=who.name,
    )

    def unit(conn: sa.Connection) -> Widget:
        store.insert(conn, widget)
        _record(conn, events.Kind.WIDGET_CREATED, who, widget)
        return widget

    return await tools.db.write(unit)


async def rooted(tools: Tools, widget: Widget) -> None:
    """Give an agent's first widget its row, so that links can name it; nothing else changes."""
    await tools.db.write(_root, widget)


async def change(
    tools: Tools, who: Who, widget: Widget, wanted: Mapping[str, Any], seen: Moment | None = None
) -> Widget:
    """Change what a `Wish` says of a widget; what is absent stays, a text of None is cleared.

    `seen`: its `updated_at` when the caller last looked; Stale when it was changed since.
    NotFound when it is gone; Invalid as `model.checked` says.
    """
    values = model.checked(wanted)

    def unit(conn: sa.Connection) -> Widget:
        now = tools.clock.now()
        _root(conn, widget)
        held = _held(conn, widget, seen)
        at = store.change(conn, held, now, who.name, values)
        changed = replace(held, updated_at=at, updated_by=who.name, **values)
        told = {"fields": sorted(values)}
        _record(conn, events.Kind.WIDGET_CHANGED, who, changed, told)
        return changed

    return await tools.db.write(unit)


async def put_logo(
    tools: Tools, who: Who, widget: Widget, content: bytes | None, seen: Moment | None = None
) -> Widget:
    """Have a picture stand for the agent by a widget's links; None takes it away again.

    Invalid and TooLarge as `pictures.remade` says; other errors as in `change`.
    """
    made = None
    if content is not None:
        made = await asyncio.to_thread(remade, content, "logo", whole=True)

    def unit(conn: sa.Connection) -> Widget:
        now = tools.clock.now()
        _root(conn, widget)
        held = _held(conn, widget, seen)
        place = (held.id, held.agent_id, held.workspace_id)
        logo = None if made is None else pictures.add(conn, place, made, now)
        if logo == held.logo:
            return held
        pictures.drop(conn, held.id, logo)
        at = store.change(conn, held, now, who.name, {"logo": logo})
        changed = replace(held, updated_at=at, updated_by=who.name, logo=logo)
        _record(conn, events.Kind.WIDGET_CHANGED, who, changed, {"fields": ["logo"]})
        return changed

    return await tools.db.write(unit)


async def delete(tools: Tools, who: Who, widget: Widget, seen: Moment | None = None) -> None:
    """Delete a widget: its links stay open and look as their agent does.

    Conflict for an agent's first widget, which goes with its agent. Other errors as in `change`.
    """
    if widget.is_first:
        raise Conflict("an agent's first widget stays as long as its agent", code="first_widget")

    def unit(conn: sa.Connection) -> None:
        now = tools.clock.now()
        held = _held(conn, widget, seen)
        at = store.change(conn, held, now, who.name, {"deleted_at": now, "logo": None})
        pictures.drop(conn, held.id)
        _record(conn, events.Kind.WIDGET_DELETED, who, replace(held, updated_at=at))

    await tools.db.write(unit)


def _root(conn: sa.Connection, widget: Widget) -> None:
    if widget.is_first:
        store.insert(conn, model.first(widget.workspace_id, widget.agent_id))


def _held(conn: sa.Connection, widget: Widget, seen: Moment | None) -> Widget:
    held = store.hold(conn, widget.id)
    if seen is not None and held.updated_at != seen:
        raise Stale(f"{held.updated_by} changed this widget meanwhile; read it again")
    return held


def _record(
    conn: sa.Connection,
    kind: events.Kind,
    who: Who,
    widget: Widget,
    data: dict[str, Any] | None = None,
) -> None:
    about = {"widget": widget.id, **(data or {})}
    events.record(conn, kind, who, widget.updated_at, agent_id=widget.agent_id, data=about)
