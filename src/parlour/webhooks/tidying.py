"""Forgetting what was delivered long ago, a few at a time."""

from typing import Final

import sqlalchemy as sa

from parlour.kit.clock import DAY, Moment
from parlour.tools import Tools
from parlour.webhooks import deliveries
from parlour.webhooks.rules import State

_AT_ONCE: Final = 500


async def tidy(tools: Tools) -> None:
    """Delete deliveries that are older than the settings say; what waited so long is dropped."""
    now = tools.clock.now()
    before = now - tools.settings.webhook_log_days * DAY
    while await tools.db.write(_drop, before, now) == _AT_ONCE:
        pass
    while await tools.db.write(deliveries.forget, before, _AT_ONCE) == _AT_ONCE:
        pass


def _drop(conn: sa.Connection, before: Moment, now: Moment) -> int:
    found = deliveries.overdue(conn, before, _AT_ONCE)
    for each in found:
        deliveries.end(conn, each, State.DROPPED, now, trouble="it waited for too long")
    return len(found)
