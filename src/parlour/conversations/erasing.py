"""Erasing conversations for good, with everything that was said in them."""

from collections.abc import Sequence

import sqlalchemy as sa

from parlour.conversations.store import conversations, messages
from parlour.conversations.turns import turns
from parlour.kit.clock import Moment


def quiet_since(
    conn: sa.Connection, workspace_id: str, before: Moment, at_most: int
) -> dict[str, str]:
    """Find conversations of a workspace whose last word is older, and their visitors, by id."""
    found = conn.execute(
        sa.select(conversations.c.id, conversations.c.visitor_id)
        .where(
            conversations.c.workspace_id == workspace_id,
            conversations.c.last_message_at < before,
            conversations.c.active_turn.is_(None),
        )
        .order_by(conversations.c.last_message_at)
        .limit(at_most)
    )
    return {row.id: row.visitor_id for row in found}


def erase(conn: sa.Connection, ids: Sequence[str]) -> None:
    """Delete conversations, their messages and their turns."""
    conn.execute(sa.delete(turns).where(turns.c.conversation_id.in_(ids)))
    conn.execute(sa.delete(messages).where(messages.c.conversation_id.in_(ids)))
    conn.execute(sa.delete(conversations).where(conversations.c.id.in_(ids)))


def without_any(conn: sa.Connection, visitor_ids: Sequence[str]) -> list[str]:
    """Tell which of these visitors have no conversation any more."""
    having = sa.select(conversations.c.visitor_id).where(
        conversations.c.visitor_id.in_(visitor_ids)
    )
    left = set(conn.execute(having).scalars())
    return [each for each in visitor_ids if each not in left]
