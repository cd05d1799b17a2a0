"""What every backend speaks: the question it is handed, and the parts its answer is made of."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

AuthorKind = Literal["visitor", "agent", "operator", "guest", "system"]


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the conversation so far, as the agent is shown it."""

    author: AuthorKind
    text: str
    name: str = ""


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

    @property
    def text(self) -> str:
        """The visitor's message that is to be answered."""
        return self.messages[-1].text


@dataclass(frozen=True, slots=True)
class Text:
    """The next piece of the answer, in Markdown."""

    text: str


@dataclass(frozen=True, slots=True)
class Status:
    """What the agent is doing, in public words: "Searching 12 documents". No dots, no secrets."""

    label: str


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
class Usage:
    """What the answer cost. A backend that cannot tell sends none."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Action:
    """Something the agent asks the house to do."""

    name: Literal["handoff", "resolve", "share"]
    arguments: Mapping[str, Any] = field(default_factory=dict)


Part = Text | Status | Citation | Variable | Usage | Action


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
