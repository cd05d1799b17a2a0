"""What every backend speaks: the question it is handed, and the parts its answer is made of."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

AuthorKind = Literal["visitor", "agent", "operator", "guest", "system"]


@dataclass(frozen=True, slots=True)
class File:
    """Something that the visitor sent along with a message."""

    name: str
    """As the visitor calls it, its suffix by its content; it names nothing on this machine."""
    kind: Literal["image", "pdf", "text"]
    media_type: str
    size: int
    content: bytes | None = field(default=None, repr=False)
    """None where it is of an earlier message, and there is more than fits."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the conversation so far, as the agent is shown it."""

    author: AuthorKind
    text: str
    name: str = ""
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered of a visitor who proved who they are: data, and never an instruction."""

    summary: str
    """What they said of themselves before, a line for each thing."""
    notes: str
    """What the agent noted for itself, likewise."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a backend is asked: the last message is the one to answer."""

    messages: tuple[Said, ...]
    """Oldest first; the last one is the visitor's."""
    agent_id: str
    conversation_id: str
    turn_id: str
    """The same when a reply is attempted again after a crash, for de-duplication."""
    language: str = "en"
    variables: Mapping[str, Any] = field(default_factory=dict)
    """All that was learnt in the conversation."""
    collected: Mapping[str, Any] = field(default_factory=dict)
    """Those of them that the agent defines, which visitors or pages may have given."""
    memory: Remembered | None = None
    """None for visitors who have not proved who they are, and where nothing is remembered."""

    @property
    def text(self) -> str:
        """The visitor's message that is to be answered."""
        return self.messages[-1].text

    @property
    def files(self) -> tuple[File, ...]:
        """What came along with that message, whole."""
        return self.messages[-1].files


class Text(msgspec.Struct, frozen=True):  # made for every token: a data class takes thrice as long
    """The next piece of the answer, in Markdown."""

    text: str


@dataclass(frozen=True, slots=True)
class Status:
    """What the agent is doing, in one of three ways; `agents.doing` makes public words of it."""

    label: str = ""
    """Public words: "Searching 12 documents". No dots, no arguments, paths, commands or names."""
    doing: Literal["thinking", "searching", "reading", "writing", "working"] | None = None
    """What the house has words for, in the visitor's language."""
    tool: str = ""
    """The name of a tool that is used; visitors read what its owner calls it."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A source of the answer; the text refers to it as `[n]`."""

    n: int
    title: str
    source: str
    """The document as its reader knows it: a file name or path below the agent's folder."""
    quote: str
    """The passage itself, plain text."""
    section: str = ""
    """The headings above the passage, joined by " › "."""
    passage: str = ""
    """Where the passage can be opened again: the backend's own id; empty when it cannot."""
    url: str = ""
    """An http(s) address of the original, when there is one."""


@dataclass(frozen=True, slots=True)
class Variable:
    """Something the agent learnt of this conversation."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Remember:
    """What the agent notes for itself about this visitor, in place of what it had noted.

    Kept only of visitors who proved who they are, where the agent remembers at all.
    """

    notes: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What the answer cost. A backend that cannot tell sends none."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Action:
    """Something the agent asks the house to do.

    `form` asks the visitor for variables that the agent defines: `{"variables": ["email"]}`.
    """

    name: Literal["handoff", "resolve", "share", "form"]
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that the visitor may want to ask next, as they would say it."""

    text: str


Part = Text | Status | Citation | Variable | Remember | Usage | Action | Suggestion


Take = Callable[[Part], None]
"""Takes the next part of an answer. Enough: no more is wanted."""


class Enough(Exception):
    """Whoever takes an answer wants no more of it: raised by a `Take`, passed on by a backend."""


class BackendFailure(Exception):
    """The backend could not answer. The message is for the owner's log, never for the visitor.

    `code` is one of `unreachable`, `refused`, `rate_limited`, `bad_answer`, `timeout`,
    `misconfigured`.
    """

    def __init__(self, code: str, message: str) -> None:
        """Say what went wrong."""
        super().__init__(message)
        self.code = code


class Backend(Protocol):
    """Makes an agent answer."""

    repeatable: bool
    """Whether asking again after a crash is free and gives the same answer."""

    def answer(self, question: Question) -> AsyncIterator[Part]:
        """Yield the parts of the answer; raise BackendFailure when there is none to be had.

        Closing the iterator early (the visitor pressed stop) must end all work behind it.
        """
        ...


class Pouring(Backend, Protocol):
    """A backend whose parts come over the network, and can be taken the moment they arrive."""

    async def pour(self, question: Question, take: Take) -> None:
        """Give the parts of the answer to `take`, which does not wait; else as `answer`."""
        ...


@runtime_checkable
class Writer(Protocol):
    """A backend that can also write for the house itself, where no visitor waits."""

    def write(self, instructions: str, material: str) -> AsyncIterator[Part]:
        """Yield a text about `material`, which is data, as `instructions` say; as `answer` does."""
        ...
