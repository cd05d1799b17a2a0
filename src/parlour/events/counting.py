"""Numbers made of events: what visitors did, and how it was answered."""

from dataclasses import dataclass

import sqlalchemy as sa

from parlour.events.kinds import Kind
from parlour.events.recording import events
from parlour.kit.clock import Moment


def count_since(conn: sa.Connection, workspace_id: str, kind: Kind, at: Moment) -> dict[str, int]:
    """Count the events of a kind in a workspace from a moment on, by the agent they are about."""
    columns = events.c
    found = conn.execute(
        sa.select(columns.agent_id, sa.func.count())
        .where(columns.kind == kind.value, columns.at >= at, columns.workspace_id == workspace_id)
        .group_by(columns.agent_id)
    )
    return {row[0] or "": row[1] for row in found}


@dataclass(frozen=True, slots=True)
class Tally:
    """What the visitors of one agent did in a span of time, and how it was answered."""

    workspace_id: str
    agent_id: str
    facts: int
    conversations: int
    questions: int
    answers: int
    failures: int
    visitors: int
    """How many different ones there were."""


_TALLIED = (Kind.CONVERSATION_STARTED, Kind.MESSAGE_CREATED, Kind.TURN_ENDED)

_ANSWERED = ("done", "stopped")


def tally(
    conn: sa.Connection, since: Moment, until: Moment, workspace_id: str | None = None
) -> list[Tally]:
    """Count what visitors did from `since` until before `until`, agent by agent."""
    columns = events.c
    state = columns.data["state"].as_string()
    ended = columns.kind == Kind.TURN_ENDED.value
    wanted = (
        sa.select(
            columns.workspace_id,
            columns.agent_id,
            sa.func.count(),
            _number_of(columns.kind == Kind.CONVERSATION_STARTED.value),
            _number_of(columns.kind == Kind.MESSAGE_CREATED.value),
            _number_of(ended & state.in_(_ANSWERED)),
            _number_of(ended & state.not_in(_ANSWERED)),
            sa.func.count(
                sa.distinct(sa.case((columns.kind == Kind.MESSAGE_CREATED.value, columns.actor_id)))
            ),
        )
        .where(
            columns.kind.in_([kind.value for kind in _TALLIED]),
            columns.at >= since,
            columns.at < until,
            columns.agent_id.is_not(None),
        )
        .group_by(columns.workspace_id, columns.agent_id)
    )
    if workspace_id is not None:
        wanted = wanted.where(columns.workspace_id == workspace_id)
    return [Tally(*row) for row in conn.execute(wanted)]


def _number_of(fact: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((fact, 1)))


@dataclass(frozen=True, slots=True)
class Run:
    """How an agent has been answering lately."""

    workspace_id: str
    agent_id: str
    failures: int
    """How many replies in a row have failed up to now; 0 where the last one went well."""
    problem: str
    """The code of the last failure."""


def runs(conn: sa.Connection, since: Moment) -> list[Run]:
    """Return how each agent that answered, or failed to, from a moment on is doing now."""
    columns = events.c
    state = columns.data["state"].as_string()
    lately = (columns.kind == Kind.TURN_ENDED.value, columns.at >= since)
    last_good = (
        sa.select(columns.agent_id, sa.func.max(columns.id).label("id"))
        .where(*lately, state.in_(_ANSWERED))
        .group_by(columns.agent_id)
        .subquery()
    )
    is_after = sa.and_(
        sa.or_(last_good.c.id.is_(None), columns.id > last_good.c.id), state.not_in(_ANSWERED)
    )
    failed = sa.func.count(sa.case((is_after, 1)))
    last = sa.func.max(sa.case((is_after, columns.id)))
    found = conn.execute(
        sa.select(columns.workspace_id, columns.agent_id, failed, last)
        .select_from(events.outerjoin(last_good, last_good.c.agent_id == columns.agent_id))
        .where(*lately, columns.agent_id.is_not(None))
        .group_by(columns.workspace_id, columns.agent_id)
    ).all()
    wanted = sa.select(columns.id, columns.data).where(columns.id.in_([row[3] for row in found]))
    why = {row.id: row.data.get("problem") or "" for row in conn.execute(wanted)}
    return [Run(row[0], row[1], int(row[2]), why.get(row[3], "")) for row in found]


@dataclass(frozen=True, slots=True)
class Ending:
    """How one turn ended."""

    at: Moment
    failed: bool
    problem: str | None


def endings(
    conn: sa.Connection, workspace_id: str, since: Moment, *, most: int = 2_000
) -> dict[str, list[Ending]]:
    """Return how the last turns of each agent ended, newest first, `most` in all."""
    columns = events.c
    found = conn.execute(
        sa.select(columns.agent_id, columns.at, columns.data)
        .where(
            columns.kind == Kind.TURN_ENDED.value,
            columns.at >= since,
            columns.workspace_id == workspace_id,
        )
        .order_by(columns.at.desc(), columns.id.desc())
        .limit(most)
    )
    by_agent: dict[str, list[Ending]] = {}
    for agent_id, at, data in found:
        ending = Ending(at, data.get("state") not in _ANSWERED, data.get("problem"))
        by_agent.setdefault(agent_id or "", []).append(ending)
    return by_agent
