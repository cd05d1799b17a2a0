"""The rows of conversations and messages."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from parlour.conversations.model import Message, State
from parlour.kit.clock import Moment
from parlour.kit.db import Json, Prepared, Row, Updating, inserting, metadata
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
    sa.Index("conversations_link", "link_id"),
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


_BY_CLIENT_ID = Prepared(
    sa.select(*_MESSAGE).where(_OF_CONVERSATION, messages.c.client_id == sa.bindparam("client"))
)


def by_client_id(conn: sa.Connection, conversation_id: str, client_id: str) -> Message | None:
    """Find what the sender sent under this id of its own; None when it is new."""
    row = _BY_CLIENT_ID.first(conn, conversation=conversation_id, client=client_id)
    return None if row is None else _message(row)


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


_READ = sa.select(*_MESSAGE).where(
    _OF_CONVERSATION,
    messages.c.seq > sa.bindparam("after"),
    messages.c.superseded.is_(sa.false()),
)
_READ_ALL = Prepared(_READ.order_by(messages.c.seq))
_READ_NEWEST = Prepared(
    _READ.where(messages.c.seq <= sa.bindparam("upto"))
    .order_by(messages.c.seq.desc())
    .limit(sa.bindparam("newest"))
)
_LAST_PLACE = 2**31 - 1


def read(
    conn: sa.Connection,
    conversation_id: str,
    *,
    after: int = 0,
    newest: int | None = None,
    upto: int = _LAST_PLACE,
) -> list[Message]:
    """Read messages in order, behind the place `after`, without replies that were tried again.

    `newest` keeps only that many of the last ones, counted from the place `upto`.
    """
    if newest is None:
        found = _READ_ALL.all(conn, conversation=conversation_id, after=after)
        return [_message(row) for row in found]
    found = _READ_NEWEST.all(
        conn, conversation=conversation_id, after=after, upto=upto, newest=newest
    )
    return [_message(row) for row in reversed(found)]


_PROGRESS = Prepared(
    sa.select(conversations.c.last_seq, conversations.c.closed_at).where(_CONVERSATION)
)


def progress(conn: sa.Connection, conversation_id: str) -> tuple[int, bool]:
    """Return the last place taken in a conversation, and whether it is closed or gone."""
    row = _PROGRESS.first(conn, conversation=conversation_id)
    return (0, True) if row is None else (row.last_seq, row.closed_at is not None)


_COUNT = Prepared(sa.select(conversations.c.message_count).where(_CONVERSATION))


def count(conn: sa.Connection, conversation_id: str) -> int:
    """Return how many messages a conversation has, replies under way not counted."""
    row = _COUNT.first(conn, conversation=conversation_id)
    return 0 if row is None else row.message_count


_COUNT_REPLY = Prepared(
    sa.update(conversations)
    .where(_CONVERSATION)
    .values(message_count=conversations.c.message_count + 1, last_message_at=sa.bindparam("now"))
    .returning(conversations.c.workspace_id, conversations.c.link_id)
)


def count_reply(conn: sa.Connection, conversation_id: str, now: Moment) -> tuple[str, str]:
    """Count a reply that has ended; return the conversation's workspace and link."""
    row = _COUNT_REPLY.one(conn, conversation=conversation_id, now=now)
    return row.workspace_id, row.link_id


def variables(conn: sa.Connection, conversation_id: str) -> dict[str, Any]:
    """Return what was learnt in a conversation; nothing of one that is gone."""
    columns = conversations.c
    found = conn.execute(sa.select(columns.variables).where(columns.id == conversation_id)).scalar()
    return dict(found or {})


def set_variables(conn: sa.Connection, conversation_id: str, learnt: dict[str, Any]) -> None:
    """Keep what was learnt in a conversation whose row this transaction holds."""
    columns = conversations.c
    known = variables(conn, conversation_id)
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


def _message(row: Row) -> Message:
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
