"""Reading the rows of conversations and messages."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from parlour.conversations.model import FAILED, Message, State
from parlour.conversations.store import conversations, messages
from parlour.kit.db import Prepared, Row, pairs
from parlour.kit.errors import Conflict

_MESSAGE = [
    messages.c.id,
    messages.c.seq,
    messages.c.author_kind,
    messages.c.author_name,
    messages.c.text,
    messages.c.state,
    messages.c.created_at,
    messages.c.turn_id,
    messages.c.citations,
    messages.c.problem,
    messages.c.epoch,
    messages.c.replaces,
    messages.c.extra,
    messages.c.rating,
    messages.c.rated,
    messages.c.superseded,
]

_THIS = conversations.c.id == sa.bindparam("conversation")
_OF_CONVERSATION = messages.c.conversation_id == sa.bindparam("conversation")

_BY_CLIENT_ID = Prepared(
    sa.select(*_MESSAGE).where(_OF_CONVERSATION, messages.c.client_id == sa.bindparam("client"))
)


def by_client_id(
    conn: sa.Connection, conversation_id: str, client_id: str, *, by_visitor: bool
) -> Message | None:
    """Find what the visitor, or else the team, sent under this id of its own; None when it is new.

    Conflict when the others used the id: what they said is no answer to who says something else.
    """
    row = _BY_CLIENT_ID.first(conn, conversation=conversation_id, client=client_id)
    if row is None:
        return None
    if (row.author_kind == "visitor") is not by_visitor:
        raise Conflict("somebody else used this message_id here; take another", code="id_used")
    return _message(row)


_BEHIND = sa.select(*_MESSAGE).where(_OF_CONVERSATION, messages.c.seq > sa.bindparam("after"))
_READ = _BEHIND.where(messages.c.superseded.is_(sa.false()))
_READ_KEPT = _BEHIND.where(
    sa.or_(
        messages.c.superseded.is_(sa.false()),
        # What failed and was tried again nobody misses.
        sa.and_(
            messages.c.state.not_in([sa.literal(each) for each in FAILED]), messages.c.text != ""
        ),
    )
)


def _newest(wanted: sa.Select[Any]) -> Prepared:
    return Prepared(
        wanted.where(messages.c.seq <= sa.bindparam("upto"))
        .order_by(messages.c.seq.desc())
        .limit(sa.bindparam("newest"))
    )


_READ_ALL = {
    False: Prepared(_READ.order_by(messages.c.seq)),
    True: Prepared(_READ_KEPT.order_by(messages.c.seq)),
}
_READ_NEWEST = {False: _newest(_READ), True: _newest(_READ_KEPT)}
_LAST_PLACE = 2**31 - 1


def read(
    conn: sa.Connection,
    conversation_id: str,
    *,
    after: int = 0,
    newest: int | None = None,
    upto: int = _LAST_PLACE,
    kept: bool = False,
) -> list[Message]:
    """Read messages in order, behind the place `after`, without those that others stand for.

    `newest` keeps only that many of the last ones, counted from the place `upto`. With `kept`
    those that others stand for are there, too, but for answers that failed.
    """
    if newest is None:
        found = _READ_ALL[kept].all(conn, conversation=conversation_id, after=after)
        return [_message(row) for row in found]
    found = _READ_NEWEST[kept].all(
        conn, conversation=conversation_id, after=after, upto=upto, newest=newest
    )
    return [_message(row) for row in reversed(found)]


def first(conn: sa.Connection, conversation_id: str, after: int, most: int) -> list[Message]:
    """Read the first messages behind a place, at most so many, as `read` with `kept`."""
    given = {"conversation": conversation_id, "after": after}
    found = conn.execute(_READ_KEPT.order_by(messages.c.seq).limit(most), given)
    return [_message(row) for row in found]


_LAST_SAID = Prepared(
    _READ.where(messages.c.author_kind != "system", messages.c.state != State.STOPPED.value)
    .order_by(messages.c.seq.desc())
    .limit(1)
)


def last_said(conn: sa.Connection, conversation_id: str) -> Message | None:
    """Return what was said last; replies that were stopped and what the house said do not count."""
    row = _LAST_SAID.first(conn, conversation=conversation_id, after=0)
    return None if row is None else _message(row)


_PROGRESS = Prepared(sa.select(conversations.c.last_seq, conversations.c.closed_at).where(_THIS))


def progress(conn: sa.Connection, conversation_id: str) -> tuple[int, bool]:
    """Return the last place taken in a conversation, and whether it is closed or gone."""
    row = _PROGRESS.first(conn, conversation=conversation_id)
    return (0, True) if row is None else (row.last_seq, row.closed_at is not None)


_COUNT = Prepared(sa.select(conversations.c.message_count).where(_THIS))


def count(conn: sa.Connection, conversation_id: str) -> int:
    """Return how many messages a conversation has, replies under way not counted."""
    row = _COUNT.first(conn, conversation=conversation_id)
    return 0 if row is None else row.message_count


def one(conn: sa.Connection, conversation_id: str, message_id: str) -> Message | None:
    """Find a message of a conversation; None when it is absent or another conversation's."""
    row = conn.execute(
        sa.select(*_MESSAGE).where(
            messages.c.conversation_id == conversation_id, messages.c.id == message_id
        )
    ).first()
    return None if row is None else _message(row)


def some(
    conn: sa.Connection, places: Collection[tuple[str, int]]
) -> dict[tuple[str, int], Message]:
    """Read messages of many conversations, by where they stand; what is not there is left out."""
    if not places:
        return {}
    here = pairs.having(messages, messages.c.conversation_id, messages.c.seq, places)
    found = (
        sa.select(messages.c.conversation_id, *_MESSAGE)
        .select_from(here)
        .where(messages.c.superseded.is_(sa.false()))
    )
    return {(row.conversation_id, row.seq): _message(row) for row in conn.execute(found)}


def count_of_agent(conn: sa.Connection, agent_id: str) -> int:
    """Count an agent's conversations."""
    counted = sa.select(sa.func.count()).where(conversations.c.agent_id == agent_id)
    return int(conn.execute(counted).scalar_one())


def usage_of_links(conn: sa.Connection, link_ids: list[str]) -> dict[str, tuple[int, int, int]]:
    """Count, for each link: messages, visitors, and when it was last used."""
    columns = conversations.c
    rows = conn.execute(
        sa.select(
            columns.link_id,
            sa.func.sum(columns.message_count),
            sa.func.count(columns.visitor_id.distinct()),
            sa.func.max(columns.last_message_at),
        )
        .where(columns.link_id.in_(link_ids))
        .group_by(columns.link_id)
    )
    return {row[0]: (int(row[1]), row[2], row[3]) for row in rows}


def _message(row: Row) -> Message:
    return Message(
        row.id,
        row.seq,
        row.author_kind,
        row.author_name,
        row.text,
        State(row.state),
        row.created_at,
        row.turn_id,
        tuple(row.citations or ()),
        row.problem,
        row.epoch,
        row.replaces,
        row.extra,
        row.rating,
        row.rated,
        row.superseded,
    )
