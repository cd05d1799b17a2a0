"""Events: one row per fact, written in the transaction of the change it tells of."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from parlour.kit.clock import Moment
from parlour.kit.db import Json, inserting, metadata
from parlour.rights import Who


class Kind(StrEnum):
    """Every kind of event, with what it tells."""

    AGENT_CREATED = "agent.created"
    AGENT_CHANGED = "agent.changed"
    AGENT_PUBLISHED = "agent.published"
    AGENT_ROLLED_BACK = "agent.rolled_back"
    AGENT_LIVE = "agent.live"
    AGENT_OFFLINE = "agent.offline"
    AGENT_DELETED = "agent.deleted"
    DOCUMENT_UPLOADED = "document.uploaded"
    DOCUMENT_REMOVED = "document.removed"
    KEY_CREATED = "key.created"
    KEY_REVOKED = "key.revoked"
    PERSON_INVITED = "person.invited"
    INVITATION_WITHDRAWN = "invitation.withdrawn"
    PERSON_JOINED = "person.joined"
    PERSON_CHANGED = "person.changed"
    PERSON_PASSWORD_CHANGED = "person.password_changed"  # noqa: S105 - what happened, not one
    PERSON_DISABLED = "person.disabled"
    PERSON_ENABLED = "person.enabled"
    SECOND_STEP_ON = "person.second_step_on"
    SECOND_STEP_OFF = "person.second_step_off"
    RECOVERY_CODES_MADE = "person.recovery_codes_made"
    IDENTITY_BOUND = "person.identity_bound"
    IDENTITY_FORGOTTEN = "person.identity_forgotten"
    SESSION_REFUSED = "session.refused"
    SESSION_STARTED = "session.started"
    SESSION_ENDED = "session.ended"
    LINK_CREATED = "link.created"
    LINK_CHANGED = "link.changed"
    LINK_REVOKED = "link.revoked"
    WIDGET_CREATED = "widget.created"
    WIDGET_CHANGED = "widget.changed"
    WIDGET_DELETED = "widget.deleted"
    CONVERSATION_STARTED = "conversation.started"
    CONVERSATION_CLOSED = "conversation.closed"
    CONVERSATION_READ = "conversation.read"
    MESSAGE_CREATED = "message.created"
    TURN_ENDED = "turn.ended"


_BY_STAFF = sa.text("actor_kind IN ('host', 'key', 'person')")
"""Written out, because an index of some rows serves only a query that says the same of them."""

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("workspace_id", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(60), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("actor_kind", sa.String(20), nullable=False),
    sa.Column("actor_id", sa.String(40), nullable=False),
    sa.Column("agent_id", sa.String(40)),
    sa.Column("link_id", sa.String(40)),
    sa.Column("conversation_id", sa.String(40)),
    sa.Column("data", Json, nullable=False),
    sa.Index("events_at", "kind", "at"),
    sa.Index(
        "events_staff",
        "workspace_id",
        "id",
        sqlite_where=_BY_STAFF,
        postgresql_where=_BY_STAFF,
    ),
)
_IS_READING = events.c.kind == sa.literal_column(f"'{Kind.CONVERSATION_READ.value}'")
sa.Index(
    "events_reading",
    events.c.conversation_id,
    events.c.at,
    sqlite_where=_IS_READING,
    postgresql_where=_IS_READING,
)


_RECORD = inserting(
    events, "workspace_id kind at actor_kind actor_id agent_id link_id conversation_id data"
)


@dataclass(frozen=True, slots=True)
class Event:
    """A fact that happened, and what it is about."""

    id: int
    kind: str
    at: Moment
    agent_id: str | None
    link_id: str | None
    conversation_id: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the history: what somebody of the staff, or a program of theirs, did."""

    id: int
    kind: str
    at: Moment
    actor_kind: str
    actor_id: str
    agent_id: str | None
    link_id: str | None
    conversation_id: str | None
    data: Mapping[str, Any]


def record(
    conn: sa.Connection,
    kind: Kind,
    who: Who,
    at: Moment,
    *,
    agent_id: str | None = None,
    link_id: str | None = None,
    conversation_id: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Write down a fact, in the transaction that makes it true."""
    _RECORD.run(
        conn,
        workspace_id=who.workspace_id,
        kind=kind.value,
        at=at,
        actor_kind=who.kind,
        actor_id=who.id,
        agent_id=agent_id,
        link_id=link_id,
        conversation_id=conversation_id,
        data=dict(data or {}),
    )


def count_since(conn: sa.Connection, workspace_id: str, kind: Kind, at: Moment) -> dict[str, int]:
    """Count the events of a kind in a workspace from a moment on, by the agent they are about."""
    columns = events.c
    found = conn.execute(
        sa.select(columns.agent_id, sa.func.count())
        .where(columns.kind == kind.value, columns.at >= at, columns.workspace_id == workspace_id)
        .group_by(columns.agent_id)
    )
    return {row[0] or "": row[1] for row in found}


def has_read(conn: sa.Connection, who: Who, conversation_id: str, since: Moment) -> bool:
    """Whether it is written down that somebody read a conversation, from a moment on."""
    columns = events.c
    found = sa.select(columns.id).where(
        _IS_READING,
        columns.conversation_id == conversation_id,
        columns.at >= since,
        columns.actor_kind == who.kind,
        columns.actor_id == who.id,
    )
    return conn.execute(found.limit(1)).first() is not None


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


WATCHED = tuple(kind.value for kind in Kind if kind.value.startswith(("agent.", "link.")))
"""What every process must hear of soon, because it may end what visitors see."""


def since(conn: sa.Connection, at: Moment) -> list[Event]:
    """Return the watched events from a moment on, oldest first."""
    columns = events.c
    found = conn.execute(
        sa.select(
            columns.id,
            columns.kind,
            columns.at,
            columns.agent_id,
            columns.link_id,
            columns.conversation_id,
        )
        .where(columns.at >= at, columns.kind.in_(WATCHED))
        .order_by(columns.id)
    )
    return [Event(*row) for row in found]


def by_staff(
    conn: sa.Connection,
    workspace_id: str,
    *,
    limit: int,
    before: int | None = None,
    actor_id: str | None = None,
    kinds: Collection[str] = (),
) -> list[Entry]:
    """List what the staff and their programs did, newest first: at most `limit`, below that id.

    With an `actor_id` only what that one did; with `kinds` only those.
    """
    columns = events.c
    wanted = sa.select(*(columns[name] for name in Entry.__slots__)).where(
        _BY_STAFF, columns.workspace_id == workspace_id
    )
    if before is not None:
        wanted = wanted.where(columns.id < before)
    if actor_id is not None:
        wanted = wanted.where(columns.actor_id == actor_id)
    if kinds:
        wanted = wanted.where(columns.kind.in_(kinds))
    return [Entry(*row) for row in conn.execute(wanted.order_by(columns.id.desc()).limit(limit))]


def forget(conn: sa.Connection, before: Moment, most: int) -> int:
    """Delete the oldest events, from before that moment, at most so many; return how many."""
    columns = events.c
    # Ids grow with time but for what was committed at the same moment, so the oldest come first.
    oldest = conn.execute(sa.select(columns.id, columns.at).order_by(columns.id).limit(most))
    over = [row.id for row in oldest if row.at < before]
    if over:
        conn.execute(sa.delete(events).where(columns.id.in_(over)))
    return len(over)
