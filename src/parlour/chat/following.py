"""Following one conversation: what is there, then whatever comes, as server-sent events."""

import asyncio
from collections.abc import Callable

from parlour.chat import wire
from parlour.chat.rereading import AGENT, NEWEST, Bar, Control, Forgotten, Together, View
from parlour.chat.viewing import BEAT, BYE, HELLO, LIFE, Viewer
from parlour.conversations import hints
from parlour.conversations.model import Cursor, State
from parlour.kit.bus import LiveLog
from parlour.kit.clock import SECOND
from parlour.kit.errors import Problem
from parlour.tools import Tools
from parlour.transcripts import Shown

_AGAIN = 1.0
"""Seconds until a reading that failed is tried again."""

_HAIR = 0.05

AtOnce = Callable[[bytes], bool]
"""Sends a piece to the viewer right now, unless that has to be waited for: then it says False."""

_RESYNC = wire.event("resync", {}, str(Cursor(0)))


class Follower(Viewer):
    """One viewer's stream. `_settled` is the place up to which all was sent in its last state."""

    __slots__ = (
        "_around",
        "_at_once",
        "_control",
        "_cursor",
        "_end",
        "_log",
        "_log_key",
        "_position",
        "_settled",
        "_together",
        "_told",
        "_unread",
        "_view",
    )

    def __init__(
        self, tools: Tools, view: View, together: Together, at_once: AtOnce | None = None
    ) -> None:
        """Follow from the view's cursor on, reading `together` with those who follow the same."""
        super().__init__(tools, (hints.topic(view.conversation_id), *view.topics))
        self._view = view
        # Whoever gets replies only whole must not be handed pieces of them as they come.
        self._at_once = None if view.whole else at_once
        self._together = together
        together.join(view)
        self._cursor = view.cursor
        self._settled = view.cursor.seq - 1 if view.cursor.epoch else view.cursor.seq
        self._told: dict[int, State] = {}
        self._control: Control | None = AGENT if view.knows_agent else None
        self._around = view.known_around
        self._log: LiveLog | None = None
        self._log_key = ""
        self._position = 0
        self._unread = False
        self._end: asyncio.TimerHandle | None = None
        if view.ends_at is not None:
            left = max(0, view.ends_at - tools.clock.now()) / SECOND
            # A hair later, because a timer and a clock may disagree by one.
            timer = asyncio.get_running_loop().call_later
            self._end = timer(min(left, 2 * LIFE) + _HAIR, self._look)

    def close(self) -> None:
        """Let go of everything this viewer held."""
        if self._end is not None:
            self._end.cancel()
        self._drop_log()
        self._together.leave(self._view)
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
        chunk = self._from_log()
        if not (self._hinted or self._unread or self._beat_due or self._log_is_over()):
            return chunk
        return chunk + await self._look_again()

    def _look(self) -> None:
        self._unread = True
        self._wake()

    async def _look_again(self) -> bytes:
        typed, only = self._typed() if self._hinted else (b"", False)
        self._hinted = False
        beat = self._next_beat()
        if only and not (beat or self._unread or self._log_is_over()):
            return typed  # nothing has been stored: there is nothing to read
        return typed + await self._catch_up() or (BEAT if beat else b"")

    def _typed(self) -> tuple[bytes, bool]:
        """Tell who types; and say whether that is all that the hints were about."""
        notes = [note for changes in self._changes for note in changes.take()]
        typing = [note for note in notes if note.startswith(wire.TYPING)]
        told = map(self._view.typing, typing) if self._view.typing is not None else ()
        chunks = [wire.event("typing", data) for data in told if data is not None]
        return b"".join(chunks), bool(notes) and len(typing) == len(notes)

    async def _catch_up(self) -> bytes:
        """Read what is new and say it."""
        view = self._view
        try:
            found = await self._together.reread(view, self._settled)
        except Problem:  # the database is away
            self._unread = True
            asyncio.get_running_loop().call_later(_AGAIN, self._wake)
            return b""
        self._unread = False
        if found.bar is not None and not found.bar.after_reply:
            return self._refused(found.bar)
        if found.is_gone and view.stays:
            return self._refused(Forgotten("it was erased, with everything that was said in it"))
        behind = found.last_seq - self._settled > 2 * NEWEST and self._settled > 0
        closed = found.closed and not view.stays
        if closed or behind or self._cursor.seq > found.last_seq:
            self._over = True
            return _RESYNC
        chunks = [self._tell(message) for message in found.messages]
        if found.answers != self._control:
            chunks.append(self._tell_who_answers(found.answers))
        if found.around != self._around:
            self._around = found.around
            chunks.append(wire.event("around", {}))
        if found.writing is None:
            self._drop_log()
            if found.bar is not None:
                chunks.append(self._refused(found.bar))
        elif not view.whole or view.overhear is not None:
            chunks.append(await self._join(found.writing))
        until = view.until_seq
        self._over = self._over or (until is not None and self._settled >= until)
        return b"".join(chunks)

    def _tell_who_answers(self, answers: Control) -> bytes:
        # Behind the messages: what the agent has said by then was said before.
        self._control = answers
        pen, name = answers
        data = {"holder": pen.value} | ({"name": name} if name else {})
        return wire.event("control", data, str(self._cursor))

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
            log.watch(self._grown)
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
        if self._view.whole:
            return b""
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
        return chunk if self._view.overhear is None else self._view.overhear(chunk)

    def _grown(self) -> None:
        """Pass on what has come into the log. Every token of a reply comes this way.

        A stream that sleeps has told everything else, so it need not be woken for this.
        """
        log = self._log
        if self._at_once is not None and self._sleeps() and log is not None and not log.ended:
            chunk, position = log.read(self._position)
            if self._at_once(chunk):
                self._position = position
                return
        self._wake()

    def _log_is_over(self) -> bool:
        return self._log is not None and self._log.ended

    def _drop_log(self) -> None:
        if self._log is not None:
            self._log.unwatch(self._grown)
            self._log = None
            self._log_key = ""
