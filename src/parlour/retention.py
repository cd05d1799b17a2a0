"""What is deleted when: ended sessions, jobs long dead, what was tried out, events of last year."""

from typing import Final

import sqlalchemy as sa

from parlour import events, visitors, workspaces
from parlour.agents import files
from parlour.conversations import erasing
from parlour.kit import once, queue
from parlour.kit.clock import DAY, Moment
from parlour.staff import tidying
from parlour.tools import Tools

DEAD_LETTERS_KEPT = 30 * DAY
PREVIEWS_KEPT: Final = DAY
"""Longer than the address of a preview is good."""
AT_ONCE: Final = 500
"""Rows deleted in one transaction: others get their turn between two."""


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
    while await tools.db.write(_forget_tried, now - PREVIEWS_KEPT, AT_ONCE) == AT_ONCE:
        pass
    before = now - tools.settings.event_days * DAY
    while await tools.db.write(events.forget, before, AT_ONCE) == AT_ONCE:
        pass


def _forget_tried(conn: sa.Connection, before: Moment, at_most: int) -> int:
    """Erase what was said while trying drafts; returns how many conversations that were."""
    home = workspaces.of_previews(conn)
    if home is None:
        return 0
    quiet = erasing.quiet_since(conn, home, before, at_most)
    erasing.erase(conn, list(quiet))
    visitors.erase(conn, erasing.without_any(conn, list(set(quiet.values()))))
    return len(quiet)
