"""The rows of codes: made within bounds, tried within bounds, used once."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from parlour.kit.clock import HOUR, SECOND, Moment
from parlour.kit.db import insert_or_ignore, metadata
from parlour.kit.errors import TooMany
from parlour.kit.tokens import new_id
from parlour.verification import rules

codes = sa.Table(
    "verification_codes",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("link_id", sa.ForeignKey("links.id"), nullable=False),
    sa.Column("address_hash", sa.String(64), nullable=False),
    sa.Column("session_hash", sa.String(64), nullable=False),
    sa.Column("place_hash", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("sealed", sa.Text),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("allowed", sa.Integer, nullable=False),
    sa.Column("used_at", sa.BigInteger),
    sa.Column("voided_at", sa.BigInteger),
    sa.Index("verification_codes_address", "address_hash", "created_at"),
    sa.Index("verification_codes_link", "link_id", "created_at"),
    sa.Index("verification_codes_place", "place_hash", "created_at"),
    sa.Index("verification_codes_at", "created_at"),
)
"""`sealed` is what the mail needs, encrypted, until it is on its way; all else are keyed hashes,
salted by the row's id. `session_hash` is empty where whoever asked had no session."""

addresses = sa.Table(
    "verification_addresses",
    metadata,
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("asked_at", sa.BigInteger, nullable=False),
)
"""One row: whoever makes a code holds it, and so counts alone, on however many processes."""

_C: Final = codes.c
_ALL: Final = "all"
_KEPT: Final[Moment] = 2 * HOUR


@dataclass(frozen=True, slots=True)
class Caps:
    """How many codes are made in ten minutes, beside what one address bears."""

    per_place: int
    per_link: int
    per_instance: int


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for a code, and for what: hashes, because nothing else is kept."""

    link_id: str
    address: list[str]
    """The address, hashed with each of the instance's keys, newest first."""
    session: str
    place: str


class Tried(StrEnum):
    """What came of trying a code."""

    RIGHT = "right"
    WRONG = "wrong"
    OVER = "over"
    """There is none that could still be tried."""


def salted(code_id: str, code: str) -> str:
    """Return what is hashed of a code."""
    return f"code/{code_id}/{code}"


def make(conn: sa.Connection, asked: Asked, caps: Caps, now: Moment) -> tuple[str, int]:
    """Make room for a new code; return its id and how often it can be tried.

    The code that the same visitor was sent before is void from here on.

    Raises:
        TooMany: of this address, place or link, or in all.
    """
    # Whoever asks too often is told so without having made others wait.
    _require_room(conn, asked, caps, now)
    _hold(conn, now)
    _require_room(conn, asked, caps, now)
    conn.execute(sa.update(codes).where(*_current(asked)).values(voided_at=now))
    left = rules.TRIES_PER_HOUR - _guesses(conn, asked.address, now)
    if left <= 0:
        told = "too many codes were tried for this address; wait a while"
        raise TooMany(told, retry_after=rules.GOOD_FOR // SECOND)
    return new_id("cod"), min(rules.TRIES, left)


def keep(conn: sa.Connection, code_id: str, asked: Asked, now: Moment, **values: Any) -> None:
    """Store a code that there is room for."""
    conn.execute(
        sa.insert(codes).values(
            id=code_id,
            link_id=asked.link_id,
            address_hash=asked.address[0],
            session_hash=asked.session,
            place_hash=asked.place,
            created_at=now,
            expires_at=now + rules.GOOD_FOR,
            attempts=0,
            **values,
        )
    )


def attempt(conn: sa.Connection, asked: Asked, now: Moment) -> tuple[str, str, int] | None:
    """Count an attempt at the code of an address, before anything is compared.

    Returns its id, its hash and how many attempts are left; None when there is none to be tried.
    """
    wanted = sa.select(_C.id).where(*_current(asked)).order_by(_C.created_at.desc()).limit(1)
    row = conn.execute(
        sa.update(codes)
        .where(
            _C.id == wanted.scalar_subquery(),
            _C.used_at.is_(None),
            _C.voided_at.is_(None),
            _C.expires_at > now,
            _C.attempts < _C.allowed,
        )
        .values(attempts=_C.attempts + 1)
        .returning(_C.id, _C.hash, _C.allowed - _C.attempts)
    ).first()
    return None if row is None else (row[0], row[1], row[2])


def use(conn: sa.Connection, code_id: str, now: Moment) -> bool:
    """Use a code up; False when somebody did so at the same moment."""
    done = sa.update(codes).where(_C.id == code_id, _C.used_at.is_(None))
    return conn.execute(done.values(used_at=now, sealed=None)).rowcount == 1


def sealed(conn: sa.Connection, code_id: str, now: Moment) -> str | None:
    """Return what the mail of a code needs; None when it was sent or is over."""
    wanted = sa.select(_C.sealed).where(
        _C.id == code_id, _C.used_at.is_(None), _C.voided_at.is_(None), _C.expires_at > now
    )
    found: str | None = conn.execute(wanted).scalar()
    return found


def sent(conn: sa.Connection, code_id: str) -> None:
    """Forget what the mail needed: it is on its way."""
    conn.execute(sa.update(codes).where(_C.id == code_id).values(sealed=None))


def erase(conn: sa.Connection, address: list[str]) -> None:
    """Delete the codes of an address, which is given hashed with each of the instance's keys."""
    conn.execute(sa.delete(codes).where(_C.address_hash.in_(address)))


def forget(conn: sa.Connection, now: Moment) -> None:
    """Delete codes that count for nothing any more."""
    conn.execute(sa.delete(codes).where(_C.created_at < now - _KEPT))
    conn.execute(sa.delete(addresses).where(addresses.c.asked_at < now - _KEPT))


def _hold(conn: sa.Connection, now: Moment) -> None:
    """Let nobody else make a code until the transaction ends."""
    conn.execute(insert_or_ignore(conn, addresses), {"hash": _ALL, "asked_at": now})
    conn.execute(sa.update(addresses).where(addresses.c.hash == _ALL).values(asked_at=now))


def _require_room(conn: sa.Connection, asked: Asked, caps: Caps, now: Moment) -> None:
    for where, most, within in _bounds(asked, caps):
        _require_below(conn, where, most, within, now)
    _require_few_wrong(conn, asked.place, now)


def _current(asked: Asked) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        _C.link_id == asked.link_id,
        _C.address_hash.in_(asked.address),
        _C.session_hash == asked.session,
        _C.voided_at.is_(None),
        _C.used_at.is_(None),
    )


def _bounds(asked: Asked, caps: Caps) -> tuple[tuple[sa.ColumnElement[bool], int, Moment], ...]:
    of_address = _C.address_hash.in_(asked.address)
    return (
        (of_address, rules.REQUESTS, rules.REQUESTS_WITHIN),
        (of_address, rules.MAILS_PER_HOUR, HOUR),
        (_C.place_hash == asked.place, caps.per_place, rules.REQUESTS_WITHIN),
        (_C.link_id == asked.link_id, caps.per_link, rules.REQUESTS_WITHIN),
        (sa.true(), caps.per_instance, rules.REQUESTS_WITHIN),
    )


def _require_below(
    conn: sa.Connection, where: sa.ColumnElement[bool], most: int, within: Moment, now: Moment
) -> None:
    """Raise TooMany when there were `most` within a span already, with how long to wait."""
    since = now - within
    wanted = sa.select(_C.created_at).where(where, _C.created_at > since)
    newest = wanted.order_by(_C.created_at.desc()).offset(most - 1).limit(1)
    oldest: Moment | None = conn.execute(newest).scalar()
    if oldest is not None:
        wait = -(-(oldest + within - now) // SECOND)
        told = "too many codes were asked for; wait a little"
        raise TooMany(told, retry_after=max(1, wait))


def _require_few_wrong(conn: sa.Connection, place: str, now: Moment) -> None:
    since = now - rules.GUESSES_COUNT_FOR
    wrong = sa.select(sa.func.coalesce(sa.func.sum(_C.attempts), 0)).where(
        _C.place_hash == place, _C.created_at > since, _C.used_at.is_(None)
    )
    if conn.execute(wrong).scalar_one() >= rules.WRONG_PER_PLACE:
        told = "too many wrong codes came from this place; wait a while"
        raise TooMany(told, retry_after=rules.GOOD_FOR // SECOND)


def _guesses(conn: sa.Connection, address: list[str], now: Moment) -> int:
    """Count the guesses that the codes of an address bore, and those that they may still bear."""
    is_over = sa.or_(_C.used_at.is_not(None), _C.voided_at.is_not(None), _C.expires_at <= now)
    borne = sa.case((is_over, _C.attempts), else_=_C.allowed)
    since = now - rules.GUESSES_COUNT_FOR
    wanted = sa.select(sa.func.coalesce(sa.func.sum(borne), 0)).where(
        _C.address_hash.in_(address), _C.created_at > since
    )
    counted: int = conn.execute(wanted).scalar_one()
    return counted
