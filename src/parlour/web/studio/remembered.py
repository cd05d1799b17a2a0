"""Deleting what an agent remembers of a visitor, in the studio, beside their conversation."""

from typing import Any

from litestar import Response, post

from parlour import memory
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.transcripts import finding
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.sieve import PATH
from parlour.web.studio.telling import Told


@post(
    PATH + "/{conversation_id:str}/memory/delete",
    opt={"gate": person(Permission.CONVERSATIONS_FORGET)},
)
async def delete(request: Asked, tools: Tools, seat: Seat, conversation_id: str) -> Response[Any]:
    """Delete what is remembered of the visitor; what was said stays."""
    talk = await tools.db.read(finding.find, seat.who, conversation_id)
    deleted = await memory.delete(tools, seat.who, talk.visitor_id)
    said = "What was remembered has been deleted." if deleted else "Nothing was remembered."
    return shell.tell(request, seat, f"{PATH}/{talk.id}", Told(said))


HANDLERS = [delete]
