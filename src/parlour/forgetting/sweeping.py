"""Sweeping: what is older than it shall be kept goes, a little at a time, while others chat."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from parlour import events
from parlour.conversations import erasing, hints
from parlour.conversations.store import conversations, messages
from parlour.events import Kind
from parlour.forgetting import due
from parlour.forgetting.rows import drop_conversations, drop_visitor
from parlour.kit.clock import Moment
from parlour.memory.store import memories
from parlour.notes.store import notes
from parlour.privacy.days import cutoff
from parlour.rights import Who
from parlour.tools import Tools

SWEEP: Final = "retention.sweep"
"""The job, for a clock."""
_TALKS: Final = 20
_MESSAGES: Final = 200
_ROWS: Final = 40
"""How much goes in one transaction at most: others get their turn between two."""
_LONGEST_BREATH: Final = 1.0


async def sweep(tools: Tools) -> None:
    """Delete what is older than the terms of its agent say; broken off, it goes on next time.

    Sessions stay as lines of numbers, as do all counts.
    """
    found: dict[str, Counter[str]] = defaultdict(Counter)
    now = tools.clock.now()
    for workspace_id, agent_id, days in await tools.db.browse(due.agents_with_days):
        gone, before = found[workspace_id], cutoff(days, now)
        while some := await tools.db.browse(due.quiet_ones, agent_id, before, now, _TALKS):
            if not await _talks(tools, workspace_id, some, before, gone):
                break
        for name, table in (("notes", notes), ("memories", memories)):
            while count := await tools.db.write(_old, table, agent_id, before):
                gone[name] += count
    while some_gone := await tools.db.browse(due.gone_visitors, now, _ROWS):
        if not await _visitors(tools, some_gone, now, found):
            break
    for workspace_id, gone in found.items():
        if gone:
            await tools.db.write(_tell, tools, workspace_id, dict(gone))


async def _talks(
    tools: Tools,
    workspace_id: str,
    some: Sequence[tuple[str, int]],
    before: Moment,
    gone: Counter[str],
) -> int:
    """Delete the first of some conversations, as many as fit into a transaction."""
    ids, size = [some[0][0]], some[0][1]
    for conversation_id, count in some[1:]:
        if size + count > _MESSAGES:
            break
        ids.append(conversation_id)
        size += count
    now = tools.clock.now()
    while size > _MESSAGES:
        began = time.perf_counter()
        thinned = await tools.db.write(_thin, ids[0], before, now)
        await _breathe(began)
        gone["messages"] += thinned
        size -= _MESSAGES
        if thinned < _MESSAGES:
            break
    began = time.perf_counter()
    talks, said = await tools.db.write(_drop, tools, workspace_id, ids, before)
    await _breathe(began)
    gone["conversations"] += talks
    gone["messages"] += said
    return talks


async def _breathe(began: float) -> None:
    """Leave the database to others for as long as it was busy with us."""
    await asyncio.sleep(min(time.perf_counter() - began, _LONGEST_BREATH))


def _drop(
    conn: sa.Connection, tools: Tools, workspace_id: str, ids: Sequence[str], before: Moment
) -> tuple[int, int]:
    """Delete conversations, unless somebody said something meanwhile."""
    quiet = due.is_quiet(before, tools.clock.now())
    wanted = sa.select(conversations.c.id).where(conversations.c.id.in_(ids), quiet)
    held = list(conn.execute(wanted.with_for_update()).scalars())
    if not held:
        return 0, 0
    said = erasing.count_messages(conn, held)
    erasing.scrub_later(conn, tools)
    count = drop_conversations(conn, held)
    for conversation_id in held:
        hints.announce(conn, tools, conversation_id, workspace_id)
    return count, said


def _thin(conn: sa.Connection, conversation_id: str, before: Moment, now: Moment) -> int:
    """Delete the oldest messages of a conversation that is to go and is long."""
    quiet = due.is_quiet(before, now)
    held = sa.select(conversations.c.id).where(conversations.c.id == conversation_id, quiet)
    if conn.execute(held.with_for_update()).first() is None:
        return 0
    its = messages.c.conversation_id == conversation_id
    oldest = sa.select(messages.c.seq).where(its).order_by(messages.c.seq).limit(_MESSAGES)
    return conn.execute(sa.delete(messages).where(its, messages.c.seq.in_(oldest))).rowcount


def _old(conn: sa.Connection, table: sa.Table, agent_id: str, before: Moment) -> int:
    is_old = (due.old_notes if table is notes else due.old_memories)([agent_id], before)
    some = sa.select(table.c.id).where(is_old).limit(_ROWS)
    return conn.execute(sa.delete(table).where(table.c.id.in_(some))).rowcount


async def _visitors(
    tools: Tools,
    some: Sequence[tuple[str, str, str]],
    now: Moment,
    found: dict[str, Counter[str]],
) -> int:
    try:
        began = time.perf_counter()
        gone = await tools.db.write(_drop_visitors, some, now)
        await _breathe(began)
    except IntegrityError:
        # One of them came back at this moment: next time, then.
        return 0
    for workspace_id in gone:
        found[workspace_id]["visitors"] += 1
    return len(gone)


def _drop_visitors(
    conn: sa.Connection, some: Sequence[tuple[str, str, str]], now: Moment
) -> list[str]:
    """Delete visitors of whom nothing is left; return the workspace of each."""
    ids = [visitor_id for _, _, visitor_id in some]
    still = {each for _, _, each in due.gone_visitors(conn, now, len(ids), ids)}
    gone = []
    for workspace_id, agent_id, visitor_id in some:
        if visitor_id in still and drop_visitor(conn, agent_id, visitor_id):
            gone.append(workspace_id)
    return gone


def _tell(conn: sa.Connection, tools: Tools, workspace_id: str, gone: dict[str, int]) -> None:
    house = Who("system", "retention", "house", workspace_id)
    events.record(conn, Kind.RETENTION_SWEPT, house, tools.clock.now(), data=gone)
