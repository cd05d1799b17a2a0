"""Handing out events: each becomes a delivery for every webhook that wants to know of its kind."""

from typing import Final

import sqlalchemy as sa

from parlour import events
from parlour.events import Event
from parlour.kit.clock import Moment
from parlour.kit.db import alone
from parlour.tools import Tools
from parlour.webhooks import deliveries, store
from parlour.webhooks.delivering import begin

AT_ONCE: Final = 200
"""Events in one transaction: others get their turn between two."""


async def hand_out(tools: Tools) -> None:
    """Hand out every event that somebody outside is still to be told of, in their order."""
    if await tools.db.read(events.any_untold):
        while await tools.db.write(_some, tools) == AT_ONCE:
            pass


def _some(conn: sa.Connection, tools: Tools) -> int:
    alone(conn, "webhooks.hand_out")
    hooks, count = some(conn, tools.clock.now())
    for hook_id in hooks:
        begin(conn, tools, hook_id)
    return count


def some(conn: sa.Connection, now: Moment) -> tuple[list[str], int]:
    """Hand out the oldest events; return whom they were handed to, and how many there were."""
    found = events.untold(conn, AT_ONCE)
    wishers = events.wishers(conn, {each.workspace_id for each in found})
    told: dict[str, list[tuple[int, str, str]]] = {}
    for event in found:
        for hook_id in wishers.get((event.workspace_id, event.kind), ()):
            told.setdefault(hook_id, []).append((event.id, event.kind, _lane(event)))
    there = [hook_id for hook_id in sorted(told) if store.hold(conn, hook_id) is not None]
    for hook_id in there:
        deliveries.add(conn, hook_id, told[hook_id], now)
    events.told(conn, [each.id for each in found])
    return there, len(found)


def _lane(event: Event) -> str:
    """Name what an event is about: of the same thing, one is told after the other."""
    return event.conversation_id or event.link_id or event.agent_id or ""
