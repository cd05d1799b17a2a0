"""The rows of conversations and messages."""

from typing import Any

import sqlalchemy as sa

from parlour.conversations.model import Message, State
from parlour.kit.clock import Moment
from parlour.kit.db import Json, metadata
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
    sa.Column("variables", Json, nullable=False),
    sa.Column("closed_at", sa.BigInteger),
    sa.Index("conversations_link", "link_id", "last_message_at"),
)
sa.Index(
    "conversations_open",
    conversations.c.visitor_id,
    unique=True,
    sqlite_where=conversations.c.closed_at.is_(None),
    postgresql_where=conversations.c.closed_at.is_(None),
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

_MESSAGE = [
    messages.c.id,
    messages.c.seq,
    messages.c.author_kind,
    messages.c.author_name,
    messages.c.text,
    messages.c.state,
    messages.c.created_at,
    messages.c.turn_id,
    messages.c.citations,
    messages.c.problem,
    messages.c.epoch,
    messages.c.replaces,
]


def take_places(
    conn: sa.Connection, visitor_id: str, now: Moment, count: int
) -> tuple[str, int, str | None] | None:
    """Reserve `count` places, for a message and its reply, and hold the conversation's row.

    Returns its id, the first place, and the turn that is active; None when no conversation is
    open. Until the transaction ends nobody else adds to this conversation.
    """
    columns = conversations.c
    row = conn.execute(
        sa.update(conversations)
        .where(columns.visitor_id == visitor_id, columns.closed_at.is_(None))
        .values(
            last_seq=columns.last_seq + count,
            last_message_at=now,
            message_count=columns.message_count + 1,
        )
        .returning(columns.id, columns.last_seq, columns.active_turn)
    ).first()
    return None if row is None else (row.id, row.last_seq - count + 1, row.active_turn)


def take_place_of(conn: sa.Connection, conversation_id: str, now: Moment) -> int:
    """Reserve the next place in a conversation whose row this transaction holds."""
    taken: int = conn.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(last_seq=conversations.c.last_seq + 1, last_message_at=now)
        .returning(conversations.c.last_seq)
    ).scalar_one()
    return taken


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
    values = {
        "id": conversation_id,
        "workspace_id": workspace_id,
        "agent_id": agent_id,
        "link_id": link_id,
        "visitor_id": visitor_id,
        "created_at": now,
        "last_message_at": now,
        "message_count": 1,
        "last_seq": last_seq,
        "variables": {},
    }
    conn.execute(sa.insert(conversations), values)
    return conversation_id


def lock(conn: sa.Connection, conversation_id: str) -> str | None:
    """Hold a conversation's row until the transaction ends; return the turn that is active."""
    return conn.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(last_seq=conversations.c.last_seq)
        .returning(conversations.c.active_turn)
    ).scalar()


def close(conn: sa.Connection, conversation_id: str, now: Moment) -> bool:
    """Close a conversation; False when it was closed already."""
    closed = conn.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id, conversations.c.closed_at.is_(None))
        .values(closed_at=now)
    )
    return bool(closed.rowcount)


def add_messages(
    conn: sa.Connection, conversation_id: str, rows: list[Message], client_id: str | None = None
) -> None:
    """Append messages; `client_id` is the sender's own id of the first one."""
    conn.execute(
        sa.insert(messages),
        [
            {
                "conversation_id": conversation_id,
                "seq": row.seq,
                "id": row.id,
                "author_kind": row.author_kind,
                "author_name": row.author_name,
                "text": row.text,
                "state": row.state.value,
                "created_at": row.created_at,
                "turn_id": row.turn_id,
                "client_id": client_id if index == 0 else None,
                "epoch": row.epoch,
                "replaces": row.replaces,
                "superseded": False,
            }
            for index, row in enumerate(rows)
        ],
    )


def by_client_id(conn: sa.Connection, conversation_id: str, client_id: str) -> Message | None:
    """Find what the sender sent under this id of its own; None when it is new."""
    row = conn.execute(
        sa.select(*_MESSAGE).where(
            messages.c.conversation_id == conversation_id, messages.c.client_id == client_id
        )
    ).first()
    return None if row is None else _message(row)


def save_text(conn: sa.Connection, conversation_id: str, seq: int, epoch: int, text: str) -> None:
    """Save what a reply has so far, unless a later attempt is writing it."""
    conn.execute(
        sa.update(messages)
        .where(
            messages.c.conversation_id == conversation_id,
            messages.c.seq == seq,
            messages.c.epoch == epoch,
            messages.c.state == State.WRITING.value,
        )
        .values(text=text)
    )


def change(conn: sa.Connection, conversation_id: str, seq: int, **values: Any) -> None:
    """Change columns of one message."""
    conn.execute(
        sa.update(messages)
        .where(messages.c.conversation_id == conversation_id, messages.c.seq == seq)
        .values(**values)
    )


def supersede(conn: sa.Connection, conversation_id: str, seq: int) -> tuple[str, str]:
    """Take a failed reply out of sight, for another one; return its id and its author's name."""
    failed = conn.execute(
        sa.update(messages)
        .where(messages.c.conversation_id == conversation_id, messages.c.seq == seq)
        .values(superseded=True)
        .returning(messages.c.id, messages.c.author_name)
    ).one()
    return failed.id, failed.author_name


def read(
    conn: sa.Connection,
    conversation_id: str,
    *,
    after: int = 0,
    upto: int | None = None,
    newest: int | None = None,
) -> list[Message]:
    """Read messages in order, without replies that were tried again.

    `after` and `upto` bound the places; `newest` keeps only that many of the last ones.
    """
    wanted = sa.select(*_MESSAGE).where(
        messages.c.conversation_id == conversation_id,
        messages.c.seq > after,
        messages.c.superseded.is_(sa.false()),
    )
    if upto is not None:
        wanted = wanted.where(messages.c.seq <= upto)
    if newest is None:
        return [_message(row) for row in conn.execute(wanted.order_by(messages.c.seq))]
    last = conn.execute(wanted.order_by(messages.c.seq.desc()).limit(newest))
    return [_message(row) for row in last][::-1]


def progress(conn: sa.Connection, conversation_id: str) -> tuple[int, bool]:
    """Return the last place taken in a conversation, and whether it is closed or gone."""
    row = conn.execute(
        sa.select(conversations.c.last_seq, conversations.c.closed_at).where(
            conversations.c.id == conversation_id
        )
    ).first()
    return (0, True) if row is None else (row.last_seq, row.closed_at is not None)


def count(conn: sa.Connection, conversation_id: str) -> int:
    """Return how many messages a conversation has, replies under way not counted."""
    wanted = sa.select(conversations.c.message_count).where(conversations.c.id == conversation_id)
    return conn.execute(wanted).scalar() or 0


def count_reply(conn: sa.Connection, conversation_id: str, now: Moment) -> None:
    """Count a reply that has ended."""
    conn.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(message_count=conversations.c.message_count + 1, last_message_at=now)
    )


def whose(conn: sa.Connection, conversation_id: str) -> dict[str, str]:
    """Return `workspace_id` and `link_id` of a conversation that exists."""
    columns = conversations.c
    row = conn.execute(
        sa.select(columns.workspace_id, columns.link_id).where(columns.id == conversation_id)
    ).one()
    return {"workspace_id": row.workspace_id, "link_id": row.link_id}


def set_variables(conn: sa.Connection, conversation_id: str, learnt: dict[str, Any]) -> None:
    """Keep what was learnt in a conversation whose row this transaction holds."""
    columns = conversations.c
    known = conn.execute(
        sa.select(columns.variables).where(columns.id == conversation_id)
    ).scalar_one()
    conn.execute(
        sa.update(conversations)
        .where(columns.id == conversation_id)
        .values(variables={**known, **learnt})
    )


def one(conn: sa.Connection, conversation_id: str, message_id: str) -> Message | None:
    """Find a message of a conversation; None when it is absent or another conversation's."""
    row = conn.execute(
        sa.select(*_MESSAGE).where(
            messages.c.conversation_id == conversation_id, messages.c.id == message_id
        )
    ).first()
    return None if row is None else _message(row)


def usage_of_links(conn: sa.Connection, link_ids: list[str]) -> dict[str, tuple[int, int, int]]:
    """Count, for each link: messages, visitors, and when it was last used."""
    columns = conversations.c
    rows = conn.execute(
        sa.select(
            columns.link_id,
            sa.func.sum(columns.message_count),
            sa.func.count(columns.visitor_id.distinct()),
            sa.func.max(columns.last_message_at),
        )
        .where(columns.link_id.in_(link_ids))
        .group_by(columns.link_id)
    )
    return {row[0]: (int(row[1]), row[2], row[3]) for row in rows}


def _message(row: sa.Row[Any]) -> Message:
    return Message(
        row.id,
        row.seq,
        row.author_kind,
        row.author_name,
        row.text,
        State(row.state),
        row.created_at,
        row.turn_id,
        tuple(row.citations or ()),
        row.problem,
        row.epoch,
        row.replaces,
    )
