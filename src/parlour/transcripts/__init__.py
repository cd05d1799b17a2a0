"""The one window for reading a conversation as somebody: what they may see of it, and no more."""

import sqlalchemy as sa

from parlour.conversations import listing, reading, turns
from parlour.conversations.model import Wanted
from parlour.kit.clock import Moment
from parlour.rights import Who
from parlour.transcripts import finding
from parlour.transcripts.window import (
    Shown,
    as_seen_by,
    for_visitor,
    label,
    link_name,
    one_for_visitor,
    one_shown_to,
    shown_to,
    some_shown_to,
)

__all__ = [
    "Shown",
    "answered_by",
    "as_seen_by",
    "count",
    "count_of_agent",
    "for_visitor",
    "label",
    "link_name",
    "one_for_visitor",
    "one_shown_to",
    "shown_to",
    "some_shown_to",
    "usage_of_links",
]

_AT_A_TIME = 500
"""Names in one statement; databases take only so many."""


def count(conn: sa.Connection, who: Who, wanted: Wanted) -> int:
    """Count the conversations that are wanted, among those that somebody may see."""
    scoped = finding.within(who, wanted)
    return 0 if scoped is None else listing.count(conn, who.workspace_id, scoped)


def count_of_agent(conn: sa.Connection, agent_id: str) -> int:
    """Count the conversations that visitors had with an agent."""
    return reading.count_of_agent(conn, agent_id)


def answered_by(conn: sa.Connection, shown: Shown) -> str | None:
    """Return the id of the agent that wrote a message; None for what no agent wrote."""
    turn = turns.find(conn, shown.turn_id) if shown.turn_id else None
    return None if turn is None else turn.agent_id


def usage_of_links(conn: sa.Connection, link_ids: list[str]) -> dict[str, tuple[int, int, Moment]]:
    """Count, for each link that was used: messages, visitors, and when it was last used."""
    counted: dict[str, tuple[int, int, Moment]] = {}
    for start in range(0, len(link_ids), _AT_A_TIME):
        counted |= reading.usage_of_links(conn, link_ids[start : start + _AT_A_TIME])
    return counted
