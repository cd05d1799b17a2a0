"""Copying what was erased and revoked out of the history into the ledger, soon after it was."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import structlog

from parlour import events
from parlour.events import Event, Kind
from parlour.forgetting import ledger
from parlour.forgetting.ledger import Entry, Mark
from parlour.kit.clock import HOUR
from parlour.kit.errors import Problem
from parlour.tools import Tools

log = structlog.get_logger("parlour.ledger")

EVERY: Final = 15.0
"""Seconds between two copyings of a process that serves."""
_OVERLAP: Final = HOUR
"""How long after a younger event an older one may still appear: clocks of several hosts differ."""


def _of(name: str) -> Callable[[Event], Any]:
    return lambda event: event.data.get(name)


def _rotated(event: Event) -> str | None:
    was = event.data.get("old_address")
    return None if was is None else f"{event.link_id}/{was}"


def _retired(event: Event) -> str | None:
    return event.link_id if event.data.get("fields") == ["old_addresses"] else None


def _sessions(event: Event) -> Any:
    return None if "session" in event.data else event.data.get("person")


MARKS: Final[dict[Kind, tuple[tuple[str, Callable[[Event], Any]], ...]]] = {
    Kind.VISITOR_ERASED: (("visitor", _of("visitor")),),
    Kind.CONVERSATION_ERASED: (("conversation", lambda event: event.conversation_id),),
    Kind.MEMORY_DELETED: (("memory", _of("visitor")),),
    Kind.NOTE_DELETED: (("note", _of("note")),),
    Kind.INTERNAL_NOTE_DELETED: (("internal_note", _of("note")),),
    Kind.LINK_REVOKED: (("link", lambda event: event.link_id),),
    Kind.LINK_ROTATED: (("address", _rotated),),
    Kind.LINK_CHANGED: (("old_addresses", _retired),),
    Kind.KEY_REVOKED: (("key", _of("key")),),
    Kind.IDENTITY_KEY_REVOKED: (("identity_key", _of("key")),),
    Kind.SHARE_REVOKED: (("share", _of("share")),),
    Kind.VISITOR_SESSION_ENDED: (("device", _of("device_id")), ("trace", _of("trace"))),
    Kind.SESSION_ENDED: (("session", _of("session")), ("sessions", _sessions)),
    Kind.INVITATION_WITHDRAWN: (("invitation", _of("invitation")),),
    Kind.PERSON_DISABLED: (("person", _of("person")),),
    Kind.PERSON_ENABLED: (("person_again", _of("person")),),
    Kind.AGENT_DELETED: (("agent", lambda event: event.agent_id),),
}
"""What each kind of event says was erased or revoked: nouns of the ledger, and where the id is."""


def path_of(tools: Tools) -> Path:
    """Return where this process keeps its ledger."""
    return tools.settings.data_dir / ledger.NAME


def marks(event: Event) -> list[Mark]:
    """Return what an event says was erased or revoked."""
    found = [(noun, read(event)) for noun, read in MARKS[Kind(event.kind)]]
    return [Mark(event.at, noun, str(id_)) for noun, id_ in found if id_]


async def copy(tools: Tools) -> int:
    """Copy whatever the ledger does not have yet; return how many entries that were.

    Raises:
        StorageFull, Unavailable: the file cannot be written, or the history not be read.
    """
    fresh = await lacking(tools)
    await asyncio.to_thread(ledger.append, path_of(tools), fresh)
    return len(fresh)


async def lacking(tools: Tools) -> list[Entry]:
    """Return what the ledger does not have yet."""
    known = await asyncio.to_thread(ledger.read, path_of(tools))
    since = max((entry.at for entry in known), default=0) - _OVERLAP
    found = await tools.db.browse(events.of_kinds, tuple(MARKS), since)
    had = set(known)
    fresh: list[Entry] = []
    for event in found:
        fresh += [made for mark in marks(event) if (made := mark.entry(tools.keys)) not in had]
    return fresh


async def copied(tools: Tools) -> bool:
    """Copy, and tell whether that could be done: what was erased stays so in any case."""
    try:
        await copy(tools)
    except Problem as error:
        log.warning("ledger.not_written", error=str(error))
        return False
    return True


async def keep_up(tools: Tools) -> None:
    """Copy again and again, as long as the process serves."""
    while True:
        await copied(tools)
        await asyncio.sleep(EVERY)
