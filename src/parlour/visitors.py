"""Visitors and their sessions: who comes by a link, found again on the same browser."""

from collections.abc import Sequence
from zlib import crc32

import sqlalchemy as sa

from parlour.kit.clock import HOUR, Moment
from parlour.kit.db import Prepared, inserting, metadata
from parlour.kit.tokens import new_id

TOUCH_EVERY = HOUR
"""How precisely a session's last use is kept: often enough to prolong it, seldom enough to cost
nothing."""

visitors = sa.Table(
    "visitors",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), nullable=False),
    sa.Column("agent_id", sa.ForeignKey("agents.id"), nullable=False),
    sa.Column("link_id", sa.ForeignKey("links.id"), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

sessions = sa.Table(
    "visitor_sessions",
    metadata,
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("visitor_id", sa.ForeignKey("visitors.id"), nullable=False),
    sa.Column("link_id", sa.ForeignKey("links.id"), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("seen_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Index("visitor_sessions_expiry", "expires_at"),
)
"""The secret that the browser holds is here only as a keyed hash."""


_ARRIVE = inserting(visitors, "id workspace_id agent_id link_id created_at")
_BEGIN = inserting(sessions, "hash visitor_id link_id created_at seen_at expires_at")
_TOUCH = Prepared(
    sa.update(sessions)
    .where(sessions.c.hash == sa.bindparam("session"))
    .values(seen_at=sa.bindparam("now"), expires_at=sa.bindparam("ends"))
)


def arrive(
    conn: sa.Connection,
    *,
    workspace_id: str,
    agent_id: str,
    link_id: str,
    session_hash: str,
    now: Moment,
    expires_at: Moment,
) -> str:
    """Store a new visitor with a session and return the visitor's id.

    IntegrityError when the session exists already: the same first message sent twice at once.
    """
    visitor_id = new_id("vis")
    _ARRIVE.run(
        conn,
        id=visitor_id,
        workspace_id=workspace_id,
        agent_id=agent_id,
        link_id=link_id,
        created_at=now,
    )
    _BEGIN.run(
        conn,
        hash=session_hash,
        visitor_id=visitor_id,
        link_id=link_id,
        created_at=now,
        seen_at=now,
        expires_at=expires_at,
    )
    return visitor_id


def called(visitor_id: str) -> str:
    """Return what to call a visitor whose name nobody knows: by a number, always the same.

    Two visitors may share a number; their ids tell them apart.
    """
    return f"Visitor {10_000 + crc32(visitor_id.encode()) % 90_000}"


def touch(conn: sa.Connection, session_hash: str, now: Moment, expires_at: Moment) -> None:
    """Prolong a session that is in use."""
    _TOUCH.run(conn, session=session_hash, now=now, ends=expires_at)


def forget_expired(conn: sa.Connection, now: Moment) -> int:
    """Delete sessions that have ended; returns how many."""
    return conn.execute(sa.delete(sessions).where(sessions.c.expires_at <= now)).rowcount


def erase(conn: sa.Connection, ids: Sequence[str]) -> None:
    """Delete visitors and their sessions; their conversations must be gone."""
    conn.execute(sa.delete(sessions).where(sessions.c.visitor_id.in_(ids)))
    conn.execute(sa.delete(visitors).where(visitors.c.id.in_(ids)))
