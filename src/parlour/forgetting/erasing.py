"""Erasing what is to be forgotten: every row of it at once, then what was kept of it beside."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError

from parlour import events, memory, visitors
from parlour.budgets import spending
from parlour.chat import settling
from parlour.conversations import erasing, hints, holds
from parlour.conversations import turns as rows
from parlour.events import Kind
from parlour.forgetting import receipts
from parlour.forgetting.copying import copied
from parlour.forgetting.counting import counted
from parlour.forgetting.plan import Going, address_of, of_conversation, of_visitor
from parlour.forgetting.rows import drop_conversations, drop_visitor
from parlour.kit import once
from parlour.kit.clock import Moment
from parlour.kit.db import after_commit
from parlour.kit.errors import NotFound, Problem
from parlour.notes import store as notes
from parlour.rights import Who
from parlour.tools import Tools
from parlour.verification import codes

log = structlog.get_logger("parlour.forgetting")

_ATTEMPTS: Final = 3
_AT_ONCE: Final = 1.0
"""Seconds for which whoever forgets waits until nothing of it is left in the files."""

_Gone = tuple[Going, set[str]]
"""What went, and the ids of what was said."""


async def forget_conversation(tools: Tools, who: Who, conversation_id: str) -> Going:
    """Erase one conversation; its visitor stays, and may begin another. What went has a receipt.

    NotFound when somebody may not see it, or it is gone.
    """

    def unit(conn: sa.Connection) -> _Gone:
        going = of_conversation(conn, who, conversation_id)
        ids = _ids(conn, going)
        found, at = counted(conn, going), tools.clock.now()
        receipt = receipts.write(conn, who.workspace_id, "conversation", at, found)
        going = replace(going, receipt=receipt)
        if not _erase_conversations(conn, tools, who, going):
            raise NotFound("there is no such conversation")
        memory.let_go(conn, going.agent_id, going.visitor_id)
        return going, ids

    return await _done(tools, unit)


async def forget_visitor(tools: Tools, who: Who, visitor_id: str) -> Going:
    """Erase a visitor: who they are, where they are known, and everything that was said.

    Whoever comes by their link again is somebody new. What is returned has a receipt, by which
    `receipts.find` shows it again. NotFound when somebody may not see them.
    """

    def unit(conn: sa.Connection) -> _Gone:
        going = of_visitor(conn, who, visitor_id)
        ids = _ids(conn, going)
        # In the order in which their own messages take these rows, so that nobody waits in a ring.
        visitors.end_all(conn, going.visitor_id)
        email = address_of(conn, going.visitor_id)
        address = tools.keys.hashes(f"address/{email}") if email else []
        left = notes.left_by(conn, who.workspace_id, email) if email else []
        found = counted(conn, going, left=left, address=address)
        receipt = receipts.write(conn, who.workspace_id, "visitor", tools.clock.now(), found)
        going = replace(going, receipt=receipt)
        _erase_conversations(conn, tools, who, going)
        codes.erase(conn, address)
        notes.erase(conn, left)
        _erase_visitor(conn, tools, who, going)
        return going, ids

    return await _done(tools, unit)


async def _done(tools: Tools, unit: Callable[[sa.Connection], _Gone]) -> Going:
    going, ids = await _written(tools, unit)
    # Before it is said that it is done: the database may be lost a moment later.
    await copied(tools)
    try:
        await _clear_up(tools, ids)
    except Problem as error:
        # It is done, and asked for again it would not be found: what is left goes in a day.
        log.warning("forgetting.left_some", error=str(error))
    return going


async def _clear_up(tools: Tools, ids: set[str]) -> None:
    """Delete what is kept beside the rows, where these ids stand in it."""
    # What was answered to programs that may ask again is sealed: nothing tells whose it is.
    answers = await tools.db.browse(once.naming, tools.keys, ids)
    if answers:
        await tools.db.write(once.drop, answers)
    # At once where that is done soon; the job that came with the rows does the rest.
    await tools.db.scrub(within=_AT_ONCE)


async def _written(tools: Tools, unit: Callable[[sa.Connection], _Gone]) -> _Gone:
    for attempt in range(_ATTEMPTS):
        try:
            return await tools.db.write(unit)
        except IntegrityError:
            # They began another conversation at the same moment: that one goes, too.
            if attempt + 1 == _ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _erase_conversations(conn: sa.Connection, tools: Tools, who: Who, going: Going) -> int:
    """Erase them; return how many there were: somebody else may have been faster."""
    now = tools.clock.now()
    for conversation_id in sorted(going.conversations):
        _silence(conn, tools, conversation_id, now)
    count = drop_conversations(conn, going.conversations)
    erasing.scrub_later(conn, tools)
    for conversation_id in going.conversations:
        kind = Kind.CONVERSATION_ERASED
        about = _about(going) | {"conversation_id": conversation_id}
        events.record(conn, kind, who, now, **about, data=_receipt(going))
        hints.announce(conn, tools, conversation_id, who.workspace_id)
    return count


def _silence(conn: sa.Connection, tools: Tools, conversation_id: str, now: Moment) -> None:
    """End the replies under way, and charge what they have cost, while it is known."""
    held = holds.lock(conn, conversation_id)
    if held is None:
        return
    spending.give_back(conn, rows.stop_all(conn, held.id, now), now)
    if held.active_turn is not None:
        settling.settle_ended(conn, tools, held.active_turn, None)
        hints.stop(conn, tools, held.active_turn)


def _erase_visitor(conn: sa.Connection, tools: Tools, who: Who, going: Going) -> None:
    if not drop_visitor(conn, going.agent_id, going.visitor_id):
        raise NotFound("there is no such visitor")
    told = {
        "visitor": going.visitor_id,
        "conversations": len(going.conversations),
        "messages": going.messages,
        **_receipt(going),
    }
    events.record(conn, Kind.VISITOR_ERASED, who, tools.clock.now(), **_about(going), data=told)
    after_commit(conn, lambda: tools.bus.publish(f"link:{going.link_id}", "erased"))


def _receipt(going: Going) -> dict[str, str]:
    return {} if going.receipt is None else {"receipt": going.receipt.id}


def _ids(conn: sa.Connection, going: Going) -> set[str]:
    """Return the ids of what was said, by one of which an answer to a program speaks of it."""
    return {*going.conversations, *erasing.message_ids(conn, going.conversations)}


def _about(going: Going) -> dict[str, Any]:
    return {"agent_id": going.agent_id, "link_id": going.link_id}
