"""Opening a cited passage in its document: the section it stands in, with the quote marked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from parlour.agents.library import store
from parlour.agents.library.markup import blocks_of, plain
from parlour.kit.errors import NotFound
from parlour.tools import Tools

_MOST_BLOCKS = 60


@dataclass(frozen=True, slots=True)
class Shown:
    """A block of the section."""

    text: str
    """Markdown."""
    marked: bool
    """Whether the quote lies in it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A passage with what stands around it."""

    title: str
    path: str
    """The document, below the agent's folder."""
    headings: tuple[str, ...]
    blocks: tuple[Shown, ...]
    changed: bool
    """The document has been read anew since; this is the nearest place in it now."""


def passage_id(document_id: str, number: int, path: str) -> str:
    """Name a passage so that its place is found again after the document has changed."""
    return f"{document_id}.{number}.{path}"


async def passage(tools: Tools, agent_id: str, passage_id: str, quote: str = "") -> Opened:
    """Open a passage by its id; NotFound when its document has gone from the agent's library.

    When the document has been read anew since, the quote is looked for in what it says now.
    """
    return await tools.db.browse(open_passage, agent_id, passage_id, quote)


def open_passage(conn: sa.Connection, agent_id: str, passage_id: str, quote: str) -> Opened:
    """Open a passage within a unit of work."""
    document_id, _, place = passage_id.partition(".")
    number, _, path = place.partition(".")
    document = store.document_at(conn, agent_id, path) if "\0" not in path else None
    if document is None or not number.isascii() or not number.isdigit() or len(number) > 9:
        raise NotFound("this passage is not there any more")
    rows = store.passages_of(conn, document.id)
    changed = document.id != document_id
    return _opened(document.title, path, rows, int(number), quote, changed=changed)


def _opened(
    title: str, path: str, listed: Sequence[Any], number: int, quote: str, *, changed: bool
) -> Opened:
    if not listed:
        raise NotFound("this passage is not there any more")
    place = next((n for n, row in enumerate(listed) if row.number == number), len(listed) - 1)
    wanted = _words(quote)
    if wanted and wanted not in _words(plain(listed[place].text)):
        place = next(
            (n for n, row in enumerate(listed) if wanted in _words(plain(row.text))), place
        )
    target = listed[place]
    shown = []
    for row in listed:
        if row.section == target.section:
            for block in blocks_of(row.text):
                words = _words(plain(block))
                same = row.number == target.number
                marked = same and (not wanted or wanted in words or words in wanted)
                shown.append(Shown(block, marked))
    if not any(block.marked for block in shown):
        shown = [Shown(block.text, marked=False) for block in shown]
    first = next((n for n, block in enumerate(shown) if block.marked), 0)
    start = max(0, first - _MOST_BLOCKS // 2)
    some = tuple(shown[start : start + _MOST_BLOCKS])
    return Opened(title, path, tuple(target.headings), some, changed)


def _words(text: str) -> str:
    return " ".join(text.split()).lower()
