"""The record that a conversation was read: by whom, and when."""

import contextlib
from typing import Final

import sqlalchemy as sa

from parlour import events
from parlour.events import Kind
from parlour.kit.clock import MINUTE, Moment
from parlour.kit.errors import StorageFull, Unavailable
from parlour.rights import Who
from parlour.tools import Tools
from parlour.transcripts.finding import Talk

ONE_READING: Final[Moment] = 10 * MINUTE
"""For so long somebody who looks again is still reading."""


async def note(tools: Tools, who: Who, talk: Talk) -> None:
    """Write down that somebody of the staff reads a conversation; once for one reading."""
    now = tools.clock.now()
    if not await tools.db.read(_is_noted, who, talk.id, now):
        # A full disk must not keep anybody from reading.
        with contextlib.suppress(StorageFull, Unavailable):
            await tools.db.write(_note, who, talk, now)


async def downloaded(tools: Tools, who: Who, talk: Talk, form: str) -> None:
    """Write down that somebody took a copy of a conversation away; each time."""
    with contextlib.suppress(StorageFull, Unavailable):
        await tools.db.write(_note, who, talk, tools.clock.now(), form)


def _is_noted(conn: sa.Connection, who: Who, conversation_id: str, now: Moment) -> bool:
    since = now - ONE_READING
    return events.has_read(conn, who, conversation_id, since)


def _note(conn: sa.Connection, who: Who, talk: Talk, now: Moment, form: str = "") -> None:
    events.record(
        conn,
        Kind.CONVERSATION_DOWNLOADED if form else Kind.CONVERSATION_READ,
        who,
        now,
        agent_id=talk.agent_id,
        link_id=talk.link_id,
        conversation_id=talk.id,
        data={"masked": talk.is_masked, **({"form": form} if form else {})},
    )
