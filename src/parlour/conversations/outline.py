"""Conversations in outline: who said something when, and how answers went; never a word of it."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from parlour.conversations.handoffs import handoffs
from parlour.conversations.store import conversations, messages
from parlour.conversations.turns import turns
from parlour.kit.clock import Moment


@dataclass(frozen=True, slots=True)
class Outline:
    """A conversation, for those who count."""

    id: str
    workspace_id: str
    agent_id: str
    link_id: str
    visitor_id: str
    closed_at: Moment | None
    completed_for: str | None


@dataclass(frozen=True, slots=True)
class Fact:
    """That something was said, with how the answer went where it was one."""

    conversation_id: str
    seq: int
    author_kind: str
    state: str
    at: Moment
    input_tokens: int
    output_tokens: int
    rating: int
    """What its visitor made of it: 1, -1, or 0."""


def outlines(conn: sa.Connection, ids: Collection[str]) -> list[Outline]:
    """Read these conversations; those that are gone are left out."""
    columns = conversations.c
    found = sa.select(*(columns[name] for name in Outline.__slots__)).where(columns.id.in_(ids))
    return [Outline(*row) for row in conn.execute(found)]


def facts(conn: sa.Connection, ids: Collection[str]) -> list[Fact]:
    """Read what was said in these conversations, in order; replies tried again are among it."""
    m = messages.c
    reply = sa.and_(turns.c.id == m.turn_id, turns.c.reply_seq == m.seq)
    found = (
        sa.select(
            m.conversation_id,
            m.seq,
            m.author_kind,
            m.state,
            m.created_at,
            sa.func.coalesce(turns.c.input_tokens, 0),
            sa.func.coalesce(turns.c.output_tokens, 0),
            sa.func.coalesce(m.rating, 0),
        )
        .select_from(messages.outerjoin(turns, reply))
        .where(m.conversation_id.in_(ids))
        .order_by(m.conversation_id, m.seq)
    )
    return [Fact(*row) for row in conn.execute(found)]


def asked_for(conn: sa.Connection, ids: Collection[str]) -> dict[str, list[Moment]]:
    """Return when a person was asked for in these conversations, in each with any."""
    columns = handoffs.c
    found: dict[str, list[Moment]] = {}
    wanted = sa.select(columns.conversation_id, columns.asked_at)
    for row in conn.execute(wanted.where(columns.conversation_id.in_(ids))):
        found.setdefault(row.conversation_id, []).append(row.asked_at)
    return found


def of_visitors(conn: sa.Connection, visitor_ids: Collection[str]) -> list[str]:
    """Return the ids of all conversations of these visitors."""
    wanted = sa.select(conversations.c.id).where(conversations.c.visitor_id.in_(visitor_ids))
    return list(conn.execute(wanted).scalars())


@dataclass(frozen=True, slots=True)
class Utterance:
    """A message as those read it who make it findable."""

    conversation_id: str
    seq: int
    author_kind: str
    text: str
    state: str
    at: Moment
    superseded: bool
    cited: bool
    """Whether it names a source."""
    rating: int | None
    """What its visitor made of it: 1 or -1."""


def utterances(conn: sa.Connection, ids: Collection[str]) -> list[Utterance]:
    """Read all that was said in these conversations, in order."""
    m = messages.c
    found = (
        sa.select(
            m.conversation_id,
            m.seq,
            m.author_kind,
            m.text,
            m.state,
            m.created_at,
            m.superseded,
            m.citations.is_not(None),
            m.rating,
        )
        .where(m.conversation_id.in_(ids))
        .order_by(m.conversation_id, m.seq)
    )
    return [Utterance(*row) for row in conn.execute(found)]
