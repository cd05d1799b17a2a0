"""What an agent remembers of its visitor, as a page for them: to see it, and to delete it."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from parlour import memory
from parlour.entrance import Door, owned
from parlour.rights import Who
from parlour.tools import Tools
from parlour.web import sessions
from parlour.web.counting import spared
from parlour.web.gates import LINK, Asked
from parlour.web.visit import aside

PATHS: Final = ["/chat/{token:str}/memory", "/public/chat/{token:str}/memory"]


@get(PATHS, opt={"gate": LINK})
async def memory_page(request: Asked, tools: Tools, token: str) -> Response[Any]:
    """Show what is remembered of this visitor; of who has proved nothing, that nothing is."""
    await spared(request, tools, "transcripts")
    door = await _door(request, tools, token)
    held = None
    if door.proof is not None and door.visitor_id is not None:
        held = await tools.db.read(memory.of_visitor, door.agent_id, door.visitor_id)
    deleted = "deleted" in request.query_params
    return aside.page(request, door, "memory", held=held, is_on=door.remembers, deleted=deleted)


@post(PATHS, opt={"gate": LINK})
async def delete_memory(request: Asked, tools: Tools, token: str) -> Redirect:
    """Delete it, and say so on the page."""
    door = await _door(request, tools, token)
    if door.proof is not None and door.visitor_id is not None:
        who = Who("visitor", door.visitor_id, "", door.workspace_id)
        await memory.delete_own(tools, who, door.agent_id)
    way = aside.action_of(request, "memory")
    return Redirect(f"{way}{'&' if '?' in way else '?'}deleted=1", status_code=303)


async def _door(request: Asked, tools: Tools, token: str) -> Door:
    session = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    return await owned(tools, token, session)
