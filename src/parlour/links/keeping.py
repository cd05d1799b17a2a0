"""Making, changing and revoking links."""

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from parlour import events
from parlour.kit.clock import Moment
from parlour.kit.errors import FieldError, Invalid
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


async def create(tools: Tools, who: Who, agent_id: str, wish: Wish) -> Link:
    """Make a link to an agent of the workspace. Invalid when the wish does not fit its kind."""
    now = tools.clock.now()
    ends = rules.ending(wish.kind, wish.hours, wish.expires_at, now)
    _check_texts(wish.name, wish.welcome_message)
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

    def unit(conn: sa.Connection) -> None:
        store.insert(conn, link)
        kind = {"kind": link.kind.word}
        events.record(
            conn, events.Kind.LINK_CREATED, who, now, agent_id=agent_id, link_id=link.id, data=kind
        )

    await tools.db.write(unit)
    return link


async def change(
    tools: Tools, who: Who, agent_id: str, link_id: str, wanted: dict[str, Any]
) -> Link:
    """Change `name`, `welcome_message`, `enabled`, `expires_at`; what is absent stays.

    NotFound for another agent's link; Invalid for an end later than the token's.
    """

    def unit(conn: sa.Connection) -> Link:
        now = tools.clock.now()
        link = store.find(conn, agent_id, link_id)
        values = dict(wanted)
        if "expires_at" in values:
            values["expires_at"] = rules.shortened(link.token_expires, values["expires_at"])
        store.change(conn, link_id, now, values)
        told = {"fields": sorted(values)}
        events.record(
            conn, events.Kind.LINK_CHANGED, who, now, agent_id=agent_id, link_id=link_id, data=told
        )
        return replace(link, updated_at=now, **values)

    _check_texts(wanted.get("name"), wanted.get("welcome_message"))
    return await tools.db.write(unit)


async def revoke(tools: Tools, who: Who, agent_id: str, link_id: str) -> None:
    """End a link for good; it answers as if it had never been. NotFound for another agent's."""

    def unit(conn: sa.Connection) -> None:
        now = tools.clock.now()
        store.find(conn, agent_id, link_id)
        store.change(conn, link_id, now, {"revoked_at": now})
        events.record(conn, events.Kind.LINK_REVOKED, who, now, agent_id=agent_id, link_id=link_id)

    await tools.db.write(unit)


def _check_texts(name: str | None, welcome: str | None) -> None:
    errors = []
    if name is not None and not 0 < len(name.strip()) <= LONGEST_NAME:
        errors.append(FieldError("name", f"1 to {LONGEST_NAME} characters"))
    if welcome is not None and len(welcome) > LONGEST_WELCOME:
        errors.append(FieldError("welcome_message", f"at most {LONGEST_WELCOME} characters"))
    if errors:
        raise Invalid("the link's texts do not fit", errors=errors)
