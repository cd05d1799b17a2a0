"""Visitors and their sessions: who comes by a link, found again on the same browser."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

import sqlalchemy as sa

from parlour.kit.clock import HOUR, Moment
from parlour.kit.db import Prepared, inserting, metadata
from parlour.kit.tokens import new_id

UNUSED: Final[Moment] = 0
"""When the use began of a visitor who has taken none yet."""
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
    sa.Column("use_began_at", sa.BigInteger),
    sa.Column("use_last_at", sa.BigInteger),
)
"""The use of the link that a visitor has began when they came, and saw their last message then,
until something else is kept."""

sessions = sa.Table(
    "visitor_sessions",
    metadata,
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("visitor_id", sa.ForeignKey("visitors.id"), nullable=False),
    sa.Column("link_id", sa.ForeignKey("links.id"), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("seen_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("proof", sa.String(10)),
    sa.Column("id", sa.String(40)),
    sa.Column("client", sa.String(100)),
    sa.Column("address", sa.Integer, nullable=False, server_default="0"),
    sa.Column("signed_by", sa.String(40)),
    sa.Index("visitor_sessions_expiry", "expires_at"),
    sa.Index("visitor_sessions_link", "link_id", "address"),
)
"""The secret that the browser holds is here only as a keyed hash. A session whose visitor proved
who they are says how, has an id by which it can be ended, and the browser's name; no other has.
Each says by which of the link's addresses its visitor last said something. `signed_by` is the
identity key of whoever vouched for the visitor, in sessions that began so."""

sa.Index(
    "visitor_sessions_signed",
    sessions.c.signed_by,
    sqlite_where=sessions.c.signed_by.is_not(None),
    postgresql_where=sessions.c.signed_by.is_not(None),
)

_ARRIVE = inserting(visitors, "id workspace_id agent_id link_id created_at")
_BEGIN = inserting(sessions, "hash visitor_id link_id created_at seen_at expires_at address")
_TOUCH = Prepared(
    sa.update(sessions)
    .where(sessions.c.hash == sa.bindparam("session"))
    .values(seen_at=sa.bindparam("now"), expires_at=sa.bindparam("ends"))
)
_SEEN = Prepared(
    sa.update(sessions)
    .where(sessions.c.hash == sa.bindparam("session"))
    .values(seen_at=sa.bindparam("now"))
)


def arrive(
    conn: sa.Connection,
    *,
    workspace_id: str,
    agent_id: str,
    link_id: str,
    session_hash: str,
    address: int = 0,
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
    begin(
        conn,
        visitor_id,
        link_id,
        session_hash=session_hash,
        address=address,
        now=now,
        expires_at=expires_at,
    )
    return visitor_id


def begin(
    conn: sa.Connection,
    visitor_id: str,
    link_id: str,
    *,
    session_hash: str,
    address: int,
    now: Moment,
    expires_at: Moment,
) -> None:
    """Begin a session of a visitor who has proved nothing. IntegrityError when it exists."""
    _BEGIN.run(
        conn,
        hash=session_hash,
        visitor_id=visitor_id,
        link_id=link_id,
        created_at=now,
        seen_at=now,
        expires_at=expires_at,
        address=address,
    )


def come_known(
    conn: sa.Connection, *, workspace_id: str, agent_id: str, link_id: str, now: Moment
) -> str:
    """Store a visitor who has said nothing yet, and so has not used the link; return their id."""
    visitor_id = new_id("vis")
    conn.execute(
        sa.insert(visitors).values(
            id=visitor_id,
            workspace_id=workspace_id,
            agent_id=agent_id,
            link_id=link_id,
            created_at=now,
            use_began_at=UNUSED,
            use_last_at=UNUSED,
        )
    )
    return visitor_id


def begin_proved(
    conn: sa.Connection,
    visitor_id: str,
    link_id: str,
    *,
    session_hash: str,
    address: int,
    proof: str,
    signed_by: str | None,
    client: str,
    now: Moment,
    expires_at: Moment,
) -> str:
    """Begin a session of a visitor who has proved who they are; return its id."""
    session_id = new_id("vss")
    conn.execute(
        sa.insert(sessions).values(
            hash=session_hash,
            visitor_id=visitor_id,
            link_id=link_id,
            created_at=now,
            seen_at=now,
            expires_at=expires_at,
            proof=proof,
            signed_by=signed_by,
            id=session_id,
            client=client,
            address=address,
        )
    )
    return session_id


@dataclass(frozen=True, slots=True)
class Device:
    """A browser or program in which a visitor is known."""

    id: str
    client: str
    created_at: Moment
    seen_at: Moment
    expires_at: Moment


def devices(conn: sa.Connection, visitor_id: str, now: Moment) -> list[Device]:
    """List the browsers in which a visitor is known just now, the latest first."""
    columns = sessions.c
    rows = conn.execute(
        sa.select(
            columns.id, columns.client, columns.created_at, columns.seen_at, columns.expires_at
        )
        .where(columns.visitor_id == visitor_id, columns.id.is_not(None), columns.expires_at > now)
        .order_by(columns.created_at.desc(), columns.id)
    )
    return [Device(*row) for row in rows]


def by_other_addresses(
    conn: sa.Connection, link_id: str, address: int, now: Moment, *, most: int
) -> tuple[list[tuple[str, int, Moment]], int]:
    """Find who last said something by another address of a link than the one it has now.

    Returns:
        The latest `most` of them, each with the address and when that was, and how many there are.
        Each counts once for a browser of theirs, whatever address they use in another one.
    """
    columns = sessions.c
    theirs = sa.and_(
        columns.link_id == link_id, columns.address != address, columns.expires_at > now
    )
    last = sa.func.max(columns.seen_at)
    wanted = sa.select(columns.visitor_id, columns.address, last).where(theirs)
    wanted = wanted.group_by(columns.visitor_id, columns.address)
    rows = conn.execute(wanted.order_by(last.desc(), columns.visitor_id).limit(most))
    number = sa.select(sa.func.count(columns.visitor_id.distinct())).where(theirs)
    return [(row[0], row[1], row[2]) for row in rows], conn.execute(number).scalar_one()


def end(conn: sa.Connection, session_hash: str) -> None:
    """End a session: its secret opens nothing from here on."""
    conn.execute(sa.delete(sessions).where(sessions.c.hash == session_hash))


def vouch(conn: sa.Connection, session_hash: str, key_id: str) -> None:
    """Keep that another identity key vouched for whoever has a session."""
    conn.execute(
        sa.update(sessions).where(sessions.c.hash == session_hash).values(signed_by=key_id)
    )


def end_all(conn: sa.Connection, visitor_id: str) -> None:
    """End all sessions of a visitor."""
    conn.execute(sa.delete(sessions).where(sessions.c.visitor_id == visitor_id))


def count_sessions(conn: sa.Connection, visitor_id: str) -> int:
    """Count the sessions of a visitor, those that have ended and are still to be deleted too."""
    counted = sa.select(sa.func.count()).where(sessions.c.visitor_id == visitor_id)
    return int(conn.execute(counted).scalar_one())


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who came by a link."""

    id: str
    agent_id: str
    link_id: str
    created_at: Moment


def find(conn: sa.Connection, workspace_id: str, visitor_id: str) -> Visitor | None:
    """Find a visitor of a workspace; None when there is none of that id."""
    columns = visitors.c
    wanted = sa.select(*(columns[name] for name in Visitor.__slots__))
    wanted = wanted.where(columns.id == visitor_id, columns.workspace_id == workspace_id)
    row = conn.execute(wanted).first()
    return None if row is None else Visitor(*row)


def end_signed(conn: sa.Connection, key_id: str) -> int:
    """End the sessions for which an identity key vouched; returns how many."""
    return conn.execute(sa.delete(sessions).where(sessions.c.signed_by == key_id)).rowcount


def end_device(conn: sa.Connection, visitor_id: str, session_id: str) -> bool:
    """End one of a visitor's sessions by its id; False when there is none."""
    ended = sa.delete(sessions).where(
        sessions.c.id == session_id, sessions.c.visitor_id == visitor_id
    )
    return conn.execute(ended).rowcount == 1


def called(visitor_id: str) -> str:
    """Return what to call a visitor whose name nobody knows: by a number, always the same.

    Two visitors may share a number; their ids tell them apart.
    """
    return f"Visitor {10_000 + crc32(visitor_id.encode()) % 90_000}"


def touch(conn: sa.Connection, session_hash: str, now: Moment, expires_at: Moment | None) -> None:
    """Keep that a session is in use, and prolong it; None leaves its end where it is."""
    if expires_at is None:
        _SEEN.run(conn, session=session_hash, now=now)
    else:
        _TOUCH.run(conn, session=session_hash, now=now, ends=expires_at)


_COME_BY = Prepared(
    sa.update(sessions)
    .where(sessions.c.hash == sa.bindparam("session"))
    .values(address=sa.bindparam("address"))
)


def come_by(conn: sa.Connection, session_hash: str, address: int) -> None:
    """Keep by which of the link's addresses a visitor last said something."""
    _COME_BY.run(conn, session=session_hash, address=address)


_GO_ON = Prepared(
    sa.update(visitors)
    .where(visitors.c.id == sa.bindparam("visitor"))
    .values(use_last_at=sa.bindparam("now"))
)
_BEGIN_AGAIN = Prepared(
    sa.update(visitors)
    .where(
        visitors.c.id == sa.bindparam("visitor"),
        sa.func.coalesce(visitors.c.use_began_at, visitors.c.created_at) == sa.bindparam("began"),
    )
    .values(use_began_at=sa.bindparam("now"), use_last_at=sa.bindparam("now"))
)


def go_on(conn: sa.Connection, visitor_id: str, now: Moment) -> None:
    """Keep when the visitor said something in the use they have."""
    _GO_ON.run(conn, visitor=visitor_id, now=now)


def begin_again(conn: sa.Connection, visitor_id: str, began: Moment, now: Moment) -> bool:
    """Begin another use after the one that began then; False when it is begun already.

    However many messages of a visitor come at once, one of them begins it.
    """
    return _BEGIN_AGAIN.run(conn, visitor=visitor_id, began=began, now=now) == 1


def take_use(conn: sa.Connection, own: str, known: str) -> None:
    """Give the visitor `known` the use that the visitor `own`, who is the same person, has."""
    columns = visitors.c
    wanted = sa.select(columns.created_at, columns.use_began_at, columns.use_last_at)
    row = conn.execute(wanted.where(columns.id == own)).one()
    began = row.created_at if row.use_began_at is None else row.use_began_at
    if began != UNUSED:
        last = row.created_at if row.use_last_at is None else row.use_last_at
        taken = sa.update(visitors).where(columns.id == known)
        conn.execute(taken.values(use_began_at=began, use_last_at=last))


def forget_expired(conn: sa.Connection, now: Moment) -> int:
    """Delete sessions that have ended; returns how many."""
    return conn.execute(sa.delete(sessions).where(sessions.c.expires_at <= now)).rowcount


def erase(conn: sa.Connection, ids: Sequence[str]) -> int:
    """Delete visitors and their sessions; return how many there were.

    Their conversations must be gone.
    """
    conn.execute(sa.delete(sessions).where(sessions.c.visitor_id.in_(ids)))
    return conn.execute(sa.delete(visitors).where(visitors.c.id.in_(ids))).rowcount
