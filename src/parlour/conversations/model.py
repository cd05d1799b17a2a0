"""Words and rules of a conversation that need no database: states, authors, places; pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from parlour.kit.clock import Moment


class State(StrEnum):
    """How far a message is. What people say is done at once; a reply is written first."""

    DONE = "done"
    WRITING = "writing"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class TurnState(StrEnum):
    """How far an attempt to answer is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class Standing(StrEnum):
    """How a conversation stands, in the order in which one goes before another."""

    ANSWERING = "answering"
    FAILED = "failed"
    CLOSED = "closed"
    OPEN = "open"


FAILED = (State.FAILED.value, State.INTERRUPTED.value)
OPEN = (TurnState.QUEUED.value, TurnState.RUNNING.value)
RETRYABLE = (TurnState.STOPPED.value, TurnState.FAILED.value, TurnState.INTERRUPTED.value)


@dataclass(frozen=True, slots=True)
class Message:
    """A message as stored."""

    id: str
    seq: int
    author_kind: str
    author_name: str
    text: str
    state: State
    created_at: Moment
    turn_id: str | None = None
    citations: tuple[dict[str, Any], ...] = ()
    problem: str | None = None
    """Why a reply failed, as one of the backend's codes."""
    epoch: int = 0
    """Which attempt at the turn wrote it; names the live log while it is being written."""
    replaces: str | None = None
    """The failed reply that this one stands for, after a retry."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as stored, without what was said in it."""

    id: str
    workspace_id: str
    agent_id: str
    link_id: str
    visitor_id: str
    created_at: Moment
    last_message_at: Moment
    message_count: int
    active_turn: str | None
    last_reply: str | None
    """How the last reply that ended came to its end, as a `State`."""
    variables: dict[str, Any]
    closed_at: Moment | None

    @property
    def standing(self) -> Standing:
        """How it stands."""
        if self.active_turn is not None:
            return Standing.ANSWERING
        if self.last_reply in FAILED:
            return Standing.FAILED
        return Standing.OPEN if self.closed_at is None else Standing.CLOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which conversations somebody wants to see; None does not matter."""

    agent_id: str | None = None
    link_id: str | None = None
    visitor_id: str | None = None
    standing: Standing | None = None
    since: Moment | None = None
    """Their last message came then or later."""
    until: Moment | None = None
    """Their last message came before that."""


Place = tuple[Moment, str]
"""Where a conversation stands in a list: when its last message came, and its id."""


@dataclass(frozen=True, slots=True)
class LastWord:
    """What was said last in a conversation: who spoke, and how it begins."""

    author_kind: str
    author_name: str
    text: str
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt to answer went, for those who look after an agent."""

    id: str
    agent_version: int
    state: TurnState
    runs: int
    """How often it was begun: more than once after a crash."""
    asked_at: Moment
    started_at: Moment | None
    first_text_at: Moment | None
    ended_at: Moment | None
    input_tokens: int | None
    output_tokens: int | None


@dataclass(frozen=True, slots=True)
class Turn:
    """One attempt to answer."""

    id: str
    conversation_id: str
    agent_id: str
    agent_version: int
    question_seq: int
    reply_seq: int
    state: TurnState
    epoch: int
    stop_at: Moment | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a viewer is: everything up to `seq`, and `offset` characters of the reply after it.

    Written `seq`, or `seq.epoch.offset` inside the reply that stands at `seq`.
    """

    seq: int = 0
    epoch: int = 0
    offset: int = 0

    def __str__(self) -> str:
        return f"{self.seq}.{self.epoch}.{self.offset}" if self.epoch else str(self.seq)


_LARGEST = 2**31 - 1
"""The last place that the database can count to."""

NOWHERE = Cursor(_LARGEST)
"""A cursor that is nobody's: whoever follows from here is told to read everything again."""


def read_cursor(text: str) -> Cursor | None:
    """Read a cursor that a viewer sent back; None for anything we did not write."""
    parts = text.split(".")
    if len(parts) not in (1, 3) or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    if any(len(part) > 16 for part in parts):
        return None
    numbers = [int(part) for part in parts]
    if any(number > _LARGEST for number in numbers):
        return None
    return Cursor(*numbers)
