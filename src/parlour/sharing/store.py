"""The rows of shares, and of those who opened them."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from parlour.kit.clock import SECOND, Moment
from parlour.kit.db import metadata
from parlour.kit.errors import NotFound
from parlour.kit.tokens import Keyring
from parlour.sharing.rules import Mode

_FORM = re.compile(r"shr_[A-Za-z0-9_-]{11}\Z", re.ASCII)

shares = sa.Table(
    "shares",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), nullable=False),
    sa.Column(
        "conversation_id", sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False
    ),
    sa.Column("mode", sa.String(20), nullable=False),
    sa.Column("name", sa.String(60), nullable=False),
    sa.Column("show_personal", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("by_kind", sa.String(20), nullable=False),
    sa.Column("by_id", sa.String(40), nullable=False),
    sa.Column("by_name", sa.String(200), nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("revoked_at", sa.BigInteger),
    sa.Column("by_button", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("shares_conversation", "conversation_id", "created_at"),
)
"""What is erased with a conversation is erased by the database itself, in the same statement."""

_OPEN = shares.c.revoked_at.is_(None)
sa.Index(
    "shares_open",
    shares.c.expires_at,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)

readers = sa.Table(
    "share_readers",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("share_id", sa.ForeignKey("shares.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.String(60), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("opened_at", sa.BigInteger, nullable=False),
    sa.Index("share_readers_share", "share_id", "opened_at"),
)


@dataclass(frozen=True, slots=True)
class Share:
    """An address that opens one conversation."""

    id: str
    workspace_id: str
    conversation_id: str
    mode: Mode
    name: str
    """What whoever opens it first is called unless they say otherwise; empty for nobody's."""
    show_personal: bool
    """Whether guests read the visitor's personal details; they are masked otherwise."""
    created_at: Moment
    by_kind: str
    by_id: str
    by_name: str
    """Who shared, as they were called then."""
    expires_at: Moment
    revoked_at: Moment | None = None
    by_button: bool = False
    """Whether the pen passes when its page's button is pressed, not yet when it is opened: for
    addresses that go by mail, where a robot may open it like a browser."""

    def token(self, keys: Keyring) -> str:
        """Return the token that opens this share."""
        return keys.sign_share(self.mode.number, self.id, self.expires_at // SECOND)

    def url(self, base: str, keys: Keyring) -> str:
        """Return the whole address of this share below the house's own."""
        return f"{base}/share/{self.token(keys)}"

    def is_open(self, now: Moment) -> bool:
        """Whether its time has not come, and nobody has taken it back."""
        return self.revoked_at is None and now < self.expires_at

    @property
    def holder(self) -> tuple[str, str]:
        """Whose the pen is while a guest of this share has it: kind and id of the hold."""
        return "guest", self.id


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who opened a share, in one browser."""

    id: str
    share_id: str
    name: str
    opened_at: Moment


def insert(conn: sa.Connection, share: Share) -> None:
    """Store a new share."""
    values = {name: getattr(share, name) for name in Share.__slots__}
    conn.execute(sa.insert(shares), {**values, "mode": share.mode.value})


def by_id(conn: sa.Connection, share_id: str) -> Share | None:
    """Find a share by the id that its token carries."""
    row = conn.execute(_SHOWN.where(shares.c.id == share_id)).first()
    return None if row is None else _share(row)


def find(conn: sa.Connection, conversation_id: str, share_id: str) -> Share:
    """Find a share of a conversation; NotFound when there is none of that id."""
    found = by_id(conn, share_id) if _FORM.match(share_id) else None
    if found is None or found.conversation_id != conversation_id:
        raise NotFound("there is no such share")
    return found


def of_conversation(conn: sa.Connection, conversation_id: str) -> list[Share]:
    """List the shares of a conversation, those that are over too, newest first."""
    columns = shares.c
    found = _SHOWN.where(columns.conversation_id == conversation_id)
    return [
        _share(row) for row in conn.execute(found.order_by(columns.created_at.desc(), columns.id))
    ]


def count_of(conn: sa.Connection, conversation_ids: Collection[str]) -> int:
    """Count the shares of these conversations, those that are over too."""
    counted = sa.select(sa.func.count()).where(shares.c.conversation_id.in_(conversation_ids))
    return int(conn.execute(counted).scalar_one())


def open_for_guests(conn: sa.Connection, now: Moment) -> list[Share]:
    """List the open shares by which somebody may answer, of all workspaces."""
    columns = shares.c
    found = _SHOWN.where(_OPEN, columns.expires_at > now, columns.mode != Mode.VIEW.value)
    return [_share(row) for row in conn.execute(found)]


def end(conn: sa.Connection, share_id: str, now: Moment) -> bool:
    """Take a share back; False when that was done already."""
    ended = conn.execute(
        sa.update(shares).where(shares.c.id == share_id, _OPEN).values(revoked_at=now)
    )
    return bool(ended.rowcount)


def add_reader(conn: sa.Connection, reader: Reader, hashed: str) -> None:
    """Store somebody who opened a share, with the hash of what their browser keeps."""
    values = {name: getattr(reader, name) for name in Reader.__slots__}
    conn.execute(sa.insert(readers), {**values, "hash": hashed})


def reader_of(conn: sa.Connection, share_id: str, hashes: list[str]) -> Reader | None:
    """Find who opened a share by what their browser keeps; None for strangers."""
    if not hashes:
        return None
    found = _READERS.where(readers.c.share_id == share_id, readers.c.hash.in_(hashes))
    row = conn.execute(found).first()
    return None if row is None else Reader(*row)


def readers_of(conn: sa.Connection, share_ids: Collection[str]) -> dict[str, list[Reader]]:
    """List who opened each of these shares, in the order in which they came."""
    found = _READERS.where(readers.c.share_id.in_(share_ids))
    by_share: dict[str, list[Reader]] = {each: [] for each in share_ids}
    for row in conn.execute(found.order_by(readers.c.opened_at, readers.c.id)):
        by_share[row.share_id].append(Reader(*row))
    return by_share


def name_reader(conn: sa.Connection, reader_id: str, name: str) -> None:
    """Call somebody who opened a share by another name."""
    conn.execute(sa.update(readers).where(readers.c.id == reader_id).values(name=name))


_SHOWN = sa.select(*(shares.c[name] for name in Share.__slots__))
_READERS = sa.select(*(readers.c[name] for name in Reader.__slots__))


def _share(row: Any) -> Share:
    return replace(Share(*row), mode=Mode(row.mode))
