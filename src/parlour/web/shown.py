"""The pieces of a conversation as pages show them: messages, sources, troubles, forms."""

from dataclasses import dataclass
from typing import Literal

import msgspec

from parlour.kit.clock import Moment
from parlour.web.prose import NOTHING, Html

MessageKind = Literal["visitor", "agent", "person", "system"]
MessageState = Literal["done", "writing", "stopped", "failed", "interrupted"]


class Field(msgspec.Struct, frozen=True):
    """Something that a form asks a visitor for."""

    name: str
    label: str
    type: str
    options: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class ShownCitation:
    """A passage an answer rests on; `url` leads to its page."""

    n: int
    title: str
    source: str
    quote: str
    url: str


@dataclass(frozen=True, slots=True)
class ShownFile:
    """Something that was sent along; without a name for whoever does not see personal details."""

    name: str
    kind: str
    """`image`, `pdf` or `text`."""
    size: int
    """Bytes."""
    url: str = ""
    wide: int = 0
    high: int = 0


@dataclass(frozen=True, slots=True)
class ShownProblem:
    """Why an answer did not come, in words a visitor may read.

    `title` stands over an answer of which nothing came; `detail` says what is kept and what to
    do, and takes the place of the page's own sentence about that.
    """

    code: str
    title: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """One message as a visitor may see it; `html` is for an agent's message, from `prose`."""

    id: str
    seq: int
    kind: MessageKind
    name: str
    text: str
    created_at: Moment
    html: Html = NOTHING
    state: MessageState = "done"
    turn: str | None = None
    citations: tuple[ShownCitation, ...] = ()
    problem: ShownProblem | None = None
    form: tuple[Field, ...] = ()
    """What its agent asks the visitor for; a form below it, while it is the last one."""
    form_html: Html = NOTHING
    """The form itself, from `asking`."""
    suggestions: tuple[str, ...] = ()
    """What one may ask next; offered while it is the last one."""
    rating: str = ""
    """What the visitor makes of it: `up` or `down`."""
    is_explained: bool = False
    """Whether they have said why."""
    reasons: tuple[str, ...] = ()
    """Why, for the team."""
    words: str = ""
    files: tuple[ShownFile, ...] = ()
    """What the visitor sent along."""
    replaced: bool = False
    """Whether another message stands in its place, which only the team sees."""
