"""The rows of attachments: what was sent along, and its bytes in pieces."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from parlour.kit.clock import HOUR, Moment
from parlour.kit.db import metadata

PIECE: Final = 256 * 1024
"""Bytes in one row: a backup holds two hundred rows at a time."""
UNSENT_KEPT: Final = HOUR
"""So long a file waits for the message that it shall go along with."""

attachments = sa.Table(
    "attachments",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("link_id", sa.ForeignKey("links.id"), nullable=False),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id", ondelete="CASCADE")),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("media_type", sa.String(40), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("wide", sa.Integer, nullable=False),
    sa.Column("high", sa.Integer, nullable=False),
    sa.Column("whole", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Index("attachments_conversation", "conversation_id"),
)
"""Without a `conversation_id` it waits for its message, until it is swept away; with one it goes
when its conversation does."""

_IS_UNSENT = attachments.c.conversation_id.is_(None)
sa.Index(
    "attachments_unsent",
    attachments.c.created_at,
    sqlite_where=_IS_UNSENT,
    postgresql_where=_IS_UNSENT,
)

parts = sa.Table(
    "attachment_parts",
    metadata,
    sa.Column(
        "attachment_id", sa.ForeignKey("attachments.id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Held:
    """A file that was sent, without its bytes."""

    id: str
    kind: str
    media_type: str
    name: str
    size: int
    wide: int = 0
    high: int = 0

    def told(self) -> dict[str, Any]:
        """Return it as its message holds it."""
        sides = {"wide": self.wide, "high": self.high} if self.wide else {}
        told = {"id": self.id, "name": self.name, "kind": self.kind}
        return {**told, "media_type": self.media_type, "size": self.size, **sides}


@dataclass(frozen=True, slots=True)
class Content:
    """A file with its bytes."""

    file: Held
    content: bytes


_COLUMNS: Final = [attachments.c[name] for name in Held.__slots__]


def begin(conn: sa.Connection, held: Held, link_id: str, now: Moment) -> None:
    """Make room for a file that is on its way in."""
    values = {name: getattr(held, name) for name in Held.__slots__}
    more = {"link_id": link_id, "conversation_id": None, "whole": False, "created_at": now}
    conn.execute(sa.insert(attachments), {**values, **more})


def add(conn: sa.Connection, id_: str, first: int, pieces: Sequence[bytes], now: Moment) -> bool:
    """Store the next pieces of a file; False when it was swept away meanwhile."""
    coming = sa.update(attachments).where(attachments.c.id == id_).values(created_at=now)
    if not conn.execute(coming).rowcount:
        return False
    rows = [
        {"attachment_id": id_, "number": first + at, "content": piece}
        for at, piece in enumerate(pieces)
    ]
    conn.execute(sa.insert(parts), rows)
    return True


def finish(conn: sa.Connection, id_: str, size: int, now: Moment) -> bool:
    """Note that all of a file is there; False when it was swept away meanwhile."""
    done = {"whole": True, "size": size, "created_at": now}
    return bool(
        conn.execute(sa.update(attachments).where(attachments.c.id == id_).values(**done)).rowcount
    )


def unsent(conn: sa.Connection, link_id: str, ids: Collection[str]) -> dict[str, Held]:
    """Find whole files that wait at a link for their message, and hold them."""
    found = conn.execute(
        sa.select(*_COLUMNS)
        .where(
            attachments.c.id.in_(list(ids)),
            attachments.c.link_id == link_id,
            attachments.c.whole,
            _IS_UNSENT,
        )
        .with_for_update()
    )
    return {row.id: Held(*row) for row in found}


def send(conn: sa.Connection, ids: Collection[str], conversation_id: str) -> None:
    """Make files part of a conversation."""
    which = attachments.c.id.in_(list(ids))
    conn.execute(sa.update(attachments).where(which).values(conversation_id=conversation_id))


def size_of(conn: sa.Connection, conversation_ids: Collection[str]) -> int:
    """Add up the bytes of all files of some conversations."""
    added = sa.select(sa.func.coalesce(sa.func.sum(attachments.c.size), 0))
    which = attachments.c.conversation_id.in_(list(conversation_ids))
    return int(conn.execute(added.where(which)).scalar_one())


def conversation_of(conn: sa.Connection, id_: str) -> str | None:
    """Return in which conversation a file was sent; None while it waits, or is not there."""
    return conn.execute(
        sa.select(attachments.c.conversation_id).where(attachments.c.id == id_)
    ).scalar()


def find(conn: sa.Connection, conversation_id: str, id_: str) -> Content | None:
    """Read a file of a conversation; None when it is absent or another one's."""
    row = conn.execute(
        sa.select(*_COLUMNS).where(
            attachments.c.id == id_, attachments.c.conversation_id == conversation_id
        )
    ).first()
    return None if row is None else Content(Held(*row), _content(conn, id_))


def contents(conn: sa.Connection, ids: Collection[str]) -> Mapping[str, bytes]:
    """Read the bytes of files, by their ids; those that are gone are left out."""
    return {each: found for each in ids if (found := _content(conn, each))}


def _content(conn: sa.Connection, id_: str) -> bytes:
    pieces = sa.select(parts.c.content).where(parts.c.attachment_id == id_).order_by(parts.c.number)
    return b"".join(conn.execute(pieces).scalars())


def withdraw(conn: sa.Connection, link_id: str, id_: str) -> bool:
    """Delete a file that waits for its message; False when none of that id does."""
    return _delete(conn, attachments.c.id == id_, attachments.c.link_id == link_id, _IS_UNSENT) > 0


def drop_unsent(conn: sa.Connection, now: Moment) -> None:
    """Delete what no message came for, and what is left of what broke off."""
    _delete(conn, _IS_UNSENT, attachments.c.created_at < now - UNSENT_KEPT)


def _delete(conn: sa.Connection, *which: Any) -> int:
    # Held, so that none of them becomes part of a message between the two.
    held = sa.select(attachments.c.id).where(*which).with_for_update()
    found = list(conn.execute(held).scalars())
    if found:
        conn.execute(sa.delete(attachments).where(attachments.c.id.in_(found)))
    return len(found)
