"""The history with the names of those who are in it, to be shown, and as a file to keep."""

from typing import Any, Final, Literal

import msgspec
from litestar import Response

from parlour import events, privacy, staff
from parlour.agents import store as agents
from parlour.events import Entry
from parlour.kit.clock import rfc3339
from parlour.rights import Who
from parlour.tools import Tools
from parlour.web import spreadsheets

MOST: Final = 50_000
"""Lines of an export."""
_PIECE: Final = 1_000
_HEADS: Final = (
    *("id", "at", "kind", "actor_kind", "actor_id", "actor_name", "place"),
    *("agent_id", "agent_name", "link_id", "conversation_id", "data"),
)


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
    place: str | None
    """The network address from where; of IPv6 the network. Null at the command line."""


async def shown(tools: Tools, who: Who, found: list[Entry]) -> list[EventShown]:
    """Show events, with the names that those who are in them have now.

    A reason is what somebody typed: personal details in it are hidden as anywhere.
    """
    hide = await tools.db.read(privacy.hiding, who)
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
            data={
                name: hide(value) if name == "reason" and isinstance(value, str) else value
                for name, value in each.data.items()
            },
            place=each.place,
        )
        for each in found
    ]


async def every(tools: Tools, who: Who, **wanted: Any) -> list[EventShown]:
    """Return all events that are wanted, as somebody may see them, newest first; so many at most.

    Read in pieces, so that nobody waits for one long statement.
    """
    told: list[EventShown] = []
    before = None
    while len(told) < MOST:
        some = await tools.db.browse(
            events.by_staff, who.workspace_id, limit=_PIECE, before=before, **wanted
        )
        told += await shown(tools, who, some)
        if len(some) < _PIECE:
            break
        before = some[-1].id
    return told[:MOST]


def kept_as(found: list[EventShown], form: Literal["csv", "json"]) -> Response[bytes]:
    """Answer with events as a file to keep."""
    media = "text/csv" if form == "csv" else "application/json"
    headers = {
        "Content-Disposition": f'attachment; filename="history.{form}"',
        "Cache-Control": "no-store",
    }
    content = as_csv(found) if form == "csv" else msgspec.json.encode(found)
    return Response(content, media_type=media, headers=headers)


def as_csv(found: list[EventShown]) -> bytes:
    """Write events as CSV; what else there is to say of one stands as JSON in its last column."""
    rows = [_row(each) for each in found]
    return spreadsheets.written([_HEADS, *rows])


def _row(each: EventShown) -> list[str | None]:
    row = [getattr(each, name) for name in _HEADS[:-1]]
    return [*row, msgspec.json.encode(each.data).decode()]
