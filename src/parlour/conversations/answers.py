"""What becomes of answers: visitors rate them, or put others in the place of the last one."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from parlour.conversations.store import conversations, messages
from parlour.kit.db import Prepared

_OF = messages.c.conversation_id == sa.bindparam("conversation")


def rate(
    conn: sa.Connection,
    conversation_id: str,
    message_id: str,
    rating: int | None,
    rated: dict[str, Any] | None,
) -> None:
    """Keep what a visitor makes of an answer: 1 or -1, and why; None takes it back."""
    conn.execute(
        sa.update(messages)
        .where(messages.c.conversation_id == conversation_id, messages.c.id == message_id)
        .values(rating=rating, rated=rated)
    )


def ratings(conn: sa.Connection, ids: Collection[str]) -> dict[str, tuple[int, int]]:
    """Return how many answers visitors found good and poor, of each conversation with any."""
    good = sa.func.sum(sa.case((messages.c.rating > 0, 1), else_=0))
    found = conn.execute(
        sa.select(messages.c.conversation_id, good, sa.func.count())
        .where(messages.c.conversation_id.in_(ids), messages.c.rating.is_not(None))
        .group_by(messages.c.conversation_id)
    )
    return {row[0]: (int(row[1]), int(row[2]) - int(row[1])) for row in found}


def mark(conn: sa.Connection, conversation_id: str) -> str:
    """Return what changes whenever a rating of a conversation does; empty without any."""
    found = conn.execute(
        sa.select(messages.c.seq, messages.c.rating, messages.c.rated)
        .where(messages.c.conversation_id == conversation_id, messages.c.rating.is_not(None))
        .order_by(messages.c.seq)
    )
    return ".".join(f"{seq}{rating:+}{(rated or {}).get('at', '')}" for seq, rating, rated in found)


_LAST = Prepared(
    sa.select(messages.c.id, messages.c.seq)
    .where(
        _OF,
        messages.c.author_kind == "visitor",
        messages.c.superseded.is_(sa.false()),
        messages.c.seq < sa.bindparam("before"),
    )
    .order_by(messages.c.seq.desc())
    .limit(1)
)


def last_question(conn: sa.Connection, conversation_id: str, before: int) -> tuple[str, int] | None:
    """Return the id and the place of what a visitor said last, before a place."""
    row = _LAST.first(conn, conversation=conversation_id, before=before)
    return None if row is None else (row.id, row.seq)


def supersede(conn: sa.Connection, conversation_id: str, seq: int) -> str:
    """Take a reply out of sight, for another one; return its id."""
    failed: str = conn.execute(
        sa.update(messages)
        .where(messages.c.conversation_id == conversation_id, messages.c.seq == seq)
        .values(superseded=True)
        .returning(messages.c.id)
    ).scalar_one()
    return failed


def put_away(conn: sa.Connection, conversation_id: str, seq: int, before: int) -> str | None:
    """Take a question, and all that was answered to it, out of sight, for others.

    The row of the conversation is held. Returns the id of the last reply to it.
    """
    gone = conn.execute(
        sa.update(messages)
        .where(
            messages.c.conversation_id == conversation_id,
            messages.c.seq >= seq,
            messages.c.seq < before,
            messages.c.author_kind.in_(["visitor", "agent"]),
            messages.c.superseded.is_(sa.false()),
        )
        .values(superseded=True)
        .returning(messages.c.id, messages.c.seq, messages.c.author_kind)
    ).all()
    conn.execute(
        sa.update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(message_count=conversations.c.message_count - len(gone))
    )
    replies = sorted((row.seq, row.id) for row in gone if row.author_kind == "agent")
    return replies[-1][1] if replies else None
