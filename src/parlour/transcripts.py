"""The one window for reading a conversation as somebody: what they may see of it, and no more."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from parlour.conversations import store
from parlour.conversations.model import Message, State
from parlour.kit.clock import Moment

_AT_A_TIME = 500
"""Names in one statement; databases take only so many."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as somebody may see it. Pages and streams take nothing else."""

    id: str
    seq: int
    author_kind: str
    author_name: str
    text: str
    state: State
    created_at: Moment
    turn_id: str | None
    epoch: int
    citations: tuple[dict[str, Any], ...]
    problem: str | None
    replaces: str | None


def for_visitor(
    conn: sa.Connection, conversation_id: str, *, after: int = 0, newest: int | None = None
) -> list[Shown]:
    """Read a visitor's own conversation, which the caller found through the visitor's session."""
    found = store.read(conn, conversation_id, after=after, newest=newest)
    return [_own(message) for message in found]


def one_for_visitor(conn: sa.Connection, conversation_id: str, message_id: str) -> Shown | None:
    """Read one message of a visitor's own conversation; None when it is not there."""
    message = store.one(conn, conversation_id, message_id)
    return None if message is None else _own(message)


def usage_of_links(conn: sa.Connection, link_ids: list[str]) -> dict[str, tuple[int, int, Moment]]:
    """Count, for each link that was used: messages, visitors, and when it was last used."""
    counted: dict[str, tuple[int, int, Moment]] = {}
    for start in range(0, len(link_ids), _AT_A_TIME):
        counted |= store.usage_of_links(conn, link_ids[start : start + _AT_A_TIME])
    return counted


def count_of_agent(conn: sa.Connection, agent_id: str) -> int:
    """Count the conversations that visitors had with an agent."""
    return store.count_of_agent(conn, agent_id)


def _own(message: Message) -> Shown:
    return Shown(
        message.id,
        message.seq,
        message.author_kind,
        message.author_name,
        message.text,
        message.state,
        message.created_at,
        message.turn_id,
        message.epoch,
        message.citations,
        message.problem,
        message.replaces,
    )
