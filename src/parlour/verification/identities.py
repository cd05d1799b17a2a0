"""Who visitors are, where that was proved: by a code to an address, or by the owner's own word."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from parlour.kit.clock import Moment
from parlour.kit.db import metadata


class Proof(StrEnum):
    """How somebody was proved to be who they are."""

    CODE = "code"
    """They had the code that was sent to the address."""
    TOKEN = "token"  # noqa: S105 - a kind of proof
    """The owner's own program said so, and signed it."""


identities = sa.Table(
    "visitor_identities",
    metadata,
    sa.Column("visitor_id", sa.ForeignKey("visitors.id"), primary_key=True),
    sa.Column("link_id", sa.ForeignKey("links.id"), nullable=False),
    sa.Column("proof", sa.String(10), nullable=False),
    sa.Column("subject", sa.String(254), nullable=False),
    sa.Column("email", sa.String(254)),
    sa.Column("name", sa.String(200)),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("proved_at", sa.BigInteger, nullable=False),
    sa.Index("visitor_identities_subject", "link_id", "proof", "subject", unique=True),
    sa.Index("visitor_identities_person", "proof", "subject"),
)
"""Visitors who proved nothing have no row: nothing is known of them."""

_I: Final = identities.c


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a visitor is on a link, and how that was proved."""

    proof: Proof
    subject: str
    """The confirmed address, or what the owner's program calls them."""
    email: str | None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A visitor of whom something is known."""

    visitor_id: str
    identity: Identity
    proved_at: Moment


def found(conn: sa.Connection, link_id: str, who: Identity) -> str | None:
    """Return the visitor whom somebody has been on this link before; None for nobody yet."""
    wanted = sa.select(_I.visitor_id).where(
        _I.link_id == link_id, _I.proof == who.proof.value, _I.subject == who.subject
    )
    visitor_id: str | None = conn.execute(wanted).scalar()
    return visitor_id


def prove(
    conn: sa.Connection, visitor_id: str, link_id: str, who: Identity, now: Moment, *, is_new: bool
) -> None:
    """Keep who a visitor is; IntegrityError when two became the same one at the same moment."""
    values = {"email": who.email, "name": who.name, "proved_at": now}
    if is_new:
        kept = {"visitor_id": visitor_id, "link_id": link_id, "created_at": now, **values}
        made = sa.insert(identities).values(proof=who.proof.value, subject=who.subject, **kept)
        conn.execute(made)
    else:
        conn.execute(sa.update(identities).where(_I.visitor_id == visitor_id).values(**values))


def of(conn: sa.Connection, visitor_ids: list[str]) -> dict[str, Known]:
    """Return what is known of these visitors, by id."""
    rows = conn.execute(sa.select(identities).where(_I.visitor_id.in_(visitor_ids)))
    return {
        row.visitor_id: Known(
            row.visitor_id,
            Identity(Proof(row.proof), row.subject, row.email, row.name),
            row.proved_at,
        )
        for row in rows
    }


def erase(conn: sa.Connection, visitor_ids: list[str]) -> None:
    """Forget who these visitors are."""
    conn.execute(sa.delete(identities).where(_I.visitor_id.in_(visitor_ids)))
