"""Accounts of events: how much of what happened, by quarters of an hour, agent and link."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import sqlalchemy as sa

from parlour.events.kinds import Kind
from parlour.events.recording import events
from parlour.kit.clock import HOUR, MINUTE, Moment

QUARTER: Final = 15 * MINUTE
"""Days and hours of every time zone begin at one."""
WAITS: Final = (
    *(100, 200, 300, 400, 500, 600, 800, 1_000, 1_200, 1_500, 2_000, 2_500, 3_000, 4_000, 5_000),
    *(6_000, 8_000, 10_000, 15_000, 20_000, 30_000, 45_000, 60_000),
)
"""Milliseconds up to which waits for a first word are counted together; there are longer ones."""
_COUNTED: Final = (
    Kind.MESSAGE_CREATED,
    Kind.TURN_ENDED,
    Kind.HANDOFF_REQUESTED,
    Kind.HOLD_TAKEN,
    Kind.MESSAGE_REGENERATED,
    Kind.MESSAGE_EDITED,
)
_KINDS: Final = [kind.value for kind in _COUNTED]
_ANSWERED: Final = ("done", "stopped")

AMOUNTS: Final = (
    "questions",
    "answers",
    "failures",
    "words",
    "asked",
    "taken",
    "input_tokens",
    "output_tokens",
    "again",
    "edited",
    *(f"wait_{place}" for place in range(len(WAITS) + 1)),
)
"""What is counted: what visitors said, replies that ended well and badly, what people of the team
and guests said, how often a person was asked for and took over, tokens, answers that were
asked for anew, questions that were said otherwise, and waits by length."""


@dataclass(frozen=True, slots=True)
class Account:
    """How much happened in a quarter of an hour by one link."""

    at: Moment
    """When the quarter begins."""
    workspace_id: str
    agent_id: str
    link_id: str
    amounts: tuple[int, ...]
    """In the order of `AMOUNTS`."""


def facts(conn: sa.Connection, since: Moment, until: Moment) -> int:
    """Count the events that are counted, from `since` until before `until`."""
    found = sa.select(sa.func.count()).select_from(events).where(*_within(since, until))
    return int(conn.execute(found).scalar_one())


def hours_after(conn: sa.Connection, id_: int) -> set[Moment]:
    """Return the hours of the events that are counted and were written down after one, by its id.

    However late an event comes, its id is a new one: no hour is missed, and none is looked at
    in which nothing happened.
    """
    # In the order of ids, and kinds are sorted out here: else an engine might go through an index
    # of kinds from its beginning, which is all there ever was.
    wanted = sa.select(events.c.kind, events.c.at).where(events.c.id > id_).order_by(events.c.id)
    return {row.at - row.at % HOUR for row in conn.execute(wanted) if row.kind in _KINDS}


def last_before(conn: sa.Connection, at: Moment) -> int:
    """Return the id of the last event that was written down before a moment; 0 without any."""
    wanted = sa.select(events.c.id).where(events.c.at < at).order_by(events.c.id.desc()).limit(1)
    return conn.execute(wanted).scalar() or 0


def first(conn: sa.Connection) -> Moment | None:
    """Return the moment of the oldest event that is counted."""
    oldest = [
        conn.execute(sa.select(sa.func.min(events.c.at)).where(events.c.kind == kind)).scalar()
        for kind in _KINDS
    ]
    return min((each for each in oldest if each is not None), default=None)


def accounts(conn: sa.Connection, since: Moment, until: Moment) -> list[Account]:
    """Count what happened from `since` until before `until`, of all workspaces."""
    columns = events.c
    quarter = columns.at - columns.at % QUARTER
    about = (quarter, columns.workspace_id, columns.agent_id, columns.link_id)
    found = (
        sa.select(*about, *_amounts())
        .where(*_within(since, until), columns.agent_id.is_not(None), columns.link_id.is_not(None))
        .group_by(*about)
    )
    return [
        Account(row[0], row[1], row[2], row[3], tuple(int(each or 0) for each in row[4:]))
        for row in conn.execute(found)
    ]


def _within(since: Moment, until: Moment) -> list[sa.ColumnElement[bool]]:
    return [events.c.kind.in_(_KINDS), events.c.at >= since, events.c.at < until]


def _amounts() -> list[sa.ColumnElement[int]]:
    columns = events.c
    ended = columns.kind == Kind.TURN_ENDED.value
    said = columns.kind == Kind.MESSAGE_CREATED.value
    by_visitor = columns.actor_kind == "visitor"
    well = columns.data["state"].as_string().in_(_ANSWERED)
    facts = [
        said & by_visitor,
        ended & well,
        ended & sa.not_(well),
        said & sa.not_(by_visitor),
        columns.kind == Kind.HANDOFF_REQUESTED.value,
        columns.kind == Kind.HOLD_TAKEN.value,
    ]
    wait = columns.data["wait"].as_integer()
    bounds = [None, *WAITS, None]
    lengths = [
        sa.and_(
            ended,
            wait.is_not(None) if low is None else wait > low,
            sa.true() if high is None else wait <= high,
        )
        for low, high in pairwise(bounds)
    ]
    tokens = [
        sa.func.sum(sa.case((ended, columns.data[name].as_integer())))
        for name in ("input", "output")
    ]
    redone = [
        columns.kind == kind.value for kind in (Kind.MESSAGE_REGENERATED, Kind.MESSAGE_EDITED)
    ]
    return [*map(_number_of, facts), *tokens, *map(_number_of, [*redone, *lengths])]


def _number_of(fact: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((fact, 1)))


_TOUCHING: Final = (
    Kind.CONVERSATION_STARTED,
    Kind.MESSAGE_CREATED,
    Kind.MESSAGE_RATED,
    Kind.MESSAGE_REGENERATED,
    Kind.MESSAGE_EDITED,
    Kind.TURN_ENDED,
    Kind.CONVERSATION_CLOSED,
    Kind.CONVERSATION_COMPLETED,
    Kind.CONVERSATION_REOPENED,
    Kind.HANDOFF_REQUESTED,
    Kind.HOLD_TAKEN,
    Kind.VISITOR_VERIFIED,
)


_TOUCHES: Final = [kind.value for kind in _TOUCHING]
_TOUCH: Final = [events.c[name] for name in ("kind", "conversation_id", "actor_id", "at")]


@dataclass(frozen=True, slots=True)
class Touched:
    """What went on in a span of time, so that what is kept of it is made anew."""

    conversations: frozenset[str]
    taken: tuple[tuple[str, Moment], ...]
    """The conversations that a person took over, and when."""
    visitors: frozenset[str]
    """Who were found to be somebody known."""


def touched(conn: sa.Connection, since: Moment, until: Moment) -> Touched:
    """Find the conversations in which something happened from `since` until before `until`."""
    columns = events.c
    within = (columns.kind.in_(_TOUCHES), columns.at >= since, columns.at < until)
    return _touched(conn.execute(sa.select(*_TOUCH).where(*within)).all())


def touched_late(conn: sa.Connection, id_: int, before: Moment) -> Touched:
    """Find those in which something happened before a moment that was written down after an event.

    What happened late has an id that is new, however old it is.
    """
    # In the order of ids, as in `hours_after`.
    wanted = sa.select(*_TOUCH).where(events.c.id > id_).order_by(events.c.id)
    found = conn.execute(wanted).all()
    return _touched([row for row in found if row.at < before and row.kind in _TOUCHES])


def _touched(found: Sequence[Any]) -> Touched:
    took, proved = Kind.HOLD_TAKEN.value, Kind.VISITOR_VERIFIED.value
    return Touched(
        frozenset(row.conversation_id for row in found if row.conversation_id),
        tuple((row.conversation_id, row.at) for row in found if row.kind == took),
        frozenset(row.actor_id for row in found if row.kind == proved),
    )
