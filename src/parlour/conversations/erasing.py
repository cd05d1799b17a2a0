"""Erasing conversations for good, with everything that was said in them."""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from parlour.conversations.store import conversations, messages
from parlour.conversations.turns import turns
from parlour.kit.clock import MINUTE, SECOND, Moment
from parlour.tools import Tools

SCRUB: Final = "house.scrub"
"""The job after which nothing of what was deleted is left in files, as far as the engine can."""
_LONGEST: Final = 10 * SECOND
"""How long a transaction takes at most."""


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


def count_messages(conn: sa.Connection, ids: Sequence[str]) -> int:
    """Count what was said in these conversations, with what stands there no more."""
    counted = sa.select(sa.func.count()).where(messages.c.conversation_id.in_(ids))
    return int(conn.execute(counted).scalar_one())


def message_ids(conn: sa.Connection, ids: Sequence[str]) -> list[str]:
    """Return the ids of all messages of these conversations."""
    wanted = sa.select(messages.c.id).where(messages.c.conversation_id.in_(ids))
    return list(conn.execute(wanted).scalars())


def erase(conn: sa.Connection, ids: Sequence[str]) -> int:
    """Delete conversations, their messages, notes and turns; return how many there were."""
    conn.execute(sa.delete(turns).where(turns.c.conversation_id.in_(ids)))
    conn.execute(sa.delete(messages).where(messages.c.conversation_id.in_(ids)))
    return conn.execute(sa.delete(conversations).where(conversations.c.id.in_(ids))).rowcount


def scrub_later(conn: sa.Connection, tools: Tools) -> None:
    """Have the files scrubbed soon after this deletion: once for all deletions of a minute.

    The job waits until every transaction of that minute has ended, so that it misses none.
    """
    minute = tools.clock.now() // MINUTE
    due = (minute + 1) * MINUTE + _LONGEST
    tools.queue.enqueue(conn, SCRUB, {}, key=f"{SCRUB}/{minute}", run_at=due)


def without_any(conn: sa.Connection, visitor_ids: Sequence[str]) -> list[str]:
    """Tell which of these visitors have no conversation any more."""
    having = sa.select(conversations.c.visitor_id).where(
        conversations.c.visitor_id.in_(visitor_ids)
    )
    left = set(conn.execute(having).scalars())
    return [each for each in visitor_ids if each not in left]
