"""That somebody types: told to those who look on just now, and kept nowhere."""

import sqlalchemy as sa

from parlour.chat import wire
from parlour.conversations import hints, holds
from parlour.conversations.model import Hold, Pen, pen_of
from parlour.kit.clock import Moment
from parlour.kit.errors import Conflict
from parlour.rights import Who
from parlour.tools import Tools


async def visitor_types(tools: Tools, conversation_id: str) -> bool:
    """Tell a person of the team who answers that their visitor types; False: none does.

    Whoever talks to an agent is not watched while they write.
    """
    pen, _ = await tools.db.read(_pen, conversation_id, tools.clock.now())
    if pen is Pen.AGENT:
        return False
    tools.bus.publish(hints.topic(conversation_id), wire.typing("visitor", "", ""))
    return True


async def person_types(tools: Tools, who: Who, conversation_id: str) -> None:
    """Tell a visitor, and colleagues who look on, that whoever has the pen types.

    Conflict for one who has it not: nobody sees somebody write who cannot say anything.
    """
    pen, hold = await tools.db.read(_pen, conversation_id, tools.clock.now())
    if pen is not Pen.OPERATOR or hold is None or not hold.is_by(who.kind, who.id):
        raise Conflict("take the conversation over first", code="not_held")
    kind = "guest" if who.kind == "guest" else "operator"
    note = wire.typing(kind, who.id, hold.by_name)
    tools.bus.publish(hints.topic(conversation_id), note)


def _pen(conn: sa.Connection, conversation_id: str, now: Moment) -> tuple[Pen, Hold | None]:
    hold, asked_until = holds.find(conn, conversation_id)
    return pen_of(hold, asked_until, now), hold


def for_visitor(note: str) -> dict[str, object] | None:
    """Make of a hint what a visitor is told: by the name they read, and by nothing else."""
    kind, _, name = wire.read_typing(note)
    return None if kind == "visitor" else {"author": {"kind": kind, "name": name}}


def for_staff(who: Who, note: str) -> dict[str, object] | None:
    """Make of a hint what somebody of the staff is told; nobody is told that they type."""
    kind, id_, name = wire.read_typing(note)
    return None if id_ == who.id else {"author": {"kind": kind, "name": name}}
