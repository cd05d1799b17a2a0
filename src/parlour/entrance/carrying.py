"""What visitors may send along at a door: taking files in, and making them part of a message."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from parlour.agents import keeping
from parlour.attachments import TOGETHER, Held, Taking, receiving, store
from parlour.conversations import listing
from parlour.entrance.doors import Door, admitted
from parlour.kit.clock import HOUR
from parlour.kit.errors import FieldError, Invalid, NotAllowed, Problem, TooLarge, TooMany
from parlour.kit.limits import Limit
from parlour.tools import Tools


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends a file, as far as that is known before the message."""

    session: str | None
    place: str
    """Where it comes from, as a keyed hash."""


def taken_at(door: Door) -> Taking | None:
    """Return what may be sent along: what the owner allows and the backend takes; None: nothing."""
    terms, content = door.sharing, door.content
    if not terms.files or content is None:
        return None
    kind = keeping.kind_of(content.backend)
    taken = kind.attaches(kind.load(content.config))
    kinds = tuple(each for each in terms.files if each in taken)
    return Taking(kinds, terms.file_bytes, terms.files_most) if kinds else None


async def sender_let_in(tools: Tools, token: str, sender: Sender) -> tuple[Door, Taking]:
    """Judge the door before a byte is read; Refused, or NotAllowed where nothing is taken."""
    door = await admitted(tools, token, sender.session)
    taking = taken_at(door)
    if taking is None:
        raise NotAllowed("nothing can be sent along here", code="no_files")
    return door, taking


async def receive(
    tools: Tools,
    where: tuple[Door, Taking],
    sender: Sender,
    given: str,
    content: AsyncIterator[bytes],
) -> Held:
    """Take a file in that shall go along with a message; errors as of `receiving.receive`.

    TooMany: too many files came from there. What is refused counts, for looking at it costs most.
    """
    door, taking = where
    if most := tools.settings.visitor_files_per_hour:
        pace = await tools.limits.hit([Limit(sender.place, most, window=HOUR)])
        if not pace.passed:
            raise TooMany("too many files came from here", retry_after=pace.seconds)
    return await receiving.receive(tools, door.link_id, given, taking, content)


async def withdraw(tools: Tools, token: str, session: str | None, file_id: str) -> bool:
    """Delete a file that has not been sent yet; False when there is none of that id."""
    door = await admitted(tools, token, session)
    return await tools.db.write(store.withdraw, door.link_id, file_id)


async def let_go(tools: Tools, door: Door, files: Sequence[Held]) -> None:
    """Delete files that came before another one of the same request was refused."""

    def unit(conn: sa.Connection) -> None:
        for each in files:
            store.withdraw(conn, door.link_id, each.id)

    if files:
        with suppress(Problem):  # what stays is swept away later
            await asyncio.shield(tools.db.write(unit))


def attach(
    conn: sa.Connection,
    tools: Tools,
    door: Door,
    where: tuple[str, str],
    ids: tuple[str, ...],
    *,
    beside: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Make files part of a conversation; return what their message keeps of them.

    `where`: the conversation and its visitor. `beside`: files that go along with it anyway.

    Raises:
        Invalid: they are too many, or not there any more, or not taken (any more). TooLarge:
            they are too large together, or with them the visitor has sent more than is kept of one.
    """
    conversation_id, visitor_id = where
    taking = taken_at(door)
    if taking is None or len(ids) + len(beside) > taking.most:
        most = 0 if taking is None else taking.most
        raise _unfit("file_too_many", f"at most {most} with one message")
    found = store.unsent(conn, door.link_id, ids)
    if len(found) < len(set(ids)) or any(each.kind not in taking.kinds for each in found.values()):
        raise _unfit("file_gone", "not there any more: send it again")
    size = sum(each.size for each in found.values())
    if size + sum(each["size"] for each in beside) > TOGETHER:
        raise _too_much("files_too_large", f"with one message go {TOGETHER:,} bytes in all")
    size += store.size_of(conn, listing.of_visitor(conn, visitor_id))
    if size > tools.settings.visitor_file_bytes:
        raise _too_much("files_full", "no more can be kept of what you send along")
    store.send(conn, found, conversation_id)
    return {"files": [found[each].told() for each in dict.fromkeys(ids)]}


def _too_much(code: str, message: str) -> TooLarge:
    return TooLarge(message, code=code, errors=[FieldError("files", message)])


def _unfit(code: str, message: str) -> Invalid:
    return Invalid(f"files: {message}", code=code, errors=[FieldError("files", message)])
