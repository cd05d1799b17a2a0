"""Finding conversations: a page of a list, one by its id, its neighbours, and its last words."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from parlour.conversations import holds
from parlour.conversations.model import (
    PRESENT,
    Completed,
    Conversation,
    Desk,
    Group,
    LastWord,
    Place,
    Reason,
    Standing,
    State,
    Uttered,
    Wanted,
)
from parlour.conversations.store import (
    ENDED_BADLY,
    IS_ANSWERING,
    IS_ASKED,
    IS_CLOSED,
    IS_COMPLETED,
    IS_HELD,
    IS_OVER,
    conversations,
    messages,
)
from parlour.kit.clock import Moment

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
    _C.completed_at,
    _C.completed_by,
    _C.completed_for,
    *holds.COLUMNS,
]
_PLACE = sa.tuple_(_C.last_message_at, _C.id)


def find(conn: sa.Connection, workspace_id: str, conversation_id: str) -> Conversation | None:
    """Find a conversation of a workspace; None when absent."""
    wanted = sa.select(*_SHOWN).where(_C.id == conversation_id, _C.workspace_id == workspace_id)
    row = conn.execute(wanted).first()
    return None if row is None else _conversation(row)


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
    return [_conversation(row) for row in conn.execute(found)]


def newer(
    conn: sa.Connection, workspace_id: str, wanted: Wanted, than: Place, limit: int
) -> list[Conversation]:
    """List the conversations that come before a place of the list, the nearest first."""
    found = _listed(workspace_id, wanted).where(sa.tuple_(*_literals(than)) < _PLACE)
    found = found.order_by(_C.last_message_at, _C.id).limit(limit)
    return [_conversation(row) for row in conn.execute(found)]


def counted(
    conn: sa.Connection, workspace_id: str, wanted: Wanted, most: int, *, than: Place | None = None
) -> int:
    """Count the conversations that are wanted, up to `most`; with `than` those newer than it."""
    found = _listed(workspace_id, wanted)
    if than is not None:
        found = found.where(sa.tuple_(*_literals(than)) < _PLACE)
    some = found.with_only_columns(_C.id).limit(most).subquery()
    return int(conn.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def among(
    conn: sa.Connection, workspace_id: str, wanted: Wanted, ids: Collection[str]
) -> list[Conversation]:
    """Return those of these conversations that are wanted, oldest message first."""
    rows = conn.execute(_listed(workspace_id, wanted).where(_C.id.in_(ids)))
    # Sorted here: asked to do it, SQLite walks the whole list to find these few.
    return sorted(
        (_conversation(row) for row in rows), key=lambda each: (each.last_message_at, each.id)
    )


def of_visitor(conn: sa.Connection, visitor_id: str) -> list[str]:
    """List the ids of a visitor's conversations in the order in which they began."""
    found = sa.select(_C.id).where(_C.visitor_id == visitor_id).order_by(_C.created_at, _C.id)
    return list(conn.execute(found).scalars())


def latest_of(conn: sa.Connection, visitor_ids: Collection[str]) -> dict[str, str]:
    """Return the id of the conversation that each of these visitors began last."""
    found = sa.select(_C.visitor_id, _C.id).where(_C.visitor_id.in_(visitor_ids))
    rows = conn.execute(found.order_by(_C.created_at, _C.id))
    return {row.visitor_id: row.id for row in rows}


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


def uttered(
    conn: sa.Connection, ids: Collection[str], words: Collection[str], limit: int
) -> list[Uttered]:
    """List messages of these conversations that have all the words: at most `limit`, newest first.

    The words are given in small letters.
    """
    m = messages.c
    found = (
        sa.select(m.conversation_id, m.text, m.state)
        .where(m.conversation_id.in_(ids), m.superseded.is_(sa.false()), *map(_says, words))
        .order_by(m.created_at.desc(), m.seq.desc())
        .limit(limit)
    )
    return [Uttered(row[0], row[1], State(row[2])) for row in conn.execute(found)]


def _says(word: str) -> sa.ColumnElement[bool]:
    # SQLite knows small and large letters of ASCII only, so the others are tried as both.
    large = "".join(each if each.isascii() else each.upper() for each in word)
    forms = sorted({word, word[:1].upper() + word[1:], large} if not word.isascii() else {word})
    text = sa.func.lower(messages.c.text)
    return sa.or_(*(text.contains(form, autoescape=True) for form in forms))


def _listed(workspace_id: str, wanted: Wanted) -> sa.Select[Any]:
    return sa.select(*_SHOWN).where(*_fits(workspace_id, wanted))


def _fits(workspace_id: str, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    given = {
        "agent_id": wanted.agent_id,
        "link_id": wanted.link_id,
        "visitor_id": wanted.visitor_id,
    }
    fits = [_C.workspace_id == workspace_id]
    fits += [_C[name] == value for name, value in given.items() if value is not None]
    if wanted.agents is not None:
        fits.append(_C.agent_id.in_(wanted.agents))
    if wanted.but:
        fits.append(_C.agent_id.not_in(wanted.but))
    if wanted.since is not None:
        fits.append(_C.last_message_at >= wanted.since)
    if wanted.until is not None:
        fits.append(_C.last_message_at < wanted.until)
    if wanted.waits_at is not None:
        fits += _waits(wanted.waits_at)
    if wanted.desk is not None:
        fits += _lies(wanted.desk)
    return fits + _stands(wanted.standing)


def counts(
    conn: sa.Connection, workspace_id: str, wanted: Wanted, desk: Desk, most: int
) -> dict[Group, int]:
    """Count what lies on the desk in each group but the completed, each up to `most`."""
    groups = [each for each in Group if each is not Group.COMPLETED]
    counted = []
    for group in groups:
        lying = replace(wanted, desk=replace(desk, group=group))
        found = sa.select(_C.id).where(*_fits(workspace_id, lying)).limit(most).subquery()
        counted.append(sa.select(sa.func.count()).select_from(found).scalar_subquery())
    row = conn.execute(sa.select(*counted)).one()
    return dict(zip(groups, row, strict=True))


def count_up_to(conn: sa.Connection, workspace_id: str, wanted: Wanted, most: int) -> int:
    """Count the conversations that are wanted, up to `most`."""
    found = sa.select(_C.id).where(*_fits(workspace_id, wanted)).limit(most).subquery()
    return int(conn.execute(sa.select(sa.func.count()).select_from(found)).scalar_one())


def _lies(desk: Desk) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that say the same as `finding.Talk.group`."""
    going_on = [sa.not_(IS_COMPLETED), sa.not_(IS_CLOSED)]
    held = sa.and_(IS_HELD, _C.hold_until > desk.at)
    mine = sa.and_(_C.hold_kind == desk.by[0], _C.hold_id == desk.by[1])
    present = _C.last_message_at >= desk.at - PRESENT
    match desk.group:
        case None:
            return [*going_on, present]
        case Group.WAITING:
            return [*going_on, *_waits(desk.at)]
        case Group.MINE:
            return [*going_on, held, mine]
        case Group.ACTIVE:
            return [*going_on, held, sa.not_(mine)]
        case Group.BOT:
            free = sa.or_(_C.hold_until.is_(None), _C.hold_until <= desk.at)
            unasked = sa.or_(_C.asked_until.is_(None), _C.asked_until <= desk.at)
            return [*going_on, free, unasked, present]
        case Group.COMPLETED:
            return [IS_OVER]


def count(conn: sa.Connection, workspace_id: str, wanted: Wanted) -> int:
    """Count the conversations that are wanted."""
    found = _listed(workspace_id, wanted).with_only_columns(sa.func.count())
    return int(conn.execute(found).scalar_one())


def _waits(now: Moment) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that say the same as `Pen.REQUESTED`."""
    return [
        IS_ASKED,
        _C.closed_at.is_(None),
        sa.or_(_C.hold_until.is_(None), _C.hold_until <= now),
        _C.asked_until > now,
    ]


def _stands(standing: Standing | None) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that say the same as `Conversation.standing`."""
    quiet = sa.not_(IS_ANSWERING)
    well = sa.or_(_C.last_reply.is_(None), sa.not_(ENDED_BADLY))
    undone = sa.not_(IS_COMPLETED)
    match standing:
        case None:
            return []
        case Standing.ANSWERING:
            return [IS_ANSWERING]
        case Standing.COMPLETED:
            return [IS_COMPLETED, IS_OVER, quiet]
        case Standing.FAILED:
            return [ENDED_BADLY, quiet, undone]
        case Standing.CLOSED:
            return [IS_CLOSED, quiet, well, undone]
        case Standing.OPEN:
            return [sa.not_(IS_CLOSED), quiet, well, undone]


def _literals(place: Place) -> list[Any]:
    return [sa.literal(each) for each in place]


def _conversation(row: sa.Row[Any]) -> Conversation:
    return Conversation(
        id=row.id,
        workspace_id=row.workspace_id,
        agent_id=row.agent_id,
        link_id=row.link_id,
        visitor_id=row.visitor_id,
        created_at=row.created_at,
        last_message_at=row.last_message_at,
        message_count=row.message_count,
        active_turn=row.active_turn,
        last_reply=row.last_reply,
        variables=row.variables,
        closed_at=row.closed_at,
        hold=holds.hold_of(row),
        asked_until=row.asked_until,
        asked_at=row.asked_at,
        completed=_completed(row),
    )


def _completed(row: sa.Row[Any]) -> Completed | None:
    if row.completed_at is None:
        return None
    return Completed(row.completed_at, row.completed_by or "", Reason(row.completed_for))
