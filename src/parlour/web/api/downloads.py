"""Conversations for programs to keep: what was said and collected as CSV, all of it as JSON."""

from typing import Any, Final

from litestar import Response, get

from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.transcripts import finding
from parlour.web import attached, taking
from parlour.web.gates import key

_SEE: Final = {"gate": key(Permission.CONVERSATIONS_SEE)}
_ONE: Final = "/api/conversations/{conversation_id:str}"


@get(_ONE + "/export.csv", opt=_SEE)
async def export_messages(tools: Tools, who: Who, conversation_id: str) -> Response[Any]:
    """Download what was said as CSV, a message a line. That it was downloaded is written down."""
    return await taking.taken_away(tools, who, conversation_id, "messages.csv")


@get(_ONE + "/variables.csv", opt=_SEE)
async def export_variables(tools: Tools, who: Who, conversation_id: str) -> Response[Any]:
    """Download what was collected as CSV, a variable a line."""
    return await taking.taken_away(tools, who, conversation_id, "variables.csv")


@get(_ONE + "/export.json", opt=_SEE)
async def export_all(tools: Tools, who: Who, conversation_id: str) -> Response[Any]:
    """Download a conversation whole: who, when, what was collected, said, and how."""
    return await taking.taken_away(tools, who, conversation_id, "json")


@get("/api/visitors/{visitor_id:str}/export.json", opt=_SEE)
async def export_visitor(tools: Tools, who: Who, visitor_id: str) -> Response[Any]:
    """Download everything of a visitor: who they are, and all their conversations whole."""
    return await taking.all_taken_away(tools, who, visitor_id)


@get(_ONE + "/files/{file_id:str}", opt=_SEE)
async def read_file(tools: Tools, who: Who, conversation_id: str, file_id: str) -> Response[Any]:
    """Read what the visitor sent along; where personal details are hidden, there is nothing."""
    talk = await tools.db.read(finding.find, who, conversation_id)
    return await attached.given_out(tools, talk.id, file_id, sees=who.sees_personal)


HANDLERS = [export_messages, export_variables, export_all, export_visitor, read_file]
