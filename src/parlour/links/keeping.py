"""Making, changing and revoking links."""

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


def ending(wish: Wish, now: Moment) -> Moment | None:
    """Return when the link of a wish ends; Invalid when the wish does not fit."""
    _check_texts(wish.name, wish.welcome_message)
    return rules.ending(wish.kind, wish.hours, wish.expires_at, now)


async def create(tools: Tools, who: Who, agent_id: str, wish: Wish) -> Link:
    """Make a link to an agent of the workspace. Invalid when the wish does not fit its kind."""
    now = tools.clock.now()
    ends = ending(wish, now)
    link = Link(
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
    )

    def unit(conn: sa.Connection) -> Link:
        store.insert(conn, link)
        _record(conn, events.Kind.LINK_CREATED, who, link, {"kind": link.kind.word})
        return link

    return await tools.db.write(unit)


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
        at = store.change(conn, held, now, values)
        changed = replace(held, updated_at=at, **values)
        told = {"fields": sorted(values)}
        _record(conn, events.Kind.LINK_CHANGED, who, changed, told)
        return changed

    return await tools.db.write(unit)


async def revoke(tools: Tools, who: Who, link: Link, seen: Moment | None = None) -> None:
    """End a link for good; it answers as if it had never been. Errors as in `change`."""

    def unit(conn: sa.Connection) -> None:
        now = tools.clock.now()
        held = _held(conn, link, seen)
        at = store.change(conn, held, now, {"revoked_at": now})
        _record(conn, events.Kind.LINK_REVOKED, who, replace(held, updated_at=at))

    await tools.db.write(unit)


def _held(conn: sa.Connection, link: Link, seen: Moment | None) -> Link:
    held = store.hold(conn, link.id)
    if seen is not None and held.updated_at != seen:
        raise Stale("the link was changed meanwhile; read it again")
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
