"""What is deleted when: ended sessions, dead jobs, what was tried out, old notes and events."""

import asyncio
from typing import Final

import sqlalchemy as sa

from parlour import events, visitors, workspaces
from parlour.agents import files
from parlour.attachments import store as attachments
from parlour.budgets import spending
from parlour.chat import settling
from parlour.conversations import erasing
from parlour.kit import once, queue
from parlour.kit.clock import DAY, Moment
from parlour.kit.db import former
from parlour.notes import store as notes
from parlour.staff import tidying
from parlour.tools import Tools
from parlour.verification import codes, identities
from parlour.visitors import handover

DEAD_LETTERS_KEPT = 30 * DAY
PREVIEWS_KEPT: Final = DAY
"""Longer than the address of a preview is good."""
AT_ONCE: Final = 500
"""Rows deleted in one transaction: others get their turn between two."""


def tidy(conn: sa.Connection, now: Moment) -> None:
    """Delete what has long been over and nobody can use any more."""
    queue.forget_dead(conn, now - DEAD_LETTERS_KEPT)
    visitors.forget_expired(conn, now)
    handover.forget(conn, now)
    codes.forget(conn, now)
    settling.reconcile(conn, now)
    spending.forget(conn, now)
    once.forget(conn, now)
    files.drop_broken(conn, now)
    attachments.drop_unsent(conn, now)
    tidying.tidy(conn, now)


async def tidy_up(tools: Tools) -> None:
    """Tidy, and forget events that are older than the settings say, a few at a time."""
    now = tools.clock.now()
    await tools.db.write(tidy, now)
    if not tools.settings.database_url:
        kept = former.KEPT_DAYS
        await asyncio.to_thread(former.drop, tools.settings.sqlite_path, older_than_days=kept)
    while await tools.db.write(_forget_tried, now - PREVIEWS_KEPT, AT_ONCE) == AT_ONCE:
        pass
    await tools.db.write(notes.forget, now - tools.settings.note_days * DAY)
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
    gone = erasing.without_any(conn, list(set(quiet.values())))
    identities.erase(conn, gone)
    visitors.erase(conn, gone)
    return len(quiet)
