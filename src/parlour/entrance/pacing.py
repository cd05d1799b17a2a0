"""How long a message may be and how often a visitor may say something: judged before it is stored.

The door is looked at first, so that no reason for which it is shut is hidden by a later one. What
was let through is counted once, against all limits, whatever becomes of the message then.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from parlour.entrance.doors import Door
from parlour.entrance.tickets import Ticket
from parlour.kit.clock import MINUTE
from parlour.kit.limits import Limit, Pace
from parlour.links.rules import Refuse, Why
from parlour.tools import Tools

KNOWN_AFTER: Final = 10 * MINUTE
"""So long after their first message visitors have a share that newcomers cannot use up."""
CALM: Final = 3
"""Messages in a minute up to which they have it."""
KEPT: Final = 4
"""One in so many of a link's messages a minute is kept for them."""


@dataclass(frozen=True, slots=True)
class Paced:
    """A message that came in time, and what it was counted against."""

    limits: list[Limit]
    pace: Pace


async def paced(ticket: Ticket, message: str = "") -> Paced | None:
    """Judge how long a message is and how often this visitor says one; None: nothing is limited.

    Raises:
        Refused: the door is shut, the message is too long, or it came too soon.
    """
    tools = ticket.tools
    secret = ticket.session or ticket.fresh

    def unit(conn: sa.Connection) -> Door:
        door = ticket.look(conn, secret, tools.clock.now())
        if (refused := door.refused() or ticket.unproved(conn, door)) is not None:
            raise refused
        return door

    door = await tools.db.read(unit)
    longest = longest_of(door, tools.settings.max_message_chars)
    if len(message) > longest:
        raise door.refusing(Refuse(Why.TOO_LONG, most=longest))
    limits = list(_limits(ticket, door, secret))
    if not limits:
        return None
    is_known = door.came_at is not None and tools.clock.now() - door.came_at >= KNOWN_AFTER
    pace = await tools.limits.hit(limits, CALM if is_known else 0)
    if not pace.passed:
        raise door.refusing(Refuse(Why.TOO_MANY, most=pace.limit.most, wait=pace.seconds))
    return Paced(limits, pace)


async def uncounted(tools: Tools, passed: Paced | None) -> None:
    """Take a message out of the count again that had been sent before."""
    if passed is not None:
        await tools.limits.take_back(passed.limits, passed.pace)


def longest_of(door: Door, bound: int) -> int:
    """Return how many characters a message may have behind a door; `bound`: anywhere at all."""
    return min(door.sharing.message_chars or bound, bound)


def _limits(ticket: Ticket, door: Door, secret: str) -> Iterator[Limit]:
    """Say what a message is counted against: the visitor first, then what all of them share."""
    settings, terms, keys = ticket.tools.settings, door.sharing, ticket.tools.keys
    own = terms.rate_limit_per_minute if door.rate_limit is None else door.rate_limit
    link = _first(terms.rate_limit_per_link, settings.rate_limit_per_link)
    of_place = _first(terms.rate_limit_per_place, settings.rate_limit_per_place)
    # Whoever proved an address is the same person on every device.
    who = door.visitor_id if door.proof is not None else secret
    wanted = (
        (keys.hashed(f"messages of {who}"), _first(own, settings.rate_limit_per_minute), 0),
        (f"{ticket.place}:{door.agent_id}", of_place, 0),
        (door.link_id, link, link // KEPT),
        (door.workspace_id, settings.rate_limit_per_workspace, 0),
        ("all", settings.rate_limit_in_all, 0),
    )
    for key, most, kept in wanted:
        if most:
            yield Limit(key, most, kept)


def _first(own: int | None, default: int) -> int:
    return default if own is None else own
