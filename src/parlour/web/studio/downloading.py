"""Taking a conversation away from the studio: as files, and as a page to be printed."""

from typing import Any, Final

from litestar import Response, get

from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.transcripts import finding, revealing
from parlour.web import attached, copies, showing, taking
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.sieve import PATH

_SEE: Final = {"gate": person(Permission.CONVERSATIONS_SEE)}
_ONE: Final = PATH + "/{conversation_id:str}"


@get(_ONE + "/messages.csv", opt=_SEE)
async def messages(tools: Tools, seat: Seat, conversation_id: str) -> Response[Any]:
    """Download what was said as CSV."""
    return await taking.taken_away(tools, seat.who, conversation_id, "messages.csv")


@get(_ONE + "/variables.csv", opt=_SEE)
async def variables(tools: Tools, seat: Seat, conversation_id: str) -> Response[Any]:
    """Download what was collected as CSV."""
    return await taking.taken_away(tools, seat.who, conversation_id, "variables.csv")


@get(_ONE + "/conversation.json", opt=_SEE)
async def everything(tools: Tools, seat: Seat, conversation_id: str) -> Response[Any]:
    """Download a conversation whole."""
    return await taking.taken_away(tools, seat.who, conversation_id, "json")


@get(_ONE + "/visitor.json", opt=_SEE)
async def all_of_visitor(tools: Tools, seat: Seat, conversation_id: str) -> Response[Any]:
    """Download everything of the visitor: who they are, and all their conversations."""
    talk = await tools.db.read(finding.find, seat.who, conversation_id)
    return await taking.all_taken_away(tools, seat.who, talk.visitor_id)


@get(_ONE + "/print", opt=_SEE)
async def printed(request: Asked, tools: Tools, seat: Seat, conversation_id: str) -> Response[Any]:
    """Show a conversation as a page to be printed, whole and without anything to press."""
    copy = await copies.take(tools, seat.who, conversation_id, "page")
    return shell.inside(
        request,
        seat,
        "studio/print.html",
        "conversations",
        talk=copy.talk,
        series=copy.series,
        at=copy.at,
        back=f"{PATH}/{copy.talk.id}",
        # Without a place to lead to: on paper nothing leads anywhere.
        lines=[showing.message(each, "") for each in copy.messages],
    )


@get(_ONE + "/files/{file_id:str}", opt=_SEE)
async def file(tools: Tools, seat: Seat, conversation_id: str, file_id: str) -> Response[Any]:
    """Give out what the visitor sent along, to whoever sees personal details here just now."""
    sight = await tools.db.read(revealing.find, seat.who, conversation_id, tools.clock.now())
    sees = sight.who.sees_personal
    return await attached.given_out(tools, sight.talk.id, file_id, sees=sees)


HANDLERS = [messages, variables, everything, all_of_visitor, printed, file]
