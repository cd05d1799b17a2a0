"""A reply while it is being written: its text so far, its live log, and how it came to an end."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from parlour.agents import doing
from parlour.agents.contract import (
    Action,
    BackendFailure,
    Citation,
    Enough,
    Part,
    Remember,
    Status,
    Suggestion,
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

MOST_SUGGESTIONS = 4
"""What a reply offers to ask next beyond which more is dropped."""


class Writing:
    """Takes the parts of an answer as they come. Taking a piece of text is the hot path."""

    def __init__(
        self,
        turn: Turn,
        log: LiveLog,
        longest: int,
        clock: Clock,
        say: Callable[[Status], str] = doing.said,
    ) -> None:
        """Begin an empty reply; text beyond `longest` characters is cut.

        `say` makes of what the agent does the words that everybody may read who looks on.
        """
        self.turn = turn
        self.log = log
        self.offset = 0
        self.saved = 0
        self.citations: list[Citation] = []
        self.variables: dict[str, Any] = {}
        self.actions: list[Action] = []
        self.noted: str | None = None
        """What the agent noted for itself about the visitor."""
        self.suggestions: list[str] = []
        self.usage: Usage | None = None
        self.first_text_at: Moment | None = None
        self._now = asyncio.get_running_loop().time
        self.heard_at = self._began_at = self._now()
        self._pieces: list[str] = []
        self._say = say
        self._label = ""
        self._statuses = 0
        self._longest = longest
        self._clock = clock

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

    def take(self, part: Part) -> None:
        """Take the next part. BackendFailure for what is no part.

        Enough: the reply is as long as it may be, or has said all it may without a word.
        """
        self.heard_at = self._now()
        if type(part) is Text:
            self._take_text(part.text)
        else:
            self._take_seldom(part)

    def _take_seldom(self, part: Part) -> None:
        if isinstance(part, Status):
            self._take_status(part)
        elif isinstance(part, Usage):
            self.usage = part
        else:
            self._take_aside(part)

    def _take_aside(self, part: Part) -> None:
        """Take what comes beside the text; what is too much of it is dropped."""
        if isinstance(part, Citation):
            if len(self.citations) < _MOST:
                self.citations.append(part)
        elif isinstance(part, Variable):
            if len(self.variables) < _MOST:
                self.variables[part.name] = part.value
        elif isinstance(part, Remember):
            self.noted = part.notes
        elif isinstance(part, Action):
            if len(self.actions) < _MOST:
                self.actions.append(part)
        elif isinstance(part, Suggestion):
            if len(self.suggestions) < MOST_SUGGESTIONS and part.text not in self.suggestions:
                self.suggestions.append(part.text)
        else:
            raise BackendFailure("bad_answer", f"{type(part).__name__} is no part of an answer")

    def _take_status(self, status: Status) -> None:
        self._statuses += 1
        label = self._say(status)
        if label != self._label:
            self._label = label
            data = {"turn": self.turn.id, "label": label}
            self.log.append(self.offset, wire.event("status", data))
        if self._statuses >= _MOST_STATUSES:
            raise Enough

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
        self._label = ""
        self._pieces.append(piece)
        self.offset += len(piece)
        self.log.append(self.offset, entry)
        if self.offset >= self._longest:
            raise Enough

    def stored(self) -> dict[str, Any]:
        """Return what came besides the text, as columns of the turn."""
        usage = self.usage
        return {
            "first_text_at": self.first_text_at,
            "input_tokens": None if usage is None else usage.input_tokens,
            "output_tokens": None if usage is None else usage.output_tokens,
            "actions": msgspec.to_builtins(self.actions) or None,
        }

    def told(self) -> dict[str, int]:
        """Return what there is to count of the reply: tokens, and how long its first word took."""
        known: dict[str, int] = {}
        if self.usage is not None:
            known |= {"input": self.usage.input_tokens, "output": self.usage.output_tokens}
        if self.first_text_at is not None:
            known["wait"] = max(0, self.first_text_at - self.turn.asked_at)
        return known
