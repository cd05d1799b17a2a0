"""The addresses that a link had, and who still comes by them, as programs see them."""

import msgspec

from parlour.kit.clock import Moment, rfc3339
from parlour.transcripts.lingering import Earlier


class OldAddress(msgspec.Struct, frozen=True):
    """An address that a link had."""

    replaced_at: str
    works_until: str
    works: bool
    """Whether it still leads in, as far as it is up to the address."""


class StillThere(msgspec.Struct, frozen=True):
    """A visitor who last said something by an address that the link had before."""

    visitor_id: str
    visitor: str
    last_seen_at: str
    """To the hour."""
    works_until: str
    """Until when the address they used leads in."""
    conversation_id: str | None


class OldAddresses(msgspec.Struct, frozen=True):
    """The addresses that a link had, and who still comes by one of them."""

    addresses: list[OldAddress]
    visitor_count: int
    visitors: list[StillThere]
    """The latest 100."""


def told(found: Earlier, now: Moment) -> OldAddresses:
    """Show the addresses that a link had."""
    addresses = [
        OldAddress(rfc3339(each.replaced_at), rfc3339(each.ends_at), each.ends_at > now)
        for each in found.addresses
    ]
    people = [
        StillThere(
            each.visitor_id,
            each.visitor,
            rfc3339(each.seen_at),
            rfc3339(each.address.ends_at),
            each.conversation_id,
        )
        for each in found.lingerers
    ]
    return OldAddresses(addresses, found.count, people)
