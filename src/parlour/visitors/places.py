"""Where a visitor is known: their sessions, as they see them themselves."""

from dataclasses import dataclass
from hashlib import sha256

import sqlalchemy as sa

from parlour.kit.clock import Moment
from parlour.visitors import sessions


@dataclass(frozen=True, slots=True)
class Session:
    """A session of a visitor, in a browser of which nothing else is known."""

    created_at: Moment
    seen_at: Moment
    expires_at: Moment
    device_id: str | None
    is_this: bool
    """Whether it is the one of whoever asks."""


def sessions_of(
    conn: sa.Connection, visitor_id: str, session_hash: str | None, now: Moment
) -> list[Session]:
    """List where a visitor is known just now, the latest first, as they see it themselves."""
    columns = sessions.c
    wanted = sa.select(
        columns.hash, columns.created_at, columns.seen_at, columns.expires_at, columns.id
    )
    wanted = wanted.where(columns.visitor_id == visitor_id, columns.expires_at > now)
    rows = conn.execute(wanted.order_by(columns.created_at.desc(), columns.hash))
    return [
        Session(row.created_at, row.seen_at, row.expires_at, row.id, row.hash == session_hash)
        for row in rows
    ]


def device_of(conn: sa.Connection, session_hash: str) -> str | None:
    """Return the id of the device that a session is in; None where it has none."""
    wanted = sa.select(sessions.c.id).where(sessions.c.hash == session_hash)
    found: str | None = conn.execute(wanted).scalar()
    return found


def trace_of(session_hash: str) -> str:
    """Name a session that has no id, so that it is known again in a backup and nowhere else."""
    return "vst_" + sha256(session_hash.encode()).hexdigest()[:32]
