"""The history for programs: who did what, when, and to what."""

from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.params import QueryParameter

from parlour import events, staff
from parlour.agents import store as agents
from parlour.events import Entry
from parlour.kit.clock import rfc3339
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web.api import asking
from parlour.web.api.asking import After, Limit, Page
from parlour.web.gates import key

Actor = Annotated[
    str | None, QueryParameter(max_length=40, description="Only what this one did, by id.")
]
KindOf = Annotated[
    str | None, QueryParameter(max_length=60, description="Only events of this kind.")
]


class EventShown(msgspec.Struct, frozen=True):
    """Something that somebody of the staff, or a program of theirs, did."""

    id: str
    kind: str
    """What happened, such as `link.created`."""
    at: str
    actor_kind: str
    """`person`, `key`, or `host` for the command line."""
    actor_id: str
    actor_name: str | None
    agent_id: str | None
    agent_name: str | None
    link_id: str | None
    conversation_id: str | None
    data: dict[str, Any]
    """What else there is to say, by kind; never a secret or an address."""


@get("/api/events", opt={"gate": key(Permission.EVENTS_SEE)})
async def list_events(
    tools: Tools,
    who: Who,
    limit: Limit = 50,
    after: After = None,
    actor_id: Actor = None,
    kind: KindOf = None,
) -> Page[EventShown]:
    """List what the staff and their programs did, newest first. Nothing here can be changed."""
    last = asking.place(after)
    if last and not (last.isdigit() and len(last) < 19):
        raise asking.bad_cursor()
    found = await tools.db.browse(
        events.by_staff,
        who.workspace_id,
        limit=limit + 1,
        before=int(last) if last else None,
        actor_id=actor_id,
        kinds=[kind] if kind is not None else (),
    )
    kept, cursor = asking.page(found, limit, lambda each: str(each.id))
    return Page(await shown(tools, kept), cursor)


async def shown(tools: Tools, found: list[Entry]) -> list[EventShown]:
    """Show events, with the names that those who are in them have now."""
    names = await tools.db.read(staff.names, {each.actor_id for each in found})
    named = await tools.db.read(agents.names, {each.agent_id for each in found if each.agent_id})
    return [
        EventShown(
            id=str(each.id),
            kind=each.kind,
            at=rfc3339(each.at),
            actor_kind=each.actor_kind,
            actor_id=each.actor_id,
            actor_name=names.get(each.actor_id),
            agent_id=each.agent_id,
            agent_name=named.get(each.agent_id or ""),
            link_id=each.link_id,
            conversation_id=each.conversation_id,
            data=dict(each.data),
        )
        for each in found
    ]


HANDLERS = [list_events]
