"""A database that was set back, by restoring a backup or behind our back: what is done then."""

import asyncio
from collections.abc import Sequence

import sqlalchemy as sa
import structlog

from parlour import events, workspaces
from parlour.events import Kind
from parlour.forgetting import copying, ledger, restoring
from parlour.forgetting.ledger import Entry
from parlour.kit.clock import Moment
from parlour.kit.errors import Problem
from parlour.kit.tokens import Keyring
from parlour.rights import host
from parlour.tools import Tools
from parlour.webhooks import restored

log = structlog.get_logger("parlour.ledger")


def settle(
    conn: sa.Connection,
    keys: Keyring | None,
    entries: Sequence[Entry],
    now: Moment,
    made_at: Moment,
) -> dict[str, int]:
    """Do what a database needs into which a backup was just put, made at `made_at`.

    Erases and revokes again what the ledger says, and holds back the webhooks that something waits
    for. Returns how much of each noun there was; `webhook` are those held back.
    """
    found = restoring.apply(conn, keys, entries, now) if keys else {}
    held = restored.hold_back(conn, now)
    for each in workspaces.every(conn):
        told = {"made_at": made_at}
        events.record(conn, Kind.BACKUP_RESTORED, host(each.id), now, data=told)
    return found | ({"webhook": held} if held else {})


async def catch_up(tools: Tools) -> None:
    """Apply the ledger if it knows of more than the database: then that was set back.

    Whoever puts the files of another day in place, or a snapshot of the server, restores a backup,
    too. What cannot be done is logged: serving goes on.
    """
    try:
        entries = await asyncio.to_thread(ledger.read, copying.path_of(tools))
        known = await tools.db.read(events.latest, (*copying.MARKS, Kind.BACKUP_RESTORED))
        newer = [entry for entry in entries if entry.at > known]
        if newer:
            found = await tools.db.write(_again, tools, entries, known)
            log.warning("ledger.applied", unknown_to_database=len(newer), **found)
            await tools.db.scrub()
    except Problem as error:
        log.warning("ledger.not_applied", error=str(error))


def _again(
    conn: sa.Connection, tools: Tools, entries: Sequence[Entry], known: Moment
) -> dict[str, int]:
    now = tools.clock.now()
    found = restoring.apply(conn, tools.keys, entries, now)
    if not found:
        # What it knew of may just have been too old for its history.
        return found
    found |= {"webhook": restored.hold_back(conn, now)}
    for each in workspaces.every(conn):
        events.record(conn, Kind.BACKUP_RESTORED, host(each.id), now, data={"made_at": known})
    return found
