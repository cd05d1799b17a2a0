"""What people of the team write to one another beside a conversation: internal notes."""

from typing import Final

import sqlalchemy as sa

from parlour import events
from parlour.conversations import hints, holds, internal, reading, texts
from parlour.conversations.internal import InternalNote
from parlour.kit.errors import FieldError, Invalid, NotAllowed, NotFound
from parlour.kit.texts import trouble
from parlour.kit.tokens import new_id
from parlour.rights import Who
from parlour.tools import Tools

LONGEST: Final = 4_000
"""Characters of an internal note."""


async def note(
    tools: Tools, who: Who, conversation_id: str, text: str, client_id: str | None = None
) -> InternalNote:
    """Write an internal note, whoever has the pen, and whether it is open or not.

    The same `client_id` again writes nothing and returns what was written the first time.
    NotFound when the conversation is gone; Invalid for a text that is none, or too long.
    """
    text = text.replace("\r\n", "\n").strip()
    if (said := trouble(text, LONGEST, lines=True)) is not None:
        raise Invalid(f"the note {said}", errors=[FieldError("message", said)])
    texts.checked_id(client_id)

    def unit(conn: sa.Connection) -> InternalNote:
        held = holds.lock(conn, conversation_id)
        if held is None:
            raise NotFound("there is no such conversation")
        if client_id is not None:
            before = internal.by_client_id(conn, held.id, client_id)
            if before is not None:
                return before
        now = tools.clock.now()
        place, _ = reading.progress(conn, held.id)
        name = who.name[:200]
        made = InternalNote(new_id("itn"), place, who.kind, who.id, name, text, now)
        internal.add(conn, held.id, made, client_id)
        told = {"note": made.id}
        events.record(conn, events.Kind.INTERNAL_NOTE_ADDED, who, now, **held.about, data=told)
        hints.announce(conn, tools, held.id, held.workspace_id)
        return made

    return await tools.db.write(unit)


async def delete_note(tools: Tools, who: Who, conversation_id: str, note_id: str) -> None:
    """Delete an internal note of one's own. NotAllowed for somebody else's; NotFound."""

    def unit(conn: sa.Connection) -> None:
        held = holds.lock(conn, conversation_id)
        found = None if held is None else internal.find(conn, held.id, note_id)
        if held is None or found is None:
            raise NotFound("there is no such note")
        if (found.by_kind, found.by_id) != (who.kind, who.id):
            raise NotAllowed("only who wrote it may delete it")
        internal.delete(conn, found.id)
        now, told = tools.clock.now(), {"note": found.id}
        events.record(conn, events.Kind.INTERNAL_NOTE_DELETED, who, now, **held.about, data=told)
        hints.announce(conn, tools, held.id, held.workspace_id)

    return await tools.db.write(unit)
