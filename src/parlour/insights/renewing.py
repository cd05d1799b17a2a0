"""Renewing: what messages are found by is made anew, in pieces, where other rules made it."""

import asyncio
import time
from typing import Final

import sqlalchemy as sa

from parlour.agents.backends.documents.recalling import declines
from parlour.conversations import reading
from parlour.insights import indexing, marking
from parlour.insights.indexing import Change, first_id
from parlour.insights.tables import said
from parlour.insights.wording import edition
from parlour.kit.clock import HOUR
from parlour.tools import Tools

_AT_ONCE: Final = 200
"""Messages looked at in one piece."""
_IDLE: Final = 3
"""So many times as long as a piece took nothing is done: the chat comes first."""
_WORDS: Final = "words "


async def renew(tools: Tools) -> None:
    """Make anew by what messages are found where other rules of words made it; for a clock.

    It goes on where it was broken off. What was said in the hour around the change is looked at
    again an hour later: another process may still have written by the rules before.
    """
    mine = f"{_WORDS}{edition():08x}"
    begun = await tools.db.read(marking.reached, mine)
    if begun is None:
        begun = tools.clock.now()
        await tools.db.write(marking.reach, mine, begun)
    await _walk(tools, f"{mine} first", 0, first_id(begun))
    if tools.clock.now() < begun + HOUR:
        return
    if await _walk(tools, f"{mine} again", first_id(begun - HOUR), first_id(begun + HOUR)):
        # Whoever comes back to other rules begins anew.
        await tools.db.write(marking.forget_others, _WORDS, mine)


async def _walk(tools: Tools, mark: str, lowest: int, end: int) -> bool:
    """Look at all from one id to another; tells whether something was left to look at."""
    place = await tools.db.read(marking.reached, mark) or lowest
    was_left = place < end
    while place < end:
        began = time.monotonic()
        changes, place = await tools.db.browse(_plan, place, end)
        await tools.db.write(_step, mark, changes, place)
        await asyncio.sleep((time.monotonic() - began) * _IDLE)
    return was_left


def _plan(conn: sa.Connection, start: int, end: int) -> tuple[list[Change], int]:
    """Return what is to be changed of some rows, and where the next begin."""
    found = sa.select(said).where(said.c.id >= start, said.c.id < end)
    rows = conn.execute(found.order_by(said.c.id).limit(_AT_ONCE)).all()
    texts = reading.some(conn, [(row.conversation_id, row.seq) for row in rows])
    hides = {each: indexing.hide_of(conn, each) for each in {row.workspace_id for row in rows}}
    changes, declined = list[Change](), set[str]()
    for row in rows:
        message = texts.get((row.conversation_id, row.seq))
        if message is None:
            continue
        terms = indexing.found_by(row, message.text, hides[row.workspace_id])
        if terms != row.terms:
            changes.append(Change(row.id, {"terms": terms}))
        if row.author_kind == "agent" and declines(message.text):
            declined.add(row.conversation_id)
    # Whether their questions were answered is judged anew, too.
    changes += indexing.plan(conn, sorted(declined))
    return changes, end if len(rows) < _AT_ONCE else rows[-1].id + 1


def _step(conn: sa.Connection, mark: str, changes: list[Change], place: int) -> None:
    indexing.apply(conn, changes)
    marking.reach(conn, mark, place)
