"""A reply while it is being written: its text so far, its live log, and how it came to an end."""

import asyncio
from typing import Any

import msgspec

from parlour.agents.contract import (
    Action,
    BackendFailure,
    Citation,
    Part,
    Status,
    Text,
    Usage,
    Variable,
)
from parlour.chat import wire
from parlour.conversations.model import Turn
from parlour.kit.bus import LiveLog
from parlour.kit.clock import Clock, Moment

_MOST = 50
"""Citations, variables and actions of one reply beyond which more are dropped."""


_MOST_STATUSES = 10_000


class Writing:
    """Takes the parts of an answer as they come. Taking a piece of text is the hot path."""

    def __init__(self, turn: Turn, log: LiveLog, longest: int, clock: Clock) -> None:
        """Begin an empty reply; text beyond `longest` characters is cut."""
        self.turn = turn
        self.log = log
        self.offset = 0
        self.saved = 0
        self.citations: list[Citation] = []
        self.variables: dict[str, Any] = {}
        self.actions: list[Action] = []
        self.usage: Usage | None = None
        self.first_text_at: Moment | None = None
        self.heard_at = self._began_at = asyncio.get_running_loop().time()
        self._pieces: list[str] = []
        self._statuses = 0
        self._longest = longest
        self._clock = clock

    @property
    def is_full(self) -> bool:
        """Whether the reply is as long as it may be, or has said all it may without a word."""
        return self.offset >= self._longest or self._statuses >= _MOST_STATUSES

    @property
    def heard(self) -> bool:
        """Whether the backend has sent anything at all."""
        return self.heard_at != self._began_at

    @property
    def text(self) -> str:
        """The reply so far."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def take(self, part: Part, now: float) -> None:
        """Take the next part; `now` is the loop's time. BackendFailure for what is no part."""
        self.heard_at = now
        if type(part) is Text:
            self._take_text(part.text)
        elif isinstance(part, Status):
            self._statuses += 1
            data = {"turn": self.turn.id, "label": part.label[:200]}
            self.log.append(self.offset, wire.event("status", data))
        elif isinstance(part, Usage):
            self.usage = part
        elif isinstance(part, Citation):
            if len(self.citations) < _MOST:
                self.citations.append(part)
        elif isinstance(part, Variable):
            if len(self.variables) < _MOST:
                self.variables[part.name] = part.value
        elif isinstance(part, Action):
            if len(self.actions) < _MOST:
                self.actions.append(part)
        else:
            raise BackendFailure("bad_answer", f"{type(part).__name__} is no part of an answer")

    def _take_text(self, piece: str) -> None:
        room = self._longest - self.offset
        if len(piece) > room:
            piece = piece[:room]
        if not piece:
            return
        if self.offset == 0:
            self.first_text_at = self._clock.now()
        turn = self.turn
        try:
            entry = wire.delta(turn.id, turn.reply_seq, turn.epoch, self.offset, piece)
        except TypeError:  # lone surrogates: not text, and no store would take them
            piece = piece.encode("utf-8", "replace").decode()
            entry = wire.delta(turn.id, turn.reply_seq, turn.epoch, self.offset, piece)
        if "\0" in piece:
            piece = piece.replace("\0", "\ufffd")
            entry = wire.delta(turn.id, turn.reply_seq, turn.epoch, self.offset, piece)
        self._pieces.append(piece)
        self.offset += len(piece)
        self.log.append(self.offset, entry)

    def stored(self) -> dict[str, Any]:
        """Return what came besides the text, as columns of the turn."""
        usage = self.usage
        return {
            "first_text_at": self.first_text_at,
            "input_tokens": None if usage is None else usage.input_tokens,
            "output_tokens": None if usage is None else usage.output_tokens,
            "actions": msgspec.to_builtins(self.actions) or None,
        }
