"""The rows that go with conversations and with a visitor, whoever has them go."""

from collections.abc import Collection

import sqlalchemy as sa

from parlour import events, memory, visitors
from parlour.budgets import spending
from parlour.conversations import erasing
from parlour.conversations import turns as rows
from parlour.kit import queue
from parlour.verification import identities


def drop_conversations(conn: sa.Connection, ids: Collection[str]) -> int:
    """Delete conversations with all that hangs on them; return how many there were.

    No reply of theirs may be under way.
    """
    wanted = sorted(ids)
    queue.drop(conn, "turn", rows.ids_of(conn, wanted))
    queue.drop(conn, "conversation", wanted)
    count = erasing.erase(conn, wanted)
    events.blank(conn, wanted)
    return count


def drop_visitor(conn: sa.Connection, agent_id: str, visitor_id: str) -> bool:
    """Delete a visitor whose conversations have gone; False: there is none any more."""
    memory.forget(conn, agent_id, visitor_id)
    identities.erase(conn, [visitor_id])
    gone = visitors.erase(conn, [visitor_id])
    spending.erase(conn, [visitor_id])
    return gone > 0
