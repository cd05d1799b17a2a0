"""The rows of pictures: under the digest of their content, once for each that shows them."""

import hashlib
from typing import Any

import sqlalchemy as sa

from parlour.kit.clock import Moment
from parlour.kit.db import insert_or_ignore, metadata

pictures = sa.Table(
    "pictures",
    metadata,
    sa.Column("digest", sa.String(32), primary_key=True),
    sa.Column("owner", sa.String(40), primary_key=True),
    sa.Column("agent_id", sa.ForeignKey("agents.id"), nullable=False),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("published", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Index("pictures_owner", "owner"),
    sa.Index("pictures_agent", "agent_id"),
)
"""`owner`: the agent or widget that shows it. `published`: a version that is kept names it."""


def add(conn: sa.Connection, place: tuple[str, str, str], content: bytes, now: Moment) -> str:
    """Keep a picture that was made anew and return its digest; one that is there is kept.

    `place`: the id of what shows it, of its agent, and of its workspace.
    """
    owner, agent_id, workspace_id = place
    digest = hashlib.sha256(content).hexdigest()[:32]
    values: dict[str, Any] = {
        "digest": digest,
        "owner": owner,
        "agent_id": agent_id,
        "workspace_id": workspace_id,
        "content": content,
        "published": False,
        "created_at": now,
    }
    conn.execute(insert_or_ignore(conn, pictures), values)
    return digest


def find(conn: sa.Connection, digest: str, workspace_id: str | None = None) -> bytes | None:
    """Return a picture by its digest, that of one workspace if told which; None without one."""
    wanted = sa.select(pictures.c.content).where(pictures.c.digest == digest)
    if workspace_id is not None:
        wanted = wanted.where(pictures.c.workspace_id == workspace_id)
    found: bytes | None = conn.execute(wanted.limit(1)).scalar()
    return found


def keep(conn: sa.Connection, owner: str, digest: str) -> None:
    """Note that a published version names a picture."""
    if digest:
        is_it = sa.and_(pictures.c.owner == owner, pictures.c.digest == digest)
        conn.execute(sa.update(pictures).where(is_it).values(published=True))


def drop(conn: sa.Connection, owner: str, but: str | None = None) -> None:
    """Delete the pictures of an owner that no version names, but for one."""
    which = sa.and_(
        pictures.c.owner == owner,
        pictures.c.published.is_(sa.false()),
        pictures.c.digest != (but or ""),
    )
    conn.execute(sa.delete(pictures).where(which))


def drop_all(conn: sa.Connection, agent_id: str) -> None:
    """Delete the pictures of an agent and of its widgets."""
    conn.execute(sa.delete(pictures).where(pictures.c.agent_id == agent_id))
