"""Handing the conversations of one visitor to another: somebody turned out to be known already."""

from dataclasses import dataclass, field

import sqlalchemy as sa

from parlour.conversations import store, turns
from parlour.conversations.store import conversations
from parlour.kit.clock import Moment
from parlour.kit.db import Prepared


@dataclass(slots=True)
class PutAway:
    """What became of the conversation that somebody was in under their name."""

    conversation_id: str | None = None
    """The one that was closed, if there was one."""
    unbegun: list[str] = field(default_factory=list)
    """Its turns that ended before anybody had begun to run them."""


def hand_over(conn: sa.Connection, own: str, known: str, now: Moment) -> PutAway:
    """Give the visitor `known` all conversations of the visitor `own`, who is the same person.

    What they are in the middle of stays open; an open conversation that `known` had goes the way
    of *New conversation*. That one is returned.
    """
    columns = conversations.c
    is_open = columns.closed_at.is_(None)
    mine = conn.execute(sa.select(columns.id).where(columns.visitor_id == own, is_open)).scalar()
    away = PutAway()
    if mine is not None:
        wanted = sa.select(columns.id).where(columns.visitor_id == known, is_open)
        away.conversation_id = conn.execute(wanted).scalar()
    if away.conversation_id is not None:
        active = store.lock(conn, away.conversation_id)
        store.close(conn, away.conversation_id, now)
        away.unbegun = turns.stop_waiting(conn, away.conversation_id, now)
        if active is not None:
            turns.ask_to_stop(conn, active, now)
    theirs = sa.update(conversations).where(columns.visitor_id == own)
    conn.execute(theirs.values(visitor_id=known))
    return away


_SAID = Prepared(
    sa.select(sa.func.count().label("number"))
    .select_from(store.messages)
    .join(conversations, conversations.c.id == store.messages.c.conversation_id)
    .where(
        conversations.c.visitor_id == sa.bindparam("visitor"),
        store.messages.c.author_kind == "visitor",
    )
)


def said_by(conn: sa.Connection, visitor_id: str) -> int:
    """Count what a visitor has said, in all their conversations."""
    return int(_SAID.one(conn, visitor=visitor_id).number)
