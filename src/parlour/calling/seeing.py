"""Saying that one sees to a handoff; and leaving an address after nobody could."""

from typing import Final

import sqlalchemy as sa

from parlour import events
from parlour.conversations import handoffs, hints, holds, reading
from parlour.conversations.handoffs import Handoff, Outcome, Why
from parlour.conversations.house import Sentence
from parlour.conversations.model import Pen
from parlour.events import Kind
from parlour.kit.clock import MINUTE
from parlour.kit.errors import Conflict, FieldError, Invalid
from parlour.kit.texts import trouble
from parlour.notes import keeping
from parlour.notes.store import Note, Wish
from parlour.rights import Who
from parlour.tools import Tools
from parlour.transcripts import finding

NOBODY: Final = "nobody_came"
"""Why somebody wants to be written to, as notes tell it."""
_EXCERPT: Final = 500
_NEWEST: Final = 50


async def acknowledge(tools: Tools, who: Who, conversation_id: str) -> Handoff:
    """Say that one sees to it: the visitor reads so and waits on, and nobody else is called.

    It is not to answer yet. Said again, or by somebody else, it changes nothing: the first one is
    who sees to it.

    Raises:
        Conflict: nobody is asked for there. NotFound: it is out of their sight.
    """

    def unit(conn: sa.Connection) -> Handoff:
        now = tools.clock.now()
        talk = finding.find(conn, who, conversation_id)
        held = holds.lock(conn, talk.id)
        found = handoffs.latest(conn, talk.id)
        if held is None or found is None or held.pen(now) is not Pen.REQUESTED:
            raise Conflict("nobody waits for a person here", code="not_requested")
        until = found.until
        if found.ends:
            until = max(until, now + round(tools.settings.handoff_minutes * MINUTE))
        if handoffs.see(conn, found.id, who.name, now, until):
            asked_at = talk.asked_at or found.asked_at
            holds.end(conn, held.id, asked=(asked_at, until))
            holds.tell(conn, held.id, now, Sentence.COMING, who.name)
            told = {"handoff": found.id}
            events.record(conn, Kind.HANDOFF_ACKNOWLEDGED, who, now, **held.about, data=told)
            hints.announce(conn, tools, held.id, held.workspace_id)
        return handoffs.find(conn, found.id) or found

    return await tools.db.write(unit)


async def leave_address(tools: Tools, conversation_id: str, contact: str, text: str = "") -> None:
    """Leave an address in a conversation in which nobody came, to be written to, once.

    Raises:
        Conflict: somebody may still come, has come, or an address was left already.
        Invalid: what was written does not fit.
    """
    contact, text = " ".join(contact.split()), text.replace("\r\n", "\n").strip()
    _check(contact, text)

    def unit(conn: sa.Connection) -> None:
        now = tools.clock.now()
        held = holds.lock(conn, conversation_id)
        found = handoffs.latest(conn, conversation_id)
        if held is None or found is None or found.outcome != Outcome.EXPIRED:
            raise Conflict("there is nothing to leave an address for", code="nothing_to_leave")
        note = Note(
            id=f"nte_{tools.keys.hashed(f'address {found.id}')[:22]}",
            agent_id=held.agent_id,
            link_id=held.link_id,
            wish=Wish.ANSWER,
            why=NOBODY,
            text=text or _last_of_visitor(conn, held.id) or "—",
            contact=contact,
            left_at=now,
            done_at=None,
            done_by=None,
            conversation_id=held.id,
        )
        if not keeping.leave(conn, note, held.workspace_id):
            raise Conflict("an address has been left already", code="nothing_to_leave")
        holds.tell(conn, held.id, now, Sentence.NOTED)
        handoffs.tell(conn, tools, found.id, Why.LEFT)
        hints.announce(conn, tools, held.id, held.workspace_id)

    await tools.db.write(unit)


def _last_of_visitor(conn: sa.Connection, conversation_id: str) -> str:
    """Return what the visitor said last; it may be some messages ago."""
    said = reading.read(conn, conversation_id, newest=_NEWEST)
    own = (each.text for each in reversed(said) if each.author_kind == "visitor")
    return next(own, "")[:_EXCERPT]


def _check(contact: str, text: str) -> None:
    found = {
        "contact": trouble(contact, keeping.LONGEST_CONTACT),
        "text": trouble(text, keeping.LONGEST, lines=True, empty=True),
    }
    errors = [FieldError(name, said) for name, said in found.items() if said is not None]
    if errors:
        raise Invalid("the address does not fit", errors=errors)
