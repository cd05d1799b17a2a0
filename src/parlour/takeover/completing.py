"""Having done with a conversation, for a reason, until its visitor says something again."""

import sqlalchemy as sa

from parlour import events
from parlour.conversations import handoffs, hints, holds, reading, store
from parlour.conversations.holds import Held
from parlour.conversations.house import Sentence
from parlour.conversations.model import Completed, Pen, Reason
from parlour.kit.errors import Conflict, FieldError, Invalid, NotFound
from parlour.rights import Who
from parlour.takeover.holding import HeldByOther, opened
from parlour.tools import Tools

REASONS = ", ".join(Reason)


def reason_of(word: str) -> Reason:
    """Read a reason; Invalid for what is none."""
    if word not in set(Reason):
        said = f"must be one of {REASONS}"
        raise Invalid(f"reason {said}", errors=[FieldError("reason", said)])
    return Reason(word)


async def complete(
    tools: Tools, who: Who, conversation_id: str, reason: Reason, seen: int | None = None
) -> bool:
    """Say that the team has done with a conversation; False when it had been said already.

    Whoever of the staff has the pen lays it down; what the visitor says next is answered by the
    agent. `seen` is the place of the last message that whoever says so knows of.

    Raises:
        HeldByOther: somebody else answers there. NotFound: it is gone.
        Conflict: the visitor has closed it, has written behind `seen`, or is being answered.
    """

    def unit(conn: sa.Connection) -> bool:
        now = tools.clock.now()
        held = opened(conn, conversation_id)
        if held.completed:
            return False
        _check(conn, who, held, seen, has_pen=held.pen(now) is Pen.OPERATOR)
        hold = held.hold
        name = who.name if hold is None else hold.by_name
        holds.end(conn, held.id)
        handoffs.end(conn, held.id, now, handoffs.Outcome.CLOSED, who.name)
        store.complete(conn, held.id, Completed(now, who.name[:200], reason))
        holds.tell(conn, held.id, now, Sentence.CLOSED, name)
        if hold is not None:
            told = {"by": hold.by_name, "completed": True}
            events.record(conn, events.Kind.HOLD_RELEASED, who, now, **held.about, data=told)
        completed = events.Kind.CONVERSATION_COMPLETED
        events.record(conn, completed, who, now, **held.about, data={"reason": reason.value})
        hints.announce(conn, tools, held.id, held.workspace_id)
        return True

    return await tools.db.write(unit)


def _check(conn: sa.Connection, who: Who, held: Held, seen: int | None, *, has_pen: bool) -> None:
    if has_pen and held.hold is not None and not held.hold.is_by(who.kind, who.id):
        raise HeldByOther(held.hold)
    if held.active_turn is not None:
        raise Conflict("the agent is answering just now; wait for it, or take over first")
    last = reading.last_said(conn, held.id)
    is_news = seen is not None and last is not None and last.seq > seen
    if is_news and last is not None and last.author_kind == "visitor":
        raise Conflict("the visitor has written something new; read it first", code="moved_on")


async def reopen(tools: Tools, who: Who, conversation_id: str) -> bool:
    """Have a conversation go on that the team had done with; False when it had not."""

    def unit(conn: sa.Connection) -> bool:
        held = holds.lock(conn, conversation_id)
        if held is None:
            raise NotFound("there is no such conversation")
        if not held.completed:
            return False
        store.reopen(conn, held.id)
        now = tools.clock.now()
        events.record(conn, events.Kind.CONVERSATION_REOPENED, who, now, data={}, **held.about)
        hints.announce(conn, tools, held.id, held.workspace_id)
        return True

    return await tools.db.write(unit)
