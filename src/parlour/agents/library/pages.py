"""What a document is once it has been read: blocks of Markdown, then passages, and its links."""

import re
from typing import Literal

import msgspec

Kind = Literal["heading", "paragraph", "list", "table", "code", "up"]

_NUMBER = re.compile(
    r"^(?:(?:chapter|part|appendix|section|article|table|figure|example|listing)\s+)?"
    r"(?:[A-Z]?\d+(?:\.\d+)*|[A-Z](?:\.\d+)+|[IVXL]+|[A-Z])[.:)]\s+(?=\S)"
    r"|^\d+(?:\.\d+)+\s+(?=\S)"
    r"|^(?:chapter|part|appendix|section)\s+(?:[A-Z]|\d+|[IVXL]+)[.:]?\s+(?=\S)",
    re.IGNORECASE,
)


class Block(msgspec.Struct):
    """One piece of a document, whole: a heading, paragraph, list, table or piece of code."""

    kind: Kind
    text: str
    """Markdown; for a heading, plain words; empty for "up"."""
    level: int = 0
    """Of a heading, 1 is the outermost. "up" ends every heading of this level or deeper."""
    anchors: list[str] = []
    """Names under which links point here."""


class Link(msgspec.Struct):
    """A pointer to another place in the folder, and the words that the author put on it."""

    target: str
    """As written; relative to the document that holds it."""
    words: str


class Page(msgspec.Struct):
    """A document that was read."""

    title: str
    blocks: list[Block]
    links: list[Link]


class Passage(msgspec.Struct):
    """A stretch of a document that can be read by itself."""

    section: int
    """Passages of one section have the same number."""
    headings: list[str]
    """The headings above it, outermost first, without the document's title."""
    text: str
    """Markdown: blocks with an empty line between them."""
    anchors: list[str]


class Unreadable(Exception):
    """The file holds nothing that can be read; the message is the reason, for the owner."""


def unnumbered(title: str) -> str:
    """Return a title without the number before it: "11.8. Partial Indexes" is "Partial Indexes"."""
    short = _NUMBER.sub("", title.strip(), count=1)
    return short or title.strip()
