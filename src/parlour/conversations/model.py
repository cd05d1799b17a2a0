"""Words and rules of a conversation that need no database: states, authors, places; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from parlour.kit.clock import DAY, Moment


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
    COMPLETED = "completed"
    """The team has done with it; what the visitor says next opens it again."""
    FAILED = "failed"
    CLOSED = "closed"
    """The visitor has begun another one; this one stays closed."""
    OPEN = "open"


class Pen(StrEnum):
    """Who answers in a conversation."""

    AGENT = "agent"
    REQUESTED = "requested"
    """Nobody: a person has been asked for, or has left without handing back."""
    OPERATOR = "operator"
    """A person of the team, or a guest; the agent is silent."""


class Group(StrEnum):
    """Who has to do something in a conversation, as a person of the team sees it at the desk."""

    WAITING = "waiting"
    """Somebody: a person has been asked for, and none is there."""
    MINE = "mine"
    ACTIVE = "active"
    """A colleague or a guest, who answers."""
    BOT = "bot"
    """The agent."""
    COMPLETED = "completed"
    """Nobody: the team has done with it, or the visitor has begun another one."""


class Reason(StrEnum):
    """Why the team has done with a conversation."""

    SOLVED = "solved"
    SILENT = "silent"
    """The visitor has gone without a word."""
    ELSEWHERE = "elsewhere"
    """It goes on by telephone, by mail, or at another place."""
    SPAM = "spam"
    OTHER = "other"


PRESENT: Final = DAY
"""For so long after its last message a conversation that an agent answers is on the desk."""

SHARE_URL = "conversation_share_url"
"""The variable in which an agent finds the address of the share that it asked for."""

RATINGS: Final = {1: "up", -1: "down"}
"""What a visitor makes of an answer, as it is written."""

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
    """The message in whose place this one stands."""
    extra: Mapping[str, Any] | None = None
    """What comes with it besides the text: the `form` that its agent asks the visitor to fill,
    `suggestions` of what to ask next, and `files` that the visitor sent along."""
    rating: int | None = None
    """What the visitor makes of it: 1 or -1."""
    rated: Mapping[str, Any] | None = None
    """Why: `reasons`, and `words` of their own."""
    superseded: bool = False
    """Whether another message stands in its place for the visitor and the agent."""


@dataclass(frozen=True, slots=True)
class Hold:
    """That a person answers in a conversation, and how long: a lease, which lapses by itself."""

    by_kind: str
    """`person`, `key`, `host` or `guest`."""
    by_id: str
    by_name: str
    """As the visitor reads it."""
    since: Moment
    until: Moment
    waits: bool = False
    """Whether the conversation waits for another person afterwards; else the agent goes on."""

    def is_by(self, kind: str, id_: str) -> bool:
        """Whether it is this one's."""
        return (self.by_kind, self.by_id) == (kind, id_)


def pen_of(hold: Hold | None, asked_until: Moment | None, now: Moment) -> Pen:
    """Say who answers at a moment; `asked_until`: until when a person that was asked for may come.

    Time alone decides; what tidies up afterwards may be late.
    """
    if hold is not None and now < hold.until:
        return Pen.OPERATOR
    if hold is not None and hold.waits:
        return Pen.REQUESTED
    if asked_until is not None and now < asked_until:
        return Pen.REQUESTED
    return Pen.AGENT


@dataclass(frozen=True, slots=True)
class Completed:
    """That the team has done with a conversation."""

    at: Moment
    by: str
    """Who said so."""
    reason: Reason


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
    hold: Hold | None = None
    asked_until: Moment | None = None
    """Until when a person that was asked for may come."""
    asked_at: Moment | None = None
    completed: Completed | None = None

    @property
    def standing(self) -> Standing:
        """How it stands."""
        if self.active_turn is not None:
            return Standing.ANSWERING
        if self.completed is not None:
            return Standing.COMPLETED
        if self.last_reply in FAILED:
            return Standing.FAILED
        return Standing.OPEN if self.closed_at is None else Standing.CLOSED


@dataclass(frozen=True, slots=True)
class Desk:
    """What somebody wants to see of the desk at a moment; no group: all that is not completed."""

    group: Group | None
    at: Moment
    by: tuple[str, str]
    """The kind and the id of who looks, by which a hold is theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which conversations somebody wants to see; None does not matter."""

    agent_id: str | None = None
    agents: frozenset[str] | None = None
    """Only those with one of these agents."""
    but: frozenset[str] = frozenset()
    """None with these agents."""
    link_id: str | None = None
    visitor_id: str | None = None
    standing: Standing | None = None
    waits_at: Moment | None = None
    """Only those in which a person has been asked for, and none is there at this moment."""
    since: Moment | None = None
    """Their last message came then or later."""
    until: Moment | None = None
    """Their last message came before that."""
    desk: Desk | None = None


Place = tuple[Moment, str]
"""Where a conversation stands in a list: when its last message came, and its id."""


@dataclass(frozen=True, slots=True)
class Uttered:
    """A message among those of many conversations: where it stands, and what it says."""

    conversation_id: str
    text: str
    state: State


@dataclass(frozen=True, slots=True)
class LastWord:
    """What was said last in a conversation: who spoke, and how it begins."""

    author_kind: str
    author_name: str
    text: str
    is_cut: bool
    taste: str = ""
    """A line of it for a list: an answer without the signs of Markdown; cut where it is long."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt to answer went, for those who look after an agent."""

    id: str
    agent_id: str
    """Another agent than the conversation's where that one's budget was spent."""
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
    asked_at: Moment = 0


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
