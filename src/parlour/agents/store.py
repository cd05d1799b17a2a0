"""The rows of agents and their published versions."""

from typing import Any

import msgspec
import sqlalchemy as sa

from parlour.agents.model import Agent, Content, Version
from parlour.kit.clock import Moment
from parlour.kit.db import Json, metadata
from parlour.kit.errors import NotFound

agents = sa.Table(
    "agents",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("live", sa.Boolean, nullable=False),
    sa.Column("published", sa.Integer),
    sa.Column("draft", Json, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("deleted_at", sa.BigInteger),
)
sa.Index(
    "agents_name",
    agents.c.workspace_id,
    agents.c.name,
    unique=True,
    sqlite_where=agents.c.deleted_at.is_(None),
    postgresql_where=agents.c.deleted_at.is_(None),
)

versions = sa.Table(
    "agent_versions",
    metadata,
    sa.Column("agent_id", sa.ForeignKey("agents.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("content", Json, nullable=False),
    sa.Column("published_at", sa.BigInteger, nullable=False),
)

_SHOWN = [
    agents.c.id,
    agents.c.workspace_id,
    agents.c.name,
    agents.c.live,
    agents.c.published,
    agents.c.draft,
    agents.c.created_at,
    agents.c.updated_at,
]


def insert(conn: sa.Connection, agent: Agent) -> None:
    """Store a new agent."""
    values = {
        "id": agent.id,
        "workspace_id": agent.workspace_id,
        "name": agent.name,
        "live": agent.live,
        "published": agent.published,
        "draft": msgspec.to_builtins(agent.draft),
        "created_at": agent.created_at,
        "updated_at": agent.updated_at,
    }
    conn.execute(sa.insert(agents), values)


def find(
    conn: sa.Connection, workspace_id: str, name: str, only: str | None = None
) -> Agent:
    """Find an agent by name; NotFound when absent, deleted or outside `only`, an agent's id."""
    wanted = sa.select(*_SHOWN).where(
        agents.c.workspace_id == workspace_id,
        agents.c.name == name,
        agents.c.deleted_at.is_(None),
    )
    if only is not None:
        wanted = wanted.where(agents.c.id == only)
    row = conn.execute(wanted).first()
    if row is None:
        raise NotFound(f"there is no agent {name!r}")
    return _agent(row)


def every(conn: sa.Connection, workspace_id: str, only: str | None = None) -> list[Agent]:
    """List the agents of a workspace by name."""
    wanted = sa.select(*_SHOWN).where(
        agents.c.workspace_id == workspace_id, agents.c.deleted_at.is_(None)
    )
    if only is not None:
        wanted = wanted.where(agents.c.id == only)
    return [_agent(row) for row in conn.execute(wanted.order_by(agents.c.name))]


def change(conn: sa.Connection, agent_id: str, now: Moment, **values: Any) -> None:
    """Change columns of an agent that exists; NotFound when it has been deleted meanwhile."""
    changed = conn.execute(
        sa.update(agents)
        .where(agents.c.id == agent_id, agents.c.deleted_at.is_(None))
        .values(updated_at=now, **values)
    )
    if not changed.rowcount:
        raise NotFound("the agent has been deleted")


def add_version(conn: sa.Connection, agent_id: str, content: Content, now: Moment) -> int:
    """Store the next version and return its number."""
    newest = conn.execute(
        sa.select(sa.func.max(versions.c.number)).where(versions.c.agent_id == agent_id)
    ).scalar()
    number = (newest or 0) + 1
    values = {
        "agent_id": agent_id,
        "number": number,
        "content": msgspec.to_builtins(content),
        "published_at": now,
    }
    conn.execute(sa.insert(versions), values)
    return number


def version(conn: sa.Connection, agent_id: str, number: int) -> Version:
    """Find a published version; NotFound when there is none of that number."""
    row = conn.execute(
        sa.select(versions.c.number, versions.c.content, versions.c.published_at).where(
            versions.c.agent_id == agent_id, versions.c.number == number
        )
    ).first()
    if row is None:
        raise NotFound(f"there is no version {number}")
    return Version(row.number, msgspec.convert(row.content, Content), row.published_at)


def _agent(row: sa.Row[Any]) -> Agent:
    return Agent(
        row.id,
        row.workspace_id,
        row.name,
        row.live,
        row.published,
        msgspec.convert(row.draft, Content),
        row.created_at,
        row.updated_at,
    )
