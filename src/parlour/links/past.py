"""The addresses that links had before: until when each of them still leads in."""

from dataclasses import dataclass

import sqlalchemy as sa

from parlour.kit.clock import Moment
from parlour.kit.db import Prepared, metadata

addresses = sa.Table(
    "link_past_addresses",
    metadata,
    sa.Column("link_id", sa.ForeignKey("links.id"), primary_key=True),
    sa.Column("address", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("token_expires", sa.BigInteger, nullable=False),
    sa.Column("replaced_at", sa.BigInteger, nullable=False),
    sa.Column("ends_at", sa.BigInteger, nullable=False),
)
"""A link that was never given another address has no row."""

_A = addresses.c


@dataclass(frozen=True, slots=True)
class Past:
    """An address that a link had."""

    address: int
    token_expires: int
    replaced_at: Moment
    ends_at: Moment
    """From then on it leads nowhere."""


_COLUMNS = [_A[name] for name in Past.__slots__]
_FIND = Prepared(
    sa.select(*_COLUMNS).where(
        _A.link_id == sa.bindparam("link"), _A.address == sa.bindparam("address")
    )
)


def find(conn: sa.Connection, link_id: str, address: int) -> Past | None:
    """Find an address that a link had; None when it never had it."""
    row = _FIND.first(conn, link=link_id, address=address)
    return None if row is None else Past(*row)


def of_link(conn: sa.Connection, link_id: str) -> list[Past]:
    """List the addresses that a link had, the latest first."""
    wanted = sa.select(*_COLUMNS).where(_A.link_id == link_id)
    rows = conn.execute(wanted.order_by(_A.replaced_at.desc(), _A.address))
    return [Past(*row) for row in rows]


def add(conn: sa.Connection, link_id: str, past: Past) -> None:
    """Keep an address that a link no longer has."""
    values = {name: getattr(past, name) for name in Past.__slots__}
    conn.execute(sa.insert(addresses).values(link_id=link_id, **values))


def curtail(conn: sa.Connection, link_id: str, ends_at: Moment) -> int:
    """Let no earlier address of a link outlast a moment; return how many this ends sooner."""
    later = sa.update(addresses).where(_A.link_id == link_id, _A.ends_at > ends_at)
    return conn.execute(later.values(ends_at=ends_at)).rowcount
