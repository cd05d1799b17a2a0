"""Finding conversations: a page of a list, one by its id, its neighbours, and its last words."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from parlour.conversations.model import Conversation, LastWord, Place, Standing, Wanted
from parlour.conversations.store import (
    ENDED_BADLY,
    IS_ANSWERING,
    IS_CLOSED,
    conversations,
    messages,
)

PEEK = 600
"""Characters of a message that are read for a preview."""

_C = conversations.c
_SHOWN = [
    _C.id,
    _C.workspace_id,
    _C.agent_id,
    _C.link_id,
    _C.visitor_id,
    _C.created_at,
    _C.last_message_at,
    _C.message_count,
    _C.active_turn,
    _C.last_reply,
    _C.variables,
    _C.closed_at,
]
_PLACE = sa.tuple_(_C.last_message_at, _C.id)


def find(
    conn: sa.Connection, workspace_id: str, conversation_id: str, only_agent: str | None = None
) -> Conversation | None:
    """Find a conversation of a workspace, and of this agent if one is named; None when absent."""
    wanted = sa.select(*_SHOWN).where(_C.id == conversation_id, _C.workspace_id == workspace_id)
    if only_agent is not None:
        wanted = wanted.where(_C.agent_id == only_agent)
    row = conn.execute(wanted).first()
    return None if row is None else Conversation(*row)


def page(
    conn: sa.Connection,
    workspace_id: str,
    wanted: Wanted,
    *,
    after: Place | None = None,
    limit: int,
) -> list[Conversation]:
    """List conversations by their last message, newest first: at most `limit`, behind `after`."""
    found = _listed(workspace_id, wanted)
    if after is not None:
        found = found.where(sa.tuple_(*_literals(after)) > _PLACE)
    found = found.order_by(_C.last_message_at.desc(), _C.id.desc()).limit(limit)
    return [Conversation(*row) for row in conn.execute(found)]


def newer(
    conn: sa.Connection, workspace_id: str, wanted: Wanted, than: Place, limit: int
) -> list[Conversation]:
    """List the conversations that come before a place of the list, the nearest first."""
    found = _listed(workspace_id, wanted).where(sa.tuple_(*_literals(than)) < _PLACE)
    found = found.order_by(_C.last_message_at, _C.id).limit(limit)
    return [Conversation(*row) for row in conn.execute(found)]


def among(
    conn: sa.Connection, workspace_id: str, wanted: Wanted, ids: Collection[str]
) -> list[Conversation]:
    """Return those of these conversations that are wanted, oldest message first."""
    rows = conn.execute(_listed(workspace_id, wanted).where(_C.id.in_(ids)))
    # Sorted here: asked to do it, SQLite walks the whole list to find these few.
    return sorted(
        (Conversation(*row) for row in rows), key=lambda each: (each.last_message_at, each.id)
    )


def of_visitor(conn: sa.Connection, visitor_id: str) -> list[str]:
    """List the ids of a visitor's conversations in the order in which they began."""
    found = sa.select(_C.id).where(_C.visitor_id == visitor_id).order_by(_C.created_at, _C.id)
    return list(conn.execute(found).scalars())


def last_words(conn: sa.Connection, ids: Collection[str]) -> dict[str, LastWord]:
    """Return what was said last in each of these conversations, by its id.

    A reply that has not come to a word yet, or never did, was not said.
    """
    m = messages.alias()
    last = (
        sa.select(m.c.seq)
        .where(m.c.conversation_id == _C.id, m.c.superseded.is_(sa.false()), m.c.text != "")
        .order_by(m.c.seq.desc())
        .limit(1)
        .correlate(conversations)
        .scalar_subquery()
    )
    found = (
        sa.select(
            messages.c.conversation_id,
            messages.c.author_kind,
            messages.c.author_name,
            sa.func.substr(messages.c.text, 1, PEEK + 1),
        )
        .select_from(conversations)
        .join(messages, sa.and_(messages.c.conversation_id == _C.id, messages.c.seq == last))
        .where(_C.id.in_(ids))
    )
    return {
        row[0]: LastWord(row[1], row[2], row[3][:PEEK], len(row[3]) > PEEK)
        for row in conn.execute(found)
    }


def _listed(workspace_id: str, wanted: Wanted) -> sa.Select[Any]:
    found = sa.select(*_SHOWN).where(_C.workspace_id == workspace_id)
    given = {
        "agent_id": wanted.agent_id,
        "link_id": wanted.link_id,
        "visitor_id": wanted.visitor_id,
    }
    for name, value in given.items():
        if value is not None:
            found = found.where(_C[name] == value)
    if wanted.since is not None:
        found = found.where(_C.last_message_at >= wanted.since)
    if wanted.until is not None:
        found = found.where(_C.last_message_at < wanted.until)
    return found.where(*_stands(wanted.standing))


def _stands(standing: Standing | None) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that say the same as `Conversation.standing`."""
    quiet = sa.not_(IS_ANSWERING)
    well = sa.or_(_C.last_reply.is_(None), sa.not_(ENDED_BADLY))
    match standing:
        case None:
            return []
        case Standing.ANSWERING:
            return [IS_ANSWERING]
        case Standing.FAILED:
            return [ENDED_BADLY, quiet]
        case Standing.CLOSED:
            return [IS_CLOSED, quiet, well]
        case Standing.OPEN:
            return [sa.not_(IS_CLOSED), quiet, well]


def _literals(place: Place) -> list[Any]:
    return [sa.literal(each) for each in place]
