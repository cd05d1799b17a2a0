"""The rows of holds: who answers in a conversation instead of the agent, and what is said of it."""

from dataclasses import dataclass

import sqlalchemy as sa

from parlour.conversations.house import Sentence
from parlour.conversations.model import Hold, Message, Pen, State, pen_of
from parlour.conversations.store import add_messages, conversations
from parlour.conversations.turns import stop_all
from parlour.kit.clock import Moment
from parlour.kit.db import Prepared, Row
from parlour.kit.tokens import new_id

LAPSE = "takeover.lapse"
"""The job that tidies up once a hold has lapsed, or a person that was asked for has not come."""

EVER = 2**62
"""A moment that does not come: a person is asked for until somebody sees to it."""

COLUMNS = [
    conversations.c.hold_kind,
    conversations.c.hold_id,
    conversations.c.hold_name,
    conversations.c.hold_since,
    conversations.c.hold_until,
    conversations.c.hold_waits,
    conversations.c.asked_until,
    conversations.c.asked_at,
]
_THIS = conversations.c.id == sa.bindparam("conversation")


@dataclass(frozen=True, slots=True)
class Held:
    """A conversation as far as deciding who answers needs it."""

    id: str
    workspace_id: str
    agent_id: str
    link_id: str
    visitor_id: str
    closed: bool
    active_turn: str | None
    hold: Hold | None
    asked_until: Moment | None
    completed: bool = False
    """Whether the team has done with it."""

    @property
    def about(self) -> dict[str, str]:
        """What an event of this conversation tells it is about."""
        return {
            "agent_id": self.agent_id,
            "link_id": self.link_id,
            "conversation_id": self.id,
        }

    def is_free(self, now: Moment) -> bool:
        """Whether the agent may begin to answer: it is open, its pen, and nothing is answered."""
        return not self.closed and self.active_turn is None and self.pen(now) is Pen.AGENT

    def pen(self, now: Moment) -> Pen:
        """Say who answers at a moment."""
        return pen_of(self.hold, self.asked_until, now)


_HOLD = Prepared(
    sa.update(conversations)
    .where(_THIS)
    .values(last_seq=conversations.c.last_seq)
    .returning(
        conversations.c.id,
        conversations.c.workspace_id,
        conversations.c.agent_id,
        conversations.c.link_id,
        conversations.c.visitor_id,
        conversations.c.closed_at,
        conversations.c.completed_at,
        conversations.c.active_turn,
        *COLUMNS,
    )
)


def lock(conn: sa.Connection, conversation_id: str) -> Held | None:
    """Read a conversation that nobody else adds to until the transaction ends; None when gone."""
    row = _HOLD.first(conn, conversation=conversation_id)
    if row is None:
        return None
    return Held(
        row.id,
        row.workspace_id,
        row.agent_id,
        row.link_id,
        row.visitor_id,
        row.closed_at is not None,
        row.active_turn,
        hold_of(row),
        row.asked_until,
        row.completed_at is not None,
    )


_FIND = Prepared(sa.select(*COLUMNS).where(_THIS))


def find(conn: sa.Connection, conversation_id: str) -> tuple[Hold | None, Moment | None]:
    """Return the hold of a conversation, and until when a person is asked for, if any."""
    row = _FIND.first(conn, conversation=conversation_id)
    return (None, None) if row is None else (hold_of(row), row.asked_until)


def hold_of(row: Row) -> Hold | None:
    """Read the hold in a row of `conversations`."""
    if row.hold_until is None:
        return None
    return Hold(
        row.hold_kind or "",
        row.hold_id or "",
        row.hold_name or "",
        row.hold_since or 0,
        row.hold_until,
        bool(row.hold_waits),
    )


def begin(conn: sa.Connection, conversation_id: str, hold: Hold, now: Moment) -> list[str]:
    """Give the pen to a person: every reply under way ends with what there is of it.

    The conversation's row must be held by this transaction. Returns the turns that ended before
    anybody had begun to run them.
    """
    unbegun = stop_all(conn, conversation_id, now)
    asked = (now, EVER) if hold.waits else None
    _set(conn, conversation_id, hold, asked)
    return unbegun


def prolong(conn: sa.Connection, conversation_id: str, until: Moment) -> None:
    """Have a hold last until another moment; the row must be held."""
    conn.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(hold_until=until)
    )


def rename(conn: sa.Connection, conversation_id: str, name: str) -> None:
    """Have whoever has the pen be called by another name; the row must be held."""
    conn.execute(
        sa.update(conversations).where(conversations.c.id == conversation_id).values(hold_name=name)
    )


def end(
    conn: sa.Connection, conversation_id: str, asked: tuple[Moment, Moment] | None = None
) -> None:
    """Take the pen from whoever has it; `asked`: from when until when another one may come."""
    _set(conn, conversation_id, None, asked)


def arrive(conn: sa.Connection, conversation_id: str, hold: Hold) -> None:
    """Note that whoever was given the pen is there: it goes back to the agent after them."""
    _set(conn, conversation_id, hold, None)


def _set(
    conn: sa.Connection,
    conversation_id: str,
    hold: Hold | None,
    asked: tuple[Moment, Moment] | None,
) -> None:
    conn.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(
            hold_kind=None if hold is None else hold.by_kind,
            hold_id=None if hold is None else hold.by_id,
            hold_name=None if hold is None else hold.by_name,
            hold_since=None if hold is None else hold.since,
            hold_until=None if hold is None else hold.until,
            hold_waits=hold is not None and hold.waits,
            asked_at=None if asked is None else asked[0],
            asked_until=None if asked is None else asked[1],
        )
    )


def tell(
    conn: sa.Connection, conversation_id: str, now: Moment, what: Sentence, name: str = ""
) -> Message:
    """Add what the house itself says, about somebody where it names one; the row must be held."""
    return say(conn, conversation_id, now, what.about(name), kind="system", name=name)


def say(
    conn: sa.Connection,
    conversation_id: str,
    now: Moment,
    text: str,
    *,
    kind: str,
    name: str = "",
    client_id: str | None = None,
) -> Message:
    """Add what somebody says who is not the visitor; the row must be held."""
    heard = {"last_message_at": now, "message_count": conversations.c.message_count + 1}
    seq = conn.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(last_seq=conversations.c.last_seq + 1, **({} if kind == "system" else heard))
        .returning(conversations.c.last_seq)
    ).scalar_one()
    message = Message(new_id("msg"), seq, kind, name, text, State.DONE, now)
    add_messages(conn, conversation_id, [message], client_id)
    return message
