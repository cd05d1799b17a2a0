"""How often pages of links were opened: counted in memory, and written down every few seconds."""

from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql, sqlite

from parlour.events.accounting import QUARTER
from parlour.insights.tables import openings
from parlour.kit.clock import Moment
from parlour.kit.errors import Problem
from parlour.tools import Tools

log = structlog.get_logger("parlour.insights")

KEPT_EVERY: Final = 5.0
"""Seconds. Of a process that is killed so much is lost; of one that ends, nothing."""


async def keep(tools: Tools) -> None:
    """Write down what was counted since last time; what cannot be written is kept for the next."""
    taken = tools.opened.take()
    if not taken:
        return
    now = tools.clock.now()
    try:
        await tools.db.write(_add, taken, now - now % QUARTER)
    except Problem as error:
        tools.opened.put_back(taken)
        log.warning("openings.not_kept", error=str(error))


def _add(conn: sa.Connection, taken: Mapping[tuple[str, str, str], int], at: Moment) -> None:
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    fresh = insert(openings)
    statement = fresh.on_conflict_do_update(
        index_elements=["at", "workspace_id", "agent_id", "link_id"],
        set_={"times": openings.c.times + fresh.excluded.times},
    )
    names = ("workspace_id", "agent_id", "link_id")
    # In one order, so that no two processes wait for one another.
    rows = [
        {"at": at, "times": times, **dict(zip(names, about, strict=True))}
        for about, times in sorted(taken.items())
    ]
    conn.execute(statement, rows)
