"""The rows of conversations and messages, and every statement that changes them."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from parlour.conversations.model import FAILED, Message, State
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
    sa.Column("closed_at", sa.BigInteger),
    sa.Index("conversations_recent", "workspace_id", "last_message_at", "id"),
    sa.Index("conversations_agent", "agent_id", "last_message_at", "id"),
    sa.Index("conversations_link", "link_id", "last_message_at", "id"),
    sa.Index("conversations_visitor", "visitor_id", "created_at", "id"),
)
"""`last_reply` is how the last reply that ended came to its end."""

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
IS_CLOSED = _those("conversations_closed", conversations.c.closed_at.is_not(None))
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
    sa.Index("messages_client", "conversation_id", "client_id", unique=True),
)

_CONVERSATION = conversations.c.id == sa.bindparam("conversation")
_OF_CONVERSATION = messages.c.conversation_id == sa.bindparam("conversation")
_AT = sa.and_(_OF_CONVERSATION, messages.c.seq == sa.bindparam("place"))

_TAKE_PLACES = Prepared(
    sa.update(conversations)
    .where(
        conversations.c.visitor_id == sa.bindparam("visitor"), conversations.c.closed_at.is_(None)
    )
    .values(
        last_seq=conversations.c.last_seq + sa.bindparam("count"),
        last_message_at=sa.bindparam("now"),
        message_count=conversations.c.message_count + 1,
    )
    .returning(conversations.c.id, conversations.c.last_seq, conversations.c.active_turn)
)


def take_places(
    conn: sa.Connection, visitor_id: str, now: Moment, count: int
) -> tuple[str, int, str | None] | None:
    """Reserve `count` places, for a message and its reply, and hold the conversation's row.

    Returns its id, the first place, and the turn that is active; None when no conversation is
    open. Until the transaction ends nobody else adds to this conversation.
    """
    row = _TAKE_PLACES.first(conn, visitor=visitor_id, now=now, count=count)
    return None if row is None else (row.id, row.last_seq - count + 1, row.active_turn)


def take_place_of(conn: sa.Connection, conversation_id: str, now: Moment) -> int:
    """Reserve a place for a reply that stands for a failed one, in a row this transaction holds."""
    taken: int = conn.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(
            last_seq=conversations.c.last_seq + 1,
            last_message_at=now,
            message_count=conversations.c.message_count - 1,
        )
        .returning(conversations.c.last_seq)
    ).scalar_one()
    return taken


_BEGIN = inserting(
    conversations,
    "id workspace_id agent_id link_id visitor_id created_at last_message_at message_count"
    " last_seq variables",
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
        variables={},
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


_ADD = inserting(
    messages,
    "conversation_id seq id author_kind author_name text state created_at turn_id client_id epoch"
    " replaces superseded",
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


def supersede(conn: sa.Connection, conversation_id: str, seq: int) -> tuple[str, str]:
    """Take a failed reply out of sight, for another one; return its id and its author's name."""
    failed = conn.execute(
        sa.update(messages)
        .where(messages.c.conversation_id == conversation_id, messages.c.seq == seq)
        .values(superseded=True)
        .returning(messages.c.id, messages.c.author_name)
    ).one()
    return failed.id, failed.author_name


_COUNT_REPLY = Prepared(
    sa.update(conversations)
    .where(_CONVERSATION)
    .values(
        message_count=conversations.c.message_count + 1,
        last_message_at=sa.bindparam("now"),
        last_reply=sa.bindparam("ended"),
    )
    .returning(conversations.c.workspace_id, conversations.c.link_id)
)


def count_reply(
    conn: sa.Connection, conversation_id: str, ended: State, now: Moment
) -> tuple[str, str]:
    """Count a reply that has ended; return the conversation's workspace and link."""
    row = _COUNT_REPLY.one(conn, conversation=conversation_id, ended=ended.value, now=now)
    return row.workspace_id, row.link_id


_VARIABLES = Prepared(sa.select(conversations.c.variables).where(_CONVERSATION))


def variables(conn: sa.Connection, conversation_id: str) -> dict[str, Any]:
    """Return what was learnt in a conversation; nothing of one that is gone."""
    row = _VARIABLES.first(conn, conversation=conversation_id)
    return {} if row is None else dict(row.variables)


def set_variables(conn: sa.Connection, conversation_id: str, learnt: dict[str, Any]) -> None:
    """Keep what was learnt in a conversation whose row this transaction holds."""
    columns = conversations.c
    known = variables(conn, conversation_id)
    conn.execute(
        sa.update(conversations)
        .where(columns.id == conversation_id)
        .values(variables={**known, **learnt})
    )
