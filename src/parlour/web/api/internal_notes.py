"""Internal notes on a conversation for programs, and telling that somebody types."""

from typing import Any, Final

import msgspec
from litestar import Response, delete, get, post

from parlour import takeover
from parlour.chat import typing
from parlour.conversations.internal import InternalNote
from parlour.kit.clock import rfc3339
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.transcripts import asides, record, revealing
from parlour.web.api import asking
from parlour.web.api.strict import Strict
from parlour.web.gates import Asked, key

_ONE: Final = "/api/conversations/{conversation_id:str}"
_SEE: Final = {"gate": key(Permission.CONVERSATIONS_SEE)}
_ANSWER: Final = {"gate": key(Permission.CONVERSATIONS_ANSWER)}


class NewInternalNote(Strict, frozen=True):
    """What the team shall read, and nobody else."""

    text: str
    note_id: str | None = None
    """The writer's own id: the same one again writes nothing twice."""


class InternalNoteShown(msgspec.Struct, frozen=True):
    """What somebody of the team wrote to the others."""

    id: str
    after: int
    """The place (`seq`) of the last message that was there when it was written."""
    by: str
    text: str
    written_at: str


class InternalNoteDeleted(msgspec.Struct, frozen=True):
    """An internal note that is gone."""

    message: str
    note_id: str


def shown(note: InternalNote) -> InternalNoteShown:
    """Show an internal note."""
    return InternalNoteShown(note.id, note.place, note.by_name, note.text, rfc3339(note.written_at))


@get(_ONE + "/internal-notes", opt=_SEE)
async def list_internal_notes(
    tools: Tools, who: Who, conversation_id: str
) -> list[InternalNoteShown]:
    """Read what the team wrote to itself; masked as what was said is."""
    sight = await tools.db.read(revealing.find, who, conversation_id, tools.clock.now())
    await record.note(tools, sight.who, sight.talk)
    found = await tools.db.read(asides.internal_notes, sight.who, sight.talk.id)
    return [shown(each) for each in found]


@post(_ONE + "/internal-notes", opt=_ANSWER, status_code=201)
async def write_internal_note(
    request: Asked, tools: Tools, who: Who, conversation_id: str, data: NewInternalNote
) -> Response[Any]:
    """Write something that only the team reads: no visitor, no guest, and no agent."""
    sight = await tools.db.read(revealing.find, who, conversation_id, tools.clock.now())
    return await asking.made(
        request,
        tools,
        who,
        lambda tools: takeover.note(tools, who, sight.talk.id, data.text, data.note_id),
        shown,
    )


@delete(_ONE + "/internal-notes/{note_id:str}", opt=_ANSWER, status_code=200)
async def delete_internal_note(
    tools: Tools, who: Who, conversation_id: str, note_id: str
) -> InternalNoteDeleted:
    """Delete an internal note that this key wrote."""
    sight = await tools.db.read(revealing.find, who, conversation_id, tools.clock.now())
    await takeover.delete_note(tools, who, sight.talk.id, note_id)
    return InternalNoteDeleted("the internal note has been deleted", note_id)


@post(_ONE + "/typing", opt=_ANSWER, status_code=204)
async def type_(tools: Tools, who: Who, conversation_id: str) -> None:
    """Tell the visitor for some seconds that whoever has the pen types; it is kept nowhere."""
    sight = await tools.db.read(revealing.find, who, conversation_id, tools.clock.now())
    await typing.person_types(tools, who, sight.talk.id)


HANDLERS = [list_internal_notes, write_internal_note, delete_internal_note, type_]
