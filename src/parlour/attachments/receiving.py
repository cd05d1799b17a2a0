"""Taking in a file that a visitor sends: whole or not at all, judged before it is kept."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from parlour.attachments import judging, store
from parlour.attachments.judging import Judged, Reader, Taking
from parlour.attachments.store import PIECE, Held
from parlour.kit.errors import Conflict, FieldError, Problem, TooLarge
from parlour.kit.tokens import new_id
from parlour.pictures import cleaned
from parlour.tools import Tools

_AT_ONCE: Final = 4
"""Pieces in one transaction, so that others get their turn."""


async def receive(
    tools: Tools, link_id: str, given: str, taking: Taking, content: AsyncIterator[bytes]
) -> Held:
    """Take a file in, to go along with a message that is said at this link within an hour.

    `given` is what the sender calls it. Nothing is left of one that is refused or breaks off.

    Raises:
        TooLarge: it is over the cap; seen while it comes. Invalid: it is empty, or not what the
        agent takes, or broken. Conflict: it took too long.
    """
    incoming = _Incoming(tools, link_id, given, taking)
    try:
        return await incoming.take(content)
    except BaseException:
        # Also when the sender has gone and this task is being cancelled.
        await asyncio.shield(incoming.forget())
        raise


@dataclass(slots=True)
class _Incoming:
    """A file on its way in."""

    tools: Tools
    link_id: str
    given: str
    taking: Taking
    id: str = field(default_factory=lambda: new_id("att"))
    size: int = 0
    waiting: bytearray = field(default_factory=bytearray)
    number: int = 0
    held: Held | None = None
    reader: Reader | None = None

    async def take(self, content: AsyncIterator[bytes]) -> Held:
        """Store all that comes; a picture is drawn anew before anything of it is stored."""
        judged: Judged | None = None
        async for chunk in content:
            self.size += len(chunk)
            if self.size > self.taking.bytes:
                raise _too_large(self.taking.bytes)
            self.waiting += chunk
            if judged is None and len(self.waiting) >= judging.LOOKED_AT:
                judged = judging.judged(bytes(self.waiting[: judging.LOOKED_AT]), self.taking)
            is_full = len(self.waiting) >= _AT_ONCE * PIECE
            if judged is not None and judged.kind != "image" and is_full:
                await self._store(judged)
        if judged is None:
            judged = judging.judged(bytes(self.waiting), self.taking)
        if judged.kind == "image":
            return await self._draw(judged)
        await self._store(judged, last=True)
        return await self._finish()

    async def _draw(self, judged: Judged) -> Held:
        drawn = await asyncio.to_thread(cleaned, bytes(self.waiting), "file")
        self.size, self.waiting = len(drawn.content), bytearray(drawn.content)
        await self._begin(judged.kind, drawn.media_type, (drawn.wide, drawn.high))
        await self._put()
        return await self._finish()

    async def _store(self, judged: Judged, *, last: bool = False) -> None:
        if judged.kind == "text":
            self.reader = self.reader or Reader()
            self.reader.feed(bytes(self.waiting), last=last)
        if self.held is None:
            await self._begin(judged.kind, judged.media_type, (0, 0))
        await self._put()

    async def _begin(self, kind: str, media_type: str, sides: tuple[int, int]) -> None:
        name = judging.named(self.given, media_type)
        self.held = Held(self.id, kind, media_type, name, 0, *sides)
        now = self.tools.clock.now()
        await self.tools.db.write(store.begin, self.held, self.link_id, now)

    async def _put(self) -> None:
        """Store what waits, a few pieces at a time."""
        pieces = [bytes(self.waiting[at : at + PIECE]) for at in range(0, len(self.waiting), PIECE)]
        self.waiting.clear()
        for at in range(0, len(pieces), _AT_ONCE):
            some, now = pieces[at : at + _AT_ONCE], self.tools.clock.now()
            if not await self.tools.db.write(store.add, self.id, self.number, some, now):
                raise _swept()
            self.number += len(some)

    async def _finish(self) -> Held:
        now = self.tools.clock.now()
        if self.held is None or not await self.tools.db.write(
            store.finish, self.id, self.size, now
        ):
            raise _swept()
        each = self.held
        return Held(each.id, each.kind, each.media_type, each.name, self.size, each.wide, each.high)

    async def forget(self) -> None:
        """Delete what was stored of it."""
        if self.held is not None:
            with contextlib.suppress(Problem):  # what stays is swept away later
                await self.tools.db.write(store.withdraw, self.link_id, self.id)


def _too_large(most: int) -> TooLarge:
    said = f"a file may have {most:,} bytes"
    return TooLarge(said, code="file_too_large", errors=[FieldError("file", said)])


def _swept() -> Conflict:
    return Conflict("this took too long to come; send it again", code="too_slow")
