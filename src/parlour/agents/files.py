"""The bytes of uploaded documents, in rows of the database, each file in pieces."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from parlour.kit.clock import HOUR, Moment
from parlour.kit.db import metadata

PIECE: Final = 256 * 1024
"""Bytes in one row: a backup holds two hundred rows at a time."""

_LEFT_OVER: Final = HOUR
"""After this long an upload that is not whole belongs to nobody: its server died."""

files = sa.Table(
    "agent_files",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("agent_id", sa.ForeignKey("agents.id"), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("whole", sa.Boolean, nullable=False),
    sa.Column("published", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Index("agent_files_agent", "agent_id", "digest"),
    sa.Index("agent_files_broken", "whole", "created_at"),
)
"""`created_at`: when its last piece came, until it is whole. `published`: a version names it."""

parts = sa.Table(
    "agent_file_parts",
    metadata,
    sa.Column("file_id", sa.ForeignKey("agent_files.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file on its way in."""

    file_id: str
    number: int
    content: bytes


def begin(conn: sa.Connection, file_id: str, agent_id: str, now: Moment) -> None:
    """Make room for a file that is on its way in."""
    values = {"id": file_id, "agent_id": agent_id, "digest": "", "size": 0, "created_at": now}
    conn.execute(sa.insert(files), {**values, "whole": False, "published": False})


def add(conn: sa.Connection, file_id: str, pieces: list[Piece], now: Moment) -> bool:
    """Store pieces of a file; False when it was swept away meanwhile."""
    coming = sa.update(files).where(files.c.id == file_id).values(created_at=now)
    if not conn.execute(coming).rowcount:
        return False
    names = Piece.__slots__
    conn.execute(
        sa.insert(parts), [{name: getattr(each, name) for name in names} for each in pieces]
    )
    return True


def finish(conn: sa.Connection, file_id: str, digest: str, size: int) -> bool:
    """Note that all of a file arrived; False when it was swept away meanwhile.

    It must be named in the same transaction: what is whole and named nowhere is deleted.
    """
    done = conn.execute(
        sa.update(files)
        .where(files.c.id == file_id, files.c.whole.is_(sa.false()))
        .values(digest=digest, size=size, whole=True)
    )
    return bool(done.rowcount)


def same(conn: sa.Connection, agent_id: str, digest: str, *, but: str) -> str | None:
    """Find another whole file of an agent with this content."""
    found: str | None = conn.execute(
        sa.select(files.c.id).where(
            files.c.agent_id == agent_id,
            files.c.digest == digest,
            files.c.whole,
            files.c.id != but,
        )
    ).scalar()
    return found


def content(conn: sa.Connection, file_id: str) -> bytes | None:
    """Read all of a file; None when it is gone."""
    found = conn.execute(
        sa.select(parts.c.content).where(parts.c.file_id == file_id).order_by(parts.c.number)
    )
    pieces = list(found.scalars())
    return b"".join(pieces) if pieces else None


def keep(conn: sa.Connection, file_ids: Iterable[str]) -> None:
    """Note that a published version names these files."""
    conn.execute(
        sa.update(files)
        .where(files.c.id.in_(list(file_ids)), files.c.published.is_(sa.false()))
        .values(published=True)
    )


def count(conn: sa.Connection, agent_id: str) -> int:
    """Count the whole files of an agent, those of earlier versions included."""
    counted = sa.select(sa.func.count()).where(files.c.agent_id == agent_id, files.c.whole)
    return int(conn.execute(counted).scalar_one())


def drop(conn: sa.Connection, agent_id: str, named: Iterable[str]) -> None:
    """Delete the whole files of an agent that neither a version nor its draft, `named`, names.

    The agent's row must be held by this transaction.
    """
    _delete(
        conn,
        files.c.agent_id == agent_id,
        files.c.whole,
        files.c.published.is_(sa.false()),
        files.c.id.not_in(list(named)),
    )


def drop_one(conn: sa.Connection, file_id: str) -> None:
    """Delete a file that did not arrive, or of which there is another copy."""
    _delete(conn, files.c.id == file_id)


def drop_all(conn: sa.Connection, agent_id: str, most: int = 20) -> bool:
    """Delete some of an agent's files; whether there may be more."""
    some = sa.select(files.c.id).where(files.c.agent_id == agent_id).limit(most)
    return _delete(conn, files.c.id.in_(list(conn.execute(some).scalars()))) == most


def drop_broken(conn: sa.Connection, now: Moment) -> None:
    """Delete what is left of uploads whose server died."""
    _delete(conn, files.c.whole.is_(sa.false()), files.c.created_at < now - _LEFT_OVER)


def _delete(conn: sa.Connection, *which: Any) -> int:
    # Held, so that none of them is named between the two.
    found = list(conn.execute(sa.select(files.c.id).where(*which).with_for_update()).scalars())
    if found:
        conn.execute(sa.delete(parts).where(parts.c.file_id.in_(found)))
        conn.execute(sa.delete(files).where(files.c.id.in_(found)))
    return len(found)
