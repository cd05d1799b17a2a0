"""Uses of a link: how long one lasts, and taking one, exactly, however many come at once."""

import msgspec
import sqlalchemy as sa

from parlour.kit.clock import Moment
from parlour.kit.db import Prepared
from parlour.links.store import links

MOST = 1_000_000
"""The largest maximum; beyond it there is none, which is 0."""


class Use(msgspec.Struct, frozen=True):
    """A visitor's stay: from the message that began it, to the last one said."""

    began_at: Moment
    last_at: Moment


class Terms(msgspec.Struct, frozen=True):
    """When a use is over: so long after the last message, or so long after the first."""

    idle: Moment
    longest: Moment


def lasts(use: Use, terms: Terms, now: Moment) -> bool:
    """Whether a use still goes on; at the very moment of its end it does not."""
    return now < min(use.last_at + terms.idle, use.began_at + terms.longest)


class Spent(msgspec.Struct, frozen=True):
    """A use that was taken: the how-manieth it is, and of how many; 0 for no maximum."""

    uses: int
    max_uses: int
    address: int
    """The address that the link had at that very statement."""

    @property
    def is_last(self) -> bool:
        """Whether none is left after it."""
        return self.uses == self.max_uses


_SPEND = Prepared(
    sa.update(links)
    .where(
        links.c.id == sa.bindparam("link"),
        links.c.revoked_at.is_(None),
        links.c.enabled,
        sa.or_(links.c.expires_at.is_(None), links.c.expires_at > sa.bindparam("now")),
        sa.or_(links.c.max_uses == 0, links.c.uses < links.c.max_uses),
    )
    .values(uses=links.c.uses + 1, last_used_at=sa.bindparam("now"))
    .returning(links.c.uses, links.c.max_uses, links.c.address)
)


def spend(conn: sa.Connection, link_id: str, now: Moment) -> Spent | None:
    """Take one use if the link is open and has one left at this very statement; None when not."""
    row = _SPEND.first(conn, link=link_id, now=now)
    return None if row is None else Spent(row.uses, row.max_uses, row.address)
