"""Events: one row per fact, written in the transaction of the change it tells of."""

from collections.abc import Mapping
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
    SESSION_STARTED = "session.started"
    SESSION_ENDED = "session.ended"
    LINK_CREATED = "link.created"
    LINK_CHANGED = "link.changed"
    LINK_REVOKED = "link.revoked"
    CONVERSATION_STARTED = "conversation.started"
    CONVERSATION_CLOSED = "conversation.closed"
    MESSAGE_CREATED = "message.created"
    TURN_ENDED = "turn.ended"


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
