"""The rows of conversations and messages, and every statement that changes them."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa

from parlour.conversations.model import FAILED, Completed, Message, State
from parlour.kit.clock import Moment
from parlour.kit.db import Json, Prepared, Updating, inserting, metadata
from parlour.kit.tokens import new_id

conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), nullable=False),
    sa.Column("agent_id", sa.ForeignKey("agents.id"), nullable=False),
    sa.Column("link_id", sa.ForeignKey("links.id"), nullable=False),
    sa.Column("visitor_id", sa.ForeignKey("visitors.id"), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("last_message_at", sa.BigInteger, nullable=False),
    sa.Column("message_count", sa.Integer, nullable=False),
    sa.Column("last_seq", sa.Integer, nullable=False),
    sa.Column("active_turn", sa.String(40)),
    sa.Column("last_reply", sa.String(20)),
    sa.Column("variables", Json, nullable=False),
    sa.Column("language", sa.String(20), nullable=False, server_default="en"),
    sa.Column("closed_at", sa.BigInteger),
    sa.Column("hold_kind", sa.String(20)),
    sa.Column("hold_id", sa.String(40)),
    sa.Column("hold_name", sa.String(200)),
    sa.Column("hold_since", sa.BigInteger),
    sa.Column("hold_until", sa.BigInteger),
    sa.Column("hold_waits", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("asked_until", sa.BigInteger),
    sa.Column("asked_at", sa.BigInteger),
    sa.Column("completed_at", sa.BigInteger),
    sa.Column("completed_by", sa.String(200)),
    sa.Column("completed_for", sa.String(20)),
    sa.Index("conversations_recent", "workspace_id", "last_message_at", "id"),
    sa.Index("conversations_agent", "agent_id", "last_message_at", "id"),
    sa.Index("conversations_link", "link_id", "last_message_at", "id"),
    sa.Index("conversations_visitor", "visitor_id", "created_at", "id"),
)
"""`language` is what the visitor reads the page in; `last_reply` is how the last reply that ended
came to its end; `hold_…` is a `model.Hold`, `completed_…` a `model.Completed`; `asked_at` is since
when a person is asked for."""

sa.Index(
    "conversations_open",
    conversations.c.visitor_id,
    unique=True,
    sqlite_where=conversations.c.closed_at.is_(None),
    postgresql_where=conversations.c.closed_at.is_(None),
)


def _those(name: str, where: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Have an index of these conversations alone, by their last message; return which they are."""
    columns = conversations.c
    sa.Index(
        name,
        columns.workspace_id,
        columns.last_message_at,
        columns.id,
        sqlite_where=where,
        postgresql_where=where,
    )
    return where


IS_ANSWERING = _those("conversations_answering", conversations.c.active_turn.is_not(None))
IS_ASKED = _those("conversations_asked", conversations.c.asked_until.is_not(None))
IS_CLOSED = _those("conversations_closed", conversations.c.closed_at.is_not(None))
IS_HELD = _those("conversations_held", conversations.c.hold_until.is_not(None))
IS_COMPLETED = conversations.c.completed_at.is_not(None)
IS_OVER = _those("conversations_over", sa.or_(IS_COMPLETED, IS_CLOSED))
ENDED_BADLY = _those(
    "conversations_failed",
    # Written out, because an index of some rows serves only statements that say the same.
    conversations.c.last_reply.in_([sa.literal_column(f"'{each}'") for each in FAILED]),
)


messages = sa.Table(
    "messages",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("id", sa.String(40), nullable=False, unique=True),
    sa.Column("author_kind", sa.String(20), nullable=False),
    sa.Column("author_name", sa.String(200), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("turn_id", sa.String(40)),
    sa.Column("client_id", sa.String(100)),
    sa.Column("citations", Json),
    sa.Column("problem", sa.String(40)),
    sa.Column("replaces", sa.String(40)),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("superseded", sa.Boolean, nullable=False),
    sa.Column("extra", Json),
    sa.Column("rating", sa.SmallInteger),
    sa.Column("rated", Json),
    sa.Index("messages_client", "conversation_id", "client_id", unique=True),
)

_IS_RATED = messages.c.rating.is_not(None)
sa.Index(
    "messages_rated",
    messages.c.conversation_id,
    messages.c.rating,
    sqlite_where=_IS_RATED,
    postgresql_where=_IS_RATED,
)

_CONVERSATION = conversations.c.id == sa.bindparam("conversation")
_OF_CONVERSATION = messages.c.conversation_id == sa.bindparam("conversation")
_AT = sa.and_(_OF_CONVERSATION, messages.c.seq == sa.bindparam("place"))

_NOW = sa.bindparam("now", type_=sa.BigInteger)
_IS_SILENT = sa.or_(
    conversations.c.hold_until > _NOW,
    conversations.c.hold_waits,
    conversations.c.asked_until > _NOW,
)
"""`model.pen_of` in the database's words: the agent is not the one who answers."""

_TAKE_PLACES = Prepared(
    sa.update(conversations)
    .where(
        conversations.c.visitor_id == sa.bindparam("visitor"), conversations.c.closed_at.is_(None)
    )
    .values(
        last_seq=conversations.c.last_seq + sa.case((_IS_SILENT, 1), else_=2),
        last_message_at=sa.bindparam("now"),
        message_count=conversations.c.message_count + 1,
        completed_at=None,
        language=sa.func.coalesce(sa.bindparam("language"), conversations.c.language),
    )
    .returning(
        conversations.c.id,
        conversations.c.last_seq,
        conversations.c.active_turn,
        conversations.c.completed_for,
        sa.case((_IS_SILENT, 1), else_=2).label("taken"),
    )
)


class Placed(NamedTuple):
    """Where a visitor's message goes."""

    conversation_id: str
    seq: int
    active: str | None
    """The turn that is being answered."""
    is_answered: bool
    """Whether the agent has the pen; then the next place is its reply's."""
    is_reopened: bool = False
    """Whether the team had done with the conversation."""


def take_places(
    conn: sa.Connection, visitor_id: str, now: Moment, language: str | None = None
) -> Placed | None:
    """Reserve the place of a message, and of its reply if the agent has the pen; hold the row.

    None when no conversation is open. Until the transaction ends nobody else adds to this one.
    What the team had done with is open again.
    `language`: what the visitor reads by now; None leaves it as it is.
    """
    row = _TAKE_PLACES.first(conn, visitor=visitor_id, now=now, language=language)
    if row is None:
        return None
    was_completed = row.completed_for is not None
    if was_completed:
        reopen(conn, row.id)
    seq = row.last_seq - row.taken + 1
    return Placed(row.id, seq, row.active_turn, row.taken == 2, was_completed)


def take_place_of(
    conn: sa.Connection, conversation_id: str, now: Moment, *, counted: int = 1
) -> int:
    """Reserve a place for a reply, in a row this transaction holds.

    `counted`: how many messages that have been counted it stands for, such as a failed reply.
    """
    taken: int = conn.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(
            last_seq=conversations.c.last_seq + 1,
            last_message_at=now,
            message_count=conversations.c.message_count - counted,
        )
        .returning(conversations.c.last_seq)
    ).scalar_one()
    return taken


_BEGIN = inserting(
    conversations,
    "id workspace_id agent_id link_id visitor_id created_at last_message_at message_count"
    " last_seq variables language",
)


def begin(
    conn: sa.Connection,
    *,
    workspace_id: str,
    agent_id: str,
    link_id: str,
    visitor_id: str,
    now: Moment,
    last_seq: int,
    language: str = "en",
    variables: dict[str, Any] | None = None,
) -> str:
    """Open a conversation and return its id; IntegrityError when the visitor has one open."""
    conversation_id = new_id("cnv")
    _BEGIN.run(
        conn,
        id=conversation_id,
        workspace_id=workspace_id,
        agent_id=agent_id,
        link_id=link_id,
        visitor_id=visitor_id,
        created_at=now,
        last_message_at=now,
        message_count=1,
        last_seq=last_seq,
        variables=variables or {},
        language=language,
    )
    return conversation_id


_LOCK = Prepared(
    sa.update(conversations)
    .where(_CONVERSATION)
    .values(last_seq=conversations.c.last_seq)
    .returning(conversations.c.active_turn)
)


def lock(conn: sa.Connection, conversation_id: str) -> str | None:
    """Hold a conversation's row until the transaction ends; return the turn that is active."""
    row = _LOCK.first(conn, conversation=conversation_id)
    return None if row is None else row.active_turn


def close(conn: sa.Connection, conversation_id: str, now: Moment) -> bool:
    """Close a conversation; False when it was closed already."""
    closed = conn.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id, conversations.c.closed_at.is_(None))
        .values(closed_at=now)
    )
    return bool(closed.rowcount)


def complete(conn: sa.Connection, conversation_id: str, completed: Completed) -> None:
    """Keep that the team has done with a conversation; the row must be held."""
    conn.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(
            completed_at=completed.at,
            completed_by=completed.by,
            completed_for=completed.reason.value,
        )
    )


def reopen(conn: sa.Connection, conversation_id: str) -> None:
    """Have a conversation go on that the team had done with; the row must be held."""
    conn.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(completed_at=None, completed_by=None, completed_for=None)
    )


_ADD = inserting(
    messages,
    "conversation_id seq id author_kind author_name text state created_at turn_id client_id epoch"
    " replaces superseded extra",
)


def add_messages(
    conn: sa.Connection, conversation_id: str, rows: list[Message], client_id: str | None = None
) -> None:
    """Append messages; `client_id` is the sender's own id of the first one."""
    for index, row in enumerate(rows):
        _ADD.run(
            conn,
            conversation_id=conversation_id,
            seq=row.seq,
            id=row.id,
            author_kind=row.author_kind,
            author_name=row.author_name,
            text=row.text,
            state=row.state.value,
            created_at=row.created_at,
            turn_id=row.turn_id,
            client_id=client_id if index == 0 else None,
            epoch=row.epoch,
            replaces=row.replaces,
            superseded=False,
            extra=row.extra,
        )


_SAVE_TEXT = Prepared(
    sa.update(messages)
    .where(
        _AT, messages.c.epoch == sa.bindparam("attempt"), messages.c.state == State.WRITING.value
    )
    .values(text=sa.bindparam("so_far"))
)


def save_texts(conn: sa.Connection, texts: Iterable[tuple[str, int, int, str]]) -> None:
    """Save what replies have so far, each unless it has ended or a later attempt is writing it.

    Of each: its conversation's id, its place, the attempt that writes it, and its text.
    """
    names = ("conversation", "place", "attempt", "so_far")
    _SAVE_TEXT.run_each(conn, (dict(zip(names, each, strict=True)) for each in texts))


_CHANGE = Updating(messages, _AT)


def change(conn: sa.Connection, conversation_id: str, seq: int, **values: Any) -> None:
    """Change columns of one message."""
    _CHANGE.run(conn, values, conversation=conversation_id, place=seq)


def workspace_of(conn: sa.Connection, conversation_id: str) -> str:
    """Return the workspace of a conversation that is there."""
    wanted = sa.select(conversations.c.workspace_id).where(conversations.c.id == conversation_id)
    return str(conn.execute(wanted).scalar_one())


_COUNT_REPLY = Prepared(
    sa.update(conversations)
    .where(_CONVERSATION)
    .values(
        message_count=conversations.c.message_count + 1,
        last_message_at=sa.bindparam("now"),
        last_reply=sa.bindparam("ended"),
    )
    .returning(conversations.c.workspace_id, conversations.c.agent_id, conversations.c.link_id)
)


def count_reply(
    conn: sa.Connection, conversation_id: str, ended: State, now: Moment
) -> tuple[str, str, str]:
    """Count a reply that has ended; return the conversation's workspace, agent and link."""
    row = _COUNT_REPLY.one(conn, conversation=conversation_id, ended=ended.value, now=now)
    return row.workspace_id, row.agent_id, row.link_id


_LEARNT = Prepared(
    sa.select(conversations.c.variables, conversations.c.language).where(_CONVERSATION)
)


class Learnt(NamedTuple):
    """What an agent is told of a conversation beside what was said."""

    variables: dict[str, Any]
    language: str
    """What the visitor reads, as a language tag."""


def learnt(conn: sa.Connection, conversation_id: str) -> Learnt:
    """Return what was learnt in a conversation; nothing of one that is gone."""
    row = _LEARNT.first(conn, conversation=conversation_id)
    return Learnt({}, "en") if row is None else Learnt(dict(row.variables), row.language)


def set_variables(conn: sa.Connection, conversation_id: str, more: dict[str, Any]) -> None:
    """Keep what was learnt in a conversation whose row this transaction holds."""
    columns = conversations.c
    known = learnt(conn, conversation_id).variables
    conn.execute(
        sa.update(conversations)
        .where(columns.id == conversation_id)
        .values(variables={**known, **more})
    )
