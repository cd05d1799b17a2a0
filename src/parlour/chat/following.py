"""Following one conversation: what is there, then whatever comes, as server-sent events."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from parlour import transcripts
from parlour.chat import wire
from parlour.chat.viewing import BEAT, BYE, HELLO, Viewer
from parlour.conversations import reading
from parlour.conversations.model import Cursor, State
from parlour.kit.bus import LiveLog
from parlour.kit.errors import Problem
from parlour.tools import Tools
from parlour.transcripts import Shown

NEWEST = 200
"""Messages that a stream begins with at most; who is further behind reads the page again."""

_AGAIN = 1.0
"""Seconds until a reading that failed is tried again."""

_RESYNC = wire.event("resync", {}, str(Cursor(0)))

Present = Callable[[Shown], dict[str, Any]]
"""Turns a message into what the stream tells of it."""


class Bar(Protocol):
    """Why a viewer may look no longer."""

    @property
    def code(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def after_reply(self) -> bool:
        """Whether the reply that is being written may be seen to its end."""
        ...


Judge = Callable[[sa.Connection], Bar | None]
"""Says whether this viewer may still look; None is yes."""


class Read(Protocol):
    """Reads a conversation as this viewer may see it."""

    def __call__(
        self, conn: sa.Connection, conversation_id: str, *, after: int, newest: int
    ) -> list[Shown]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Who looks at what, and from where."""

    conversation_id: str
    cursor: Cursor
    present: Present
    judge: Judge
    topics: tuple[str, ...] = ()
    """What else may end the look: the link, the agent."""
    until_seq: int | None = None
    """End once the message at this place is finished."""
    read: Read = transcripts.for_visitor
    whole: bool = False
    """Tell of replies when they are finished, never of pieces: what is masked must be whole."""
    stays: bool = False
    """Whether a conversation that was closed may still be looked at."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one reading found, or why this viewer may look no more."""

    messages: list[Shown]
    last_seq: int
    closed: bool
    bar: Bar | None = None

    @property
    def writing(self) -> Shown | None:
        """The reply that is being written."""
        return next((each for each in self.messages if each.state is State.WRITING), None)


def reread(conn: sa.Connection, view: View, after: int) -> Found:
    """Judge the viewer again, and read what stands behind a place."""
    bar = view.judge(conn)
    if bar is not None and not bar.after_reply:
        return Found([], 0, closed=False, bar=bar)
    last_seq, closed = reading.progress(conn, view.conversation_id)
    found = view.read(conn, view.conversation_id, after=after, newest=NEWEST)
    return Found(found, last_seq, closed, bar)


class Follower(Viewer):
    """One viewer's stream. `_settled` is the place up to which all was sent in its last state."""

    __slots__ = (
        "_cursor",
        "_log",
        "_log_key",
        "_position",
        "_settled",
        "_told",
        "_unread",
        "_view",
    )

    def __init__(self, tools: Tools, view: View) -> None:
        """Follow from the view's cursor on."""
        super().__init__(tools, (wire.topic(view.conversation_id), *view.topics))
        self._view = view
        self._cursor = view.cursor
        self._settled = view.cursor.seq - 1 if view.cursor.epoch else view.cursor.seq
        self._told: dict[int, State] = {}
        self._log: LiveLog | None = None
        self._log_key = ""
        self._position = 0
        self._unread = False

    def close(self) -> None:
        """Let go of everything this viewer held."""
        self._drop_log()
        super().close()

    async def begin(self) -> bytes:
        """Return what there is now."""
        return HELLO + await self._catch_up()

    async def more(self) -> bytes | None:
        """Wait, and return what came; None when the viewer has left or is through."""
        if self._over:
            return None
        if not await self._woken():
            self._over = True
            return BYE
        # Every token of a reply comes this way, so what is seldom is asked together.
        chunk = self._from_log()
        if not (self._hinted or self._unread or self._beat_due or self._log_is_over()):
            return chunk
        return chunk + await self._look_again()

    async def _look_again(self) -> bytes:
        self._hinted = False
        beat = self._next_beat()
        return await self._catch_up() or (BEAT if beat else b"")

    async def _catch_up(self) -> bytes:
        """Read what is new and say it."""
        view = self._view
        try:
            found = await self._tools.db.read(reread, view, self._settled)
        except Problem:  # the database is away
            self._unread = True
            asyncio.get_running_loop().call_later(_AGAIN, self._wake.set)
            return b""
        self._unread = False
        if found.bar is not None and not found.bar.after_reply:
            return self._refused(found.bar)
        behind = found.last_seq - self._settled > 2 * NEWEST and self._settled > 0
        closed = found.closed and not view.stays
        if closed or behind or self._cursor.seq > found.last_seq:
            self._over = True
            return _RESYNC
        chunks = [self._tell(message) for message in found.messages]
        if found.writing is None:
            self._drop_log()
            if found.bar is not None:
                chunks.append(self._refused(found.bar))
        elif not view.whole:
            chunks.append(await self._join(found.writing))
        until = view.until_seq
        self._over = self._over or (until is not None and self._settled >= until)
        return b"".join(chunks)

    def _refused(self, bar: Bar) -> bytes:
        self._over = True
        data = {"code": bar.code, "title": bar.title, "detail": bar.detail}
        return wire.event("refused", {"problem": data}, str(self._cursor))

    def _tell(self, message: Shown) -> bytes:
        seq, before = message.seq, self._told.get(message.seq)
        next_up = State.WRITING not in (self._told[place] for place in self._told if place < seq)
        if message.state is State.WRITING:
            self._told[seq] = State.WRITING
            if before is not None or self._is_inside(message):
                return b""
            if next_up and message.epoch:
                self._cursor = Cursor(seq, message.epoch, len(message.text))
            return wire.event("message", self._view.present(message), str(self._cursor))
        if next_up:
            self._settled = seq
            self._cursor = Cursor(seq)
            self._told = {place: state for place, state in self._told.items() if place > seq}
        else:
            self._told[seq] = message.state
        if before is message.state:
            return b""
        data = self._view.present(message)
        if message.author_kind == "agent" and message.turn_id is not None:
            done = {"turn": message.turn_id, "message": data}
            return wire.event("done", done, str(self._cursor))
        return wire.event("message", data, str(self._cursor))

    async def _join(self, message: Shown) -> bytes:
        """Follow the live log of the reply that is being written, from where the viewer is."""
        key = wire.log_key(message.turn_id or "", message.epoch)
        if key != self._log_key or self._log is None:
            self._drop_log()
            log = await self._tools.bus.open_log(key) if message.epoch else None
            if log is None:
                return self._saved_text(message)
            log.watch(self._wake.set)
            self._log, self._log_key = log, key
            offset = self._cursor.offset if self._is_inside(message) else 0
            # What the agent is doing before its first word stands at the offset 0, too.
            self._position = log.position_after(offset) if offset else 0
        return self._from_log()

    def _is_inside(self, message: Shown) -> bool:
        """Whether the viewer has this attempt at the reply already, up to the cursor's offset."""
        return (self._cursor.seq, self._cursor.epoch) == (message.seq, message.epoch)

    def _saved_text(self, message: Shown) -> bytes:
        """Tell what is stored of a reply whose live log cannot be had."""
        text, cursor = message.text, self._cursor
        offset = cursor.offset if self._is_inside(message) else 0
        if not message.epoch or len(text) <= offset:
            return b""
        self._cursor = Cursor(message.seq, message.epoch, len(text))
        turn = message.turn_id or ""
        return wire.delta(turn, message.seq, message.epoch, offset, text[offset:])

    def _from_log(self) -> bytes:
        if self._log is None:
            return b""
        chunk, self._position = self._log.read(self._position)
        return chunk

    def _log_is_over(self) -> bool:
        return self._log is not None and self._log.ended

    def _drop_log(self) -> None:
        if self._log is not None:
            self._log.unwatch(self._wake.set)
            self._log = None
            self._log_key = ""
