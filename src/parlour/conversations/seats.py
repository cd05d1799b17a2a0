"""How many talk at once, by one link or with one agent: a place is an open conversation."""

from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from parlour.conversations.store import conversations
from parlour.kit.clock import Moment
from parlour.kit.db import Prepared

AGAIN: Final = 15
"""Seconds after which it is worth asking whether a place is free."""


class Seats(NamedTuple):
    """How many may talk at once; 0 is any number."""

    by_link: int
    by_agent: int


def _others(whose: sa.ColumnElement[str]) -> Prepared:
    columns = conversations.c
    return Prepared(
        sa.select(sa.func.count().label("others"))
        .select_from(conversations)
        .where(
            whose == sa.bindparam("whose"),
            columns.last_message_at > sa.bindparam("since"),
            columns.closed_at.is_(None),
            columns.visitor_id != sa.bindparam("visitor"),
        )
    )


_BY_LINK = _others(conversations.c.link_id)
_BY_AGENT = _others(conversations.c.agent_id)


def reached(
    conn: sa.Connection,
    seats: Seats,
    *,
    link_id: str,
    agent_id: str,
    visitor_id: str | None,
    since: Moment,
) -> int | None:
    """Return the number that is reached, so that a visitor has no place; None while there is one.

    Every other visitor has one whose conversation is open, and whose last message in it, or its
    answer, came after `since`. Two who ask at once may both be told that there is one: whoever
    takes it asks again with the row held of the link, or of the agent, that says how many.
    """
    given: dict[str, Any] = {"since": since, "visitor": visitor_id or ""}
    if seats.by_link and _BY_LINK.one(conn, whose=link_id, **given).others >= seats.by_link:
        return seats.by_link
    if seats.by_agent and _BY_AGENT.one(conn, whose=agent_id, **given).others >= seats.by_agent:
        return seats.by_agent
    return None
