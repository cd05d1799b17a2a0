"""The rows of agents and their published versions."""

from collections.abc import Collection
from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa

from parlour.agents.model import NAME, Agent, Content, Version
from parlour.agents.variables import Definition
from parlour.kit.clock import Moment
from parlour.kit.db import Json, Prepared, metadata, once_certain
from parlour.kit.errors import NotFound
from parlour.privacy import days

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
    sa.Column("updated_by", sa.String(200), nullable=False, server_default=""),
    sa.Column("draft_of", sa.String(40)),
    sa.Column("sharing", Json),
    # For how many days what is said is kept, 0 for ever; and whether that is the agent's own.
    sa.Column("kept_days", sa.Integer, nullable=False, server_default=sa.text("0")),
    sa.Column("own_days", sa.Integer),
    sa.Index("agents_draft_of", "draft_of", unique=True),
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
    sa.Column("published_by", sa.String(200), nullable=False, server_default=""),
    sa.Column("restored_from", sa.Integer),
)

_LAST_NUMBER = 2**31 - 1
"""What the column of numbers takes at most."""
_SHOWN = [
    agents.c.id,
    agents.c.workspace_id,
    agents.c.name,
    agents.c.live,
    agents.c.published,
    agents.c.draft,
    agents.c.created_at,
    agents.c.updated_at,
    agents.c.updated_by,
    agents.c.draft_of,
    agents.c.sharing,
]
_VERSION = [
    versions.c.number,
    versions.c.content,
    versions.c.published_at,
    versions.c.published_by,
    versions.c.restored_from,
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
        "updated_by": agent.updated_by,
        "draft_of": agent.draft_of,
        "kept_days": days.of_new_agents(agent.workspace_id),
    }
    conn.execute(sa.insert(agents).values(values))


def find(conn: sa.Connection, workspace_id: str, name: str, only: str | None = None) -> Agent:
    """Find an agent by name; NotFound when absent, deleted or outside `only`, an agent's id."""
    if not NAME.match(name):
        raise NotFound("there is no agent of that name")
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


def by_id(conn: sa.Connection, agent_id: str) -> Agent | None:
    """Find an agent for the house's own work; None when it has been deleted."""
    row = conn.execute(
        sa.select(*_SHOWN).where(agents.c.id == agent_id, agents.c.deleted_at.is_(None))
    ).first()
    return None if row is None else _agent(row)


def every(
    conn: sa.Connection,
    workspace_id: str,
    only: str | None = None,
    *,
    after: str = "",
    limit: int | None = None,
) -> list[Agent]:
    """List the agents of a workspace by name: at most `limit`, behind the name `after`."""
    wanted = sa.select(*_SHOWN).where(
        agents.c.workspace_id == workspace_id,
        agents.c.deleted_at.is_(None),
        agents.c.name > after,
    )
    if only is not None:
        wanted = wanted.where(agents.c.id == only)
    return [_agent(row) for row in conn.execute(wanted.order_by(agents.c.name).limit(limit))]


def with_unpublished(conn: sa.Connection, workspace_id: str) -> set[str]:
    """Return the ids of published agents whose draft has what visitors do not get yet."""
    found = conn.execute(
        sa.select(agents.c.id, agents.c.draft, versions.c.content)
        .join(
            versions,
            sa.and_(versions.c.agent_id == agents.c.id, versions.c.number == agents.c.published),
        )
        .where(agents.c.workspace_id == workspace_id, agents.c.deleted_at.is_(None))
    )
    return {row.id for row in found if row.draft != row.content and _differ(row)}


def _differ(row: Any) -> bool:
    # What was kept before there was more to keep lacks it, and says the same.
    return msgspec.convert(row.draft, Content) != msgspec.convert(row.content, Content)


def names(conn: sa.Connection, agent_ids: Collection[str]) -> dict[str, str]:
    """Return the names of these agents, deleted ones included, by id."""
    wanted = sa.select(agents.c.id, agents.c.name).where(agents.c.id.in_(agent_ids))
    return {row.id: row.name for row in conn.execute(wanted)}


def definitions(
    conn: sa.Connection, agent_ids: Collection[str]
) -> dict[str, tuple[Definition, ...]]:
    """Return what these agents collect, as published, by their ids."""
    wanted = sa.select(agents.c.id, agents.c.published).where(
        agents.c.id.in_(agent_ids), agents.c.published.is_not(None)
    )
    rows = conn.execute(wanted).all()
    return {row.id: published_content(conn, row.id, row.published).variables for row in rows}


def hold(conn: sa.Connection, agent_id: str) -> Agent:
    """Read an agent that nobody else changes until the transaction ends; NotFound when deleted."""
    row = conn.execute(
        sa.select(*_SHOWN)
        .where(agents.c.id == agent_id, agents.c.deleted_at.is_(None))
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound("the agent has been deleted")
    return _agent(row)


_HOLD_STILL = Prepared(
    sa.select(agents.c.id)
    .where(agents.c.id == sa.bindparam("agent"))
    .with_for_update(key_share=True)
)


def hold_still(conn: sa.Connection, agent_id: str) -> None:
    """Let nobody else hold an agent until the transaction ends, without reading it."""
    _HOLD_STILL.first(conn, agent=agent_id)


_SHARE = Prepared(
    sa.select(agents.c.id).where(agents.c.id == sa.bindparam("agent")).with_for_update(read=True)
)


def share(conn: sa.Connection, agent_id: str) -> bool:
    """Let nobody change an agent until the transaction ends, as others may at the same time.

    False where everybody who writes is alone anyway, and so nothing can have changed.
    """
    if conn.dialect.name != "postgresql":
        return False
    _SHARE.first(conn, agent=agent_id)
    return True


def change(conn: sa.Connection, held: Agent, now: Moment, **values: Any) -> Moment:
    """Change columns of an agent that is held; return its new `updated_at`, which always grows."""
    at = max(now, held.updated_at + 1)
    conn.execute(sa.update(agents).where(agents.c.id == held.id).values(updated_at=at, **values))
    return at


def add_version(
    conn: sa.Connection,
    agent_id: str,
    content: Content,
    now: Moment,
    by: str = "",
    *,
    restored_from: int | None = None,
) -> int:
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
        "published_by": by,
        "restored_from": restored_from,
    }
    conn.execute(sa.insert(versions), values)
    return number


def version(conn: sa.Connection, agent_id: str, number: int) -> Version:
    """Find a published version; NotFound when there is none of that number."""
    wanted = sa.select(*_VERSION).where(
        versions.c.agent_id == agent_id, versions.c.number == number
    )
    # A larger number than the column takes breaks the query, on each database in its own way.
    row = conn.execute(wanted).first() if 0 < number <= _LAST_NUMBER else None
    if row is None:
        raise NotFound(f"there is no version {number}")
    return _version(row)


def count_of_versions(conn: sa.Connection, agent_id: str) -> int:
    """Count an agent's published versions."""
    counted = sa.select(sa.func.count()).where(versions.c.agent_id == agent_id)
    return int(conn.execute(counted).scalar_one())


def preview_of(conn: sa.Connection, agent_id: str) -> Agent | None:
    """Find the preview of an agent's draft."""
    row = conn.execute(
        sa.select(*_SHOWN).where(agents.c.draft_of == agent_id, agents.c.deleted_at.is_(None))
    ).first()
    return None if row is None else _agent(row)


def prune_versions(conn: sa.Connection, agent_id: str, before: int) -> None:
    """Delete versions of a preview that no conversation needs any more."""
    older = sa.and_(versions.c.agent_id == agent_id, versions.c.number < before)
    conn.execute(sa.delete(versions).where(older))


_KEPT = 500
_contents: dict[tuple[str, int], Content] = {}


def published_content(conn: sa.Connection, agent_id: str, number: int) -> Content:
    """Return what a version holds. It is remembered: every visit needs it, and it never changes."""
    content = _contents.get((agent_id, number))
    if content is None:
        content = version(conn, agent_id, number).content
        once_certain(conn, partial(_keep, agent_id, number, content))
    return content


def _keep(agent_id: str, number: int, content: Content) -> None:
    if len(_contents) >= _KEPT:
        _contents.clear()
    _contents[agent_id, number] = content


def every_version(
    conn: sa.Connection, agent_id: str, *, before: int | None = None, limit: int | None = None
) -> list[Version]:
    """List published versions, newest first: at most `limit`, older than number `before`."""
    wanted = sa.select(*_VERSION).where(versions.c.agent_id == agent_id)
    if before is not None:
        wanted = wanted.where(versions.c.number < before)
    found = conn.execute(wanted.order_by(versions.c.number.desc()).limit(limit))
    return [_version(row) for row in found]


def _version(row: Any) -> Version:
    return Version(
        row.number,
        msgspec.convert(row.content, Content),
        row.published_at,
        row.published_by,
        row.restored_from,
    )


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
        row.updated_by,
        row.draft_of,
        row.sharing,
    )
