"""What an agent remembers of a visitor, for programs: the visitor's own, and their owner's."""

from typing import Final

import msgspec
from litestar import delete, get

from parlour import memory
from parlour.entrance import NoSuchSession, owned
from parlour.kit.errors import NotFound
from parlour.memory import Held
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web import sessions
from parlour.web.api import moments
from parlour.web.counting import spared
from parlour.web.gates import LINK, Asked, key

_OWN: Final = "/api/public/memory/{token:str}"
_ONE: Final = "/api/visitors/{visitor_id:str}/memory"


class MemoryShown(msgspec.Struct, frozen=True):
    """What an agent remembers of a visitor who proved who they are."""

    summary: str | None
    """What they said of themselves, a line for each thing. Null where it is hidden."""
    notes: str | None
    """What the agent noted for itself, likewise."""
    replies: int
    """Replies that were counted for it; every fifth brings it up to date."""
    updated_at: str | None
    """Null where nothing is remembered."""


class MemoryDeleted(msgspec.Struct, frozen=True):
    """What became of a memory that was to be deleted."""

    deleted: bool
    """False: there was nothing in it."""


def shown(held: Held) -> MemoryShown:
    """Show what is remembered."""
    at = None if held.updated_at is None else moments.written(held.updated_at)
    return MemoryShown(held.summary, held.notes, held.replies, at)


@get(_OWN, opt={"gate": LINK})
async def own_memory(
    request: Asked,
    tools: Tools,
    token: str,
    session_id: str | None = None,
    session_token: str | None = None,
) -> MemoryShown:
    """Read what the agent remembers of the visitor; 404 for who has not proved who they are."""
    await spared(request, tools, "transcripts")
    who, agent_id = await _who(request, tools, token, session_id, session_token)
    return shown(await tools.db.read(memory.of_visitor, agent_id, who.id))


@delete(_OWN, opt={"gate": LINK}, status_code=200)
async def delete_own_memory(
    request: Asked,
    tools: Tools,
    token: str,
    session_id: str | None = None,
    session_token: str | None = None,
) -> MemoryDeleted:
    """Delete it. What the visitor has said until now is never remembered again."""
    who, agent_id = await _who(request, tools, token, session_id, session_token)
    return MemoryDeleted(await memory.delete_own(tools, who, agent_id))


async def _who(request: Asked, tools: Tools, token: str, *fields: str | None) -> tuple[Who, str]:
    held = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    door = await owned(tools, token, sessions.explicit(request, *fields) or held)
    if door.visitor_id is None:
        raise NoSuchSession("there is no such session on this link")
    if door.proof is None:
        raise NotFound("nothing is remembered of visitors who have not proved who they are")
    return Who("visitor", door.visitor_id, "", door.workspace_id), door.agent_id


@get(_ONE, opt={"gate": key(Permission.CONVERSATIONS_SEE)})
async def read_memory(tools: Tools, who: Who, visitor_id: str) -> MemoryShown:
    """Read what the agent remembers of a visitor, as far as this key sees personal details."""
    held = await tools.db.read(memory.seen_by, who, visitor_id)
    if held is None:
        raise NotFound("nothing is remembered of visitors who have not proved who they are")
    return shown(held)


@delete(_ONE, opt={"gate": key(Permission.CONVERSATIONS_FORGET)}, status_code=200)
async def delete_memory(tools: Tools, who: Who, visitor_id: str) -> MemoryDeleted:
    """Delete what the agent remembers of a visitor; all else of them stays."""
    return MemoryDeleted(await memory.delete(tools, who, visitor_id))


HANDLERS = [own_memory, delete_own_memory, read_memory, delete_memory]
