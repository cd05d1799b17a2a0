"""Finding a visitor a place where only so many may talk at once, and taking it, exactly."""

import sqlalchemy as sa

from parlour.agents import store as agents
from parlour.conversations.seats import AGAIN, reached
from parlour.entrance.doors import Door
from parlour.kit.clock import Moment
from parlour.links import store as links
from parlour.links.rules import Refuse, Why


def take(conn: sa.Connection, door: Door, now: Moment) -> None:
    """Take a place for whoever says something at this door, or keep the one they have.

    Raises:
        Refused: every place is taken. Whoever was silent for too long has lost theirs.
    """
    if door.seats is None or (door.last_at is not None and door.last_at > door.seated_since(now)):
        return
    # Only one at a time counts, so two never take the same place. Always in this order.
    if door.seats.by_agent:
        agents.hold_still(conn, door.agent_id)
    if door.seats.by_link:
        links.hold_still(conn, door.link_id)
    most = reached(
        conn,
        door.seats,
        link_id=door.link_id,
        agent_id=door.agent_id,
        visitor_id=door.visitor_id,
        since=door.seated_since(now),
    )
    if most is not None:
        raise door.refusing(Refuse(Why.FULL, most=most, wait=AGAIN))
