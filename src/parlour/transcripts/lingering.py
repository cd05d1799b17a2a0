"""Who still comes to a link by an address that it had before, as somebody of the staff sees it."""

from dataclasses import dataclass

import sqlalchemy as sa

from parlour import visitors
from parlour.conversations import listing
from parlour.kit.clock import Moment
from parlour.links import past
from parlour.links.past import Past
from parlour.links.store import Link


@dataclass(frozen=True, slots=True)
class Lingerer:
    """A visitor who last said something by an earlier address of a link."""

    visitor_id: str
    visitor: str
    """What to call them: by a number."""
    seen_at: Moment
    """When that was, to the hour."""
    conversation_id: str | None
    """Their latest conversation."""
    address: Past


@dataclass(frozen=True, slots=True)
class Earlier:
    """The addresses that a link had, and who still comes by one of them."""

    addresses: list[Past]
    count: int
    """How many visitors do in all."""
    lingerers: list[Lingerer]
    """The latest of them."""

    def is_open(self, now: Moment) -> bool:
        """Whether one of the addresses still leads in."""
        return any(each.ends_at > now for each in self.addresses)


def earlier(conn: sa.Connection, link: Link, now: Moment, *, most: int = 100) -> Earlier:
    """Tell of the addresses that a link had; of those who only look nothing is known."""
    had = {each.address: each for each in past.of_link(conn, link.id)}
    if not had:
        return Earlier([], 0, [])
    found, count = visitors.by_other_addresses(conn, link.id, link.address, now, most=most)
    latest = listing.latest_of(conn, [visitor_id for visitor_id, _, _ in found])
    told = [
        Lingerer(
            visitor_id, visitors.called(visitor_id), seen, latest.get(visitor_id), had[address]
        )
        for visitor_id, address, seen in found
        if address in had
    ]
    return Earlier(list(had.values()), count, told)
