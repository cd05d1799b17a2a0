"""Every stream of this process, and waiting for one reply without a stream."""

import asyncio
from collections.abc import AsyncGenerator, Callable

import sqlalchemy as sa

from parlour import transcripts
from parlour.chat import viewing
from parlour.chat.following import AtOnce, Follower
from parlour.chat.rereading import Together, View
from parlour.chat.viewing import Viewer
from parlour.chat.watching import Tell, Watcher
from parlour.conversations import hints, reading
from parlour.conversations.model import State
from parlour.tools import Tools
from parlour.transcripts import Shown

__all__ = ["Live", "View"]


class Live:
    """Every viewer of this process."""

    def __init__(self, tools: Tools) -> None:
        """Begin without viewers."""
        self._tools = tools
        self._viewers: set[Viewer] = set()
        self._closing = False
        self._together = Together(tools)

    @property
    def viewers(self) -> int:
        """How many streams are open."""
        return len(self._viewers)

    def follow(self, view: View, at_once: AtOnce | None = None) -> AsyncGenerator[bytes, None]:
        """Yield server-sent events: what is there after the cursor, then whatever comes.

        Pieces of a reply are handed to `at_once` as they come; those it does not take are yielded.
        """
        return self._stream(lambda: Follower(self._tools, view, self._together, at_once))

    def watch(self, topics: tuple[str, ...], tell: Tell) -> AsyncGenerator[bytes, None]:
        """Yield what `tell` makes of a topic's notes, soon after they come and many at once.

        It is the first of the topics; on others comes what may end the looking.
        """
        return self._stream(lambda: Watcher(self._tools, topics, tell))

    async def _stream(self, make: Callable[[], Viewer]) -> AsyncGenerator[bytes, None]:
        if self._closing:
            yield viewing.BYE
            return
        viewer = make()
        self._viewers.add(viewer)
        try:
            chunk: bytes | None = await viewer.begin()
            while chunk is not None:
                if chunk:
                    yield chunk
                chunk = await viewer.more()
        finally:
            self._viewers.discard(viewer)
            viewer.close()

    async def reply(self, conversation_id: str, seq: int) -> Shown | None:
        """Wait for the reply at a place to be finished.

        When the conversation is closed meanwhile, it is returned as it stands; None when it is
        gone.
        """
        wake = asyncio.Event()
        with self._tools.bus.subscribe(hints.topic(conversation_id), wake.set) as changes:
            while True:
                wake.clear()
                changes.take()
                reply, closed = await self._tools.db.read(_reply, conversation_id, seq)
                if closed or reply is None or reply.state is not State.WRITING:
                    return reply
                try:
                    await asyncio.wait_for(wake.wait(), viewing.HEARTBEAT)
                except TimeoutError:
                    continue

    def close(self) -> None:
        """End every stream with a hint to come back."""
        self._closing = True
        for viewer in list(self._viewers):
            viewer.leave()


def _reply(conn: sa.Connection, conversation_id: str, seq: int) -> tuple[Shown | None, bool]:
    _, closed = reading.progress(conn, conversation_id)
    found = transcripts.for_visitor(conn, conversation_id, after=seq - 1)
    return next((each for each in found if each.seq == seq), None), closed
