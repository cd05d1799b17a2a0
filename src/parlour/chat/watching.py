"""Watching a topic: what its notes mean is told at once, and together when many of them come."""

import asyncio
from collections.abc import Awaitable, Callable

from parlour.chat.viewing import BEAT, BYE, HELLO, Viewer
from parlour.kit.bus import MISSED
from parlour.kit.errors import Problem, Unavailable
from parlour.tools import Tools

TOGETHER = 0.2
"""Seconds between two tellings: a busy house wakes its watchers so often at most."""

_AGAIN = 1.0
"""Seconds until a telling that failed is tried again."""

Tell = Callable[[list[str] | None], Awaitable[bytes | None]]
"""Tells of these notes, or of all that may have been missed (None); None ends the stream."""


class Watcher(Viewer):
    """One viewer of a list."""

    __slots__ = ("_missed", "_notes", "_tell", "_told_at")

    def __init__(self, tools: Tools, topics: tuple[str, ...], tell: Tell) -> None:
        """Watch a topic from now on; the others only have `tell` asked whether all is well."""
        super().__init__(tools, topics)
        self._tell = tell
        self._notes: dict[str, None] = {}
        self._missed = True
        self._told_at = 0.0

    async def begin(self) -> bytes:
        """Return what came since the viewer's page was made."""
        return HELLO + (await self._told() or b"")

    async def more(self) -> bytes | None:
        """Wait, and return what came; None when the viewer has left or may look no more."""
        if self._over:
            return None
        if not await self._woken():
            self._over = True
            return BYE
        beat = self._next_beat()
        if self._hinted:
            since = asyncio.get_running_loop().time() - self._told_at
            if since < TOGETHER:
                await asyncio.sleep(TOGETHER - since)
        return await self._told() or (BEAT if beat else b"")

    async def _told(self) -> bytes:
        self._hinted = False
        self._told_at = asyncio.get_running_loop().time()
        self._notes |= dict.fromkeys(self._changes[0].take())
        self._missed = self._missed or MISSED in self._notes
        try:
            told = await self._tell(None if self._missed else list(self._notes))
        except Unavailable:
            self._hinted = True
            asyncio.get_running_loop().call_later(_AGAIN, self._wake)
            return b""
        except Problem:  # signed out, or not allowed any more
            told = None
        self._notes, self._missed = {}, False
        self._over = told is None
        return told or BYE if self._over else told or b""
