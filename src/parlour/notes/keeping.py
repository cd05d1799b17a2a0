"""Leaving a note, seeing to it, and deleting it."""

from typing import Final

import sqlalchemy as sa

from parlour import events
from parlour.events import Kind
from parlour.kit.clock import Moment
from parlour.kit.db import insert_or_ignore
from parlour.kit.errors import FieldError, Invalid
from parlour.kit.texts import trouble
from parlour.notes.store import Note, find, notes
from parlour.rights import Who
from parlour.tools import Tools

LONGEST: Final = 2_000
"""Characters of a note."""
LONGEST_CONTACT: Final = 200

_N: Final = notes.c


def checked(text: str, contact: str) -> tuple[str, str]:
    """Return what somebody wrote as it is kept; Invalid says which part does not fit."""
    text, contact = text.replace("\r\n", "\n").strip(), " ".join(contact.split())
    found = {
        "text": trouble(text, LONGEST, lines=True),
        "contact": trouble(contact, LONGEST_CONTACT, empty=True),
    }
    errors = [FieldError(name, said) for name, said in found.items() if said is not None]
    if errors:
        raise Invalid("the note does not fit", errors=errors)
    return text, contact


def leave(conn: sa.Connection, note: Note, workspace_id: str) -> bool:
    """Keep a note inside a unit of work; False when it was kept already.

    Who left it stays unknown: the event names nobody.
    """
    values = {name: getattr(note, name) for name in Note.__slots__ if name != "masked"}
    adding = insert_or_ignore(conn, notes).values(workspace_id=workspace_id, **values)
    if conn.execute(adding.returning(_N.id)).first() is None:
        return False
    somebody = Who("visitor", "", "", workspace_id)
    _record(conn, Kind.NOTE_LEFT, somebody, note, note.left_at)
    return True


async def see_to(tools: Tools, who: Who, note_id: str, *, done: bool) -> Note:
    """Say that a note was seen to, or that it was not after all; NotFound when there is none.

    Saying it again changes nothing: the first one who saw to it stays the one who did.
    """

    def unit(conn: sa.Connection) -> Note:
        note = find(conn, who, note_id)
        now = tools.clock.now()
        by, at = (who.name[:200], now) if done else (None, None)
        is_other = _N.done_at.is_(None) if done else _N.done_at.is_not(None)
        changed = sa.update(notes).where(_N.id == note.id, is_other)
        if conn.execute(changed.values(done_at=at, done_by=by)).rowcount:
            _record(conn, Kind.NOTE_DONE if done else Kind.NOTE_REOPENED, who, note, now)
        return find(conn, who, note_id)

    return await tools.db.write(unit)


async def delete(tools: Tools, who: Who, note_id: str) -> None:
    """Delete a note for good; NotFound when there is none."""

    def unit(conn: sa.Connection) -> None:
        note = find(conn, who, note_id)
        conn.execute(sa.delete(notes).where(_N.id == note.id))
        _record(conn, Kind.NOTE_DELETED, who, note, tools.clock.now())

    await tools.db.write(unit)


def _record(conn: sa.Connection, kind: Kind, who: Who, note: Note, now: Moment) -> None:
    about = {"agent_id": note.agent_id, "link_id": note.link_id}
    if note.conversation_id is not None:
        about["conversation_id"] = note.conversation_id
    events.record(conn, kind, who, now, data={"note": note.id}, **about)
