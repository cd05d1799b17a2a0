"""Codes by which a visitor goes on in another browser: made in one, taken once, soon over."""

from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from parlour.kit.clock import MINUTE, Moment
from parlour.kit.db import metadata
from parlour.visitors import sessions

GOOD_FOR: Final = 10 * MINUTE

handovers = sa.Table(
    "visitor_handovers",
    metadata,
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column(
        "session_hash",
        sa.ForeignKey("visitor_sessions.hash", ondelete="CASCADE"),
        nullable=False,
        unique=True,
    ),
    sa.Column("link_id", sa.ForeignKey("links.id"), nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("used_at", sa.BigInteger),
    sa.Index("visitor_handovers_expiry", "expires_at"),
)
"""The code is here only as a keyed hash. Each session has one at most, which goes with it."""

_H: Final = handovers.c


class State(StrEnum):
    """How a code is, of which one knows no more than that."""

    GOOD = "good"
    USED = "used"
    OVER = "over"
    """Too old."""
    UNKNOWN = "unknown"
    """There is none: another one took its place, it is long over, or it was never made."""


def make(
    conn: sa.Connection, session_hash: str, link_id: str, code_hash: str, now: Moment
) -> Moment:
    """Keep a code of a session, in place of one it had; return until when it is good."""
    ends = now + GOOD_FOR
    conn.execute(sa.delete(handovers).where(_H.session_hash == session_hash))
    values = {"hash": code_hash, "session_hash": session_hash, "link_id": link_id}
    conn.execute(sa.insert(handovers).values(**values, expires_at=ends))
    return ends


def state_of(conn: sa.Connection, hashes: list[str], link_id: str, now: Moment) -> State:
    """Say how a code is; nothing comes of asking."""
    wanted = sa.select(_H.used_at, _H.expires_at).where(_H.hash.in_(hashes), _H.link_id == link_id)
    row = conn.execute(wanted).first()
    if row is None:
        return State.UNKNOWN
    if row.used_at is not None:
        return State.USED
    return State.GOOD if row.expires_at > now else State.OVER


def take(conn: sa.Connection, hashes: list[str], link_id: str, now: Moment) -> str | None:
    """Take a code, in one statement: of however many who try at once, one gets it.

    Returns:
        The visitor whose session it is, as long as that is good and nothing was proved in it;
        None when the code is not good any more.
    """
    good = sa.select(sessions.c.hash).where(
        sessions.c.hash == _H.session_hash, sessions.c.expires_at > now, sessions.c.proof.is_(None)
    )
    taken = conn.execute(
        sa.update(handovers)
        .where(
            _H.hash.in_(hashes),
            _H.link_id == link_id,
            _H.used_at.is_(None),
            _H.expires_at > now,
            good.exists(),
        )
        .values(used_at=now)
        .returning(_H.session_hash)
    ).scalar()
    if taken is None:
        return None
    whose = sa.select(sessions.c.visitor_id).where(sessions.c.hash == taken)
    return str(conn.execute(whose).scalar_one())


def forget(conn: sa.Connection, now: Moment) -> None:
    """Delete codes that were over an hour ago: until then one is told what became of them."""
    conn.execute(sa.delete(handovers).where(_H.expires_at < now - 6 * GOOD_FOR))
