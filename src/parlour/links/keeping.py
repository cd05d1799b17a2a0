"""Making, changing and revoking links."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from parlour import events
from parlour.kit.clock import Moment
from parlour.kit.errors import FieldError, Invalid, Stale
from parlour.kit.texts import trouble
from parlour.kit.tokens import new_link_id
from parlour.links import rules, store
from parlour.links.store import Link
from parlour.rights import Who
from parlour.tools import Tools

LONGEST_NAME = 200
LONGEST_WELCOME = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a new link shall be."""

    kind: rules.Kind = rules.Kind.PERMANENT
    name: str | None = None
    hours: float | None = None
    expires_at: Moment | None = None
    welcome_message: str | None = None
    enabled: bool = True
    widget_id: str | None = None
    """Whose look it has; a widget has one permanent link, see `share`."""


def ending(wish: Wish, now: Moment) -> Moment | None:
    """Return when the link of a wish ends; Invalid when the wish does not fit."""
    _check_texts(wish.name, wish.welcome_message)
    return rules.ending(wish.kind, wish.hours, wish.expires_at, now)


async def create(tools: Tools, who: Who, agent_id: str, wish: Wish) -> Link:
    """Make a link to an agent of the workspace. Invalid when the wish does not fit its kind."""
    link = _wished(tools, who, agent_id, wish)

    def unit(conn: sa.Connection) -> Link:
        store.insert(conn, link)
        _record(conn, events.Kind.LINK_CREATED, who, link, {"kind": link.kind.word})
        return link

    return await tools.db.write(unit)


async def share(tools: Tools, who: Who, agent_id: str, wish: Wish) -> tuple[Link, bool]:
    """Return a link of the wish's widget, and whether it is new.

    A permanent one is the same each time, also for two who ask at once; one that was revoked is
    followed by another. A temporary one is always new. Errors as in `create`.
    """
    if wish.kind is not rules.Kind.PERMANENT:
        return await create(tools, who, agent_id, wish), True
    link = _wished(tools, who, agent_id, wish)

    def unit(conn: sa.Connection) -> tuple[Link, bool]:
        standing, is_new = store.insert_standing(conn, link)
        if is_new:
            _record(conn, events.Kind.LINK_CREATED, who, link, {"kind": link.kind.word})
        return standing, is_new

    return await tools.db.write(unit)


def _wished(tools: Tools, who: Who, agent_id: str, wish: Wish) -> Link:
    now = tools.clock.now()
    ends = ending(wish, now)
    return Link(
        id=new_link_id(),
        workspace_id=who.workspace_id,
        agent_id=agent_id,
        kind=wish.kind,
        name=wish.name,
        token_expires=store.token_seconds(ends),
        expires_at=ends,
        enabled=wish.enabled,
        welcome_message=wish.welcome_message,
        uses=0,
        created_at=now,
        created_by=who.name,
        updated_at=now,
        widget_id=wish.widget_id,
    )


async def change(
    tools: Tools, who: Who, link: Link, wanted: dict[str, Any], seen: Moment | None = None
) -> Link:
    """Change `name`, `welcome_message`, `enabled`, `expires_at`; what is absent stays.

    `seen`: its `updated_at` when the caller last looked; Stale when it was changed since.
    NotFound when it is gone; Invalid for an end later than the token's, or of a permanent link.
    """
    _check_texts(wanted.get("name"), wanted.get("welcome_message"))

    def unit(conn: sa.Connection) -> Link:
        now = tools.clock.now()
        held = _held(conn, link, seen)
        values = dict(wanted)
        if "expires_at" in values:
            values["expires_at"] = rules.shortened(held.token_expires, values["expires_at"])
        at = store.change(conn, held, now, who.name, values)
        changed = replace(held, updated_at=at, updated_by=who.name, **values)
        told = {"fields": sorted(values)}
        _record(conn, events.Kind.LINK_CHANGED, who, changed, told)
        return changed

    return await tools.db.write(unit)


async def revoke(tools: Tools, who: Who, link: Link, seen: Moment | None = None) -> None:
    """End a link for good; it answers as if it had never been. Errors as in `change`."""

    def unit(conn: sa.Connection) -> None:
        _revoke(conn, who, _held(conn, link, seen), tools.clock.now())

    await tools.db.write(unit)


async def switch_all(
    tools: Tools, who: Who, link_ids: Collection[str], *, enabled: bool
) -> list[Link]:
    """Switch links of the workspace on or off; return those that this changed.

    One transaction for all of them. What is gone, or is as wished already, is left alone.
    """

    def unit(conn: sa.Connection) -> list[Link]:
        now = tools.clock.now()
        changed = []
        for held in store.hold_all(conn, who.workspace_id, link_ids, who.agent_id):
            if held.enabled != enabled:
                at = store.change(conn, held, now, who.name, {"enabled": enabled})
                link = replace(held, enabled=enabled, updated_at=at, updated_by=who.name)
                _record(conn, events.Kind.LINK_CHANGED, who, link, {"fields": ["enabled"]})
                changed.append(link)
        return changed

    return await tools.db.write(unit)


async def revoke_all(tools: Tools, who: Who, link_ids: Collection[str]) -> list[Link]:
    """End links of the workspace for good, in one transaction; return those that this ended."""

    def unit(conn: sa.Connection) -> list[Link]:
        now = tools.clock.now()
        held = store.hold_all(conn, who.workspace_id, link_ids, who.agent_id)
        for each in held:
            _revoke(conn, who, each, now)
        return held

    return await tools.db.write(unit)


def _revoke(conn: sa.Connection, who: Who, held: Link, now: Moment) -> None:
    at = store.change(conn, held, now, who.name, {"revoked_at": now})
    _record(conn, events.Kind.LINK_REVOKED, who, replace(held, updated_at=at))


def _held(conn: sa.Connection, link: Link, seen: Moment | None) -> Link:
    held = store.hold(conn, link.id)
    if seen is not None and held.updated_at != seen:
        by = held.updated_by or held.created_by
        raise Stale(f"{by} changed this link meanwhile; read it again")
    return held


def _record(
    conn: sa.Connection, kind: events.Kind, who: Who, link: Link, data: dict[str, Any] | None = None
) -> None:
    at, agent = link.updated_at, link.agent_id
    events.record(conn, kind, who, at, agent_id=agent, link_id=link.id, data=data)


def _check_texts(name: str | None, welcome: str | None) -> None:
    errors = []
    if name is not None and (said := trouble(name, LONGEST_NAME)):
        errors.append(FieldError("name", said))
    if welcome and (said := trouble(welcome, LONGEST_WELCOME, lines=True)):
        errors.append(FieldError("welcome_message", said))
    if errors:
        raise Invalid("the link's texts do not fit", errors=errors)
