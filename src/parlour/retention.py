"""What is deleted when: ended sessions, jobs long dead, broken uploads, events of last year."""

from typing import Final

import sqlalchemy as sa

from parlour import events, visitors
from parlour.agents import files
from parlour.kit import once, queue
from parlour.kit.clock import DAY, Moment
from parlour.staff import tidying
from parlour.tools import Tools

DEAD_LETTERS_KEPT = 30 * DAY
AT_ONCE: Final = 500
"""Events deleted in one transaction: others get their turn between two."""


def tidy(conn: sa.Connection, now: Moment) -> None:
    """Delete what has long been over and nobody can use any more."""
    queue.forget_dead(conn, now - DEAD_LETTERS_KEPT)
    visitors.forget_expired(conn, now)
    once.forget(conn, now)
    files.drop_broken(conn, now)
    tidying.tidy(conn, now)


async def tidy_up(tools: Tools) -> None:
    """Tidy, and forget events that are older than the settings say, a few at a time."""
    now = tools.clock.now()
    await tools.db.write(tidy, now)
    before = now - tools.settings.event_days * DAY
    while await tools.db.write(events.forget, before, AT_ONCE) == AT_ONCE:
        pass
