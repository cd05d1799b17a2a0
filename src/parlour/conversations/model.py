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
