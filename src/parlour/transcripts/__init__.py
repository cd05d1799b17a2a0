"""The one window for reading a conversation as somebody: what they may see of it, and no more."""

import sqlalchemy as sa

from parlour.conversations import reading
from parlour.kit.clock import Moment
from parlour.transcripts.window import (
    Shown,
    for_visitor,
    one_for_visitor,
    one_shown_to,
    shown_to,
)

__all__ = [
    "Shown",
    "count_of_agent",
    "for_visitor",
    "one_for_visitor",
    "one_shown_to",
    "shown_to",
    "usage_of_links",
]

_AT_A_TIME = 500
"""Names in one statement; databases take only so many."""


def count_of_agent(conn: sa.Connection, agent_id: str) -> int:
    """Count the conversations that visitors had with an agent."""
    return reading.count_of_agent(conn, agent_id)


def usage_of_links(conn: sa.Connection, link_ids: list[str]) -> dict[str, tuple[int, int, Moment]]:
    """Count, for each link that was used: messages, visitors, and when it was last used."""
    counted: dict[str, tuple[int, int, Moment]] = {}
    for start in range(0, len(link_ids), _AT_A_TIME):
        counted |= reading.usage_of_links(conn, link_ids[start : start + _AT_A_TIME])
    return counted
