"""What pages and programs look for among messages, and what was found as CSV."""

import re
from collections.abc import Mapping
from typing import Any, Final

from parlour.conversations import outline
from parlour.insights import analysis, wording
from parlour.insights.analysis import AUTHORS, LACKS, Found, Hit
from parlour.insights.candidates import RATINGS, Wanted
from parlour.kit.clock import rfc3339
from parlour.kit.errors import FieldError, Invalid
from parlour.rights import Who
from parlour.tools import Tools
from parlour.transcripts import visitor
from parlour.web import figures, spreadsheets

MOST: Final = 10_000
"""Messages of a file."""
_AT_ONCE: Final = 500
LONGEST: Final = 200
"""Characters of what is looked for."""
_TALK: Final = re.compile(r"cnv_[0-9A-Za-z]{22}\Z", re.ASCII)
_HEADS: Final = ("at", "author", "name", "body", "agent", "link", "chat_link", "conversation",
                 "number", "state", "problem", "without_answer", "rating", "message")  # fmt: skip


async def wanted(tools: Tools, who: Who, given: Mapping[str, str]) -> tuple[Wanted, figures.Asked]:
    """Read what is looked for, by the names of fields that addresses have.

    These are `q`, `author`, `failed`, `lack`, `rating`, `conversation`, `visitor`, and the days.

    Raises:
        Invalid: a field is none of ours. NotFound: there is no such agent or visitor.
    """
    asked = await figures.asked(tools, who, {"days": "30", **given})
    author, lack = given.get("author") or None, given.get("lack") or None
    rating = given.get("rating") or None
    _one_of("rating", rating, ("any", *RATINGS))
    _one_of("author", author, AUTHORS)
    _one_of("lack", lack, ("any", *LACKS))
    return Wanted(
        query=wording.read(given.get("q", "")[:LONGEST]),
        agent_id=asked.chosen.agent_id,
        link_id=asked.chosen.link_id,
        conversations=await _talks(tools, who, given),
        author=author,
        since=asked.span.since,
        until=asked.span.until,
        failed=bool(given.get("failed")),
        lack=lack,
        rating=rating,
    ), asked


async def _talks(tools: Tools, who: Who, given: Mapping[str, str]) -> frozenset[str] | None:
    talk, person = given.get("conversation", ""), given.get("visitor", "")
    if talk:
        return frozenset({talk} if _TALK.match(talk) else ())
    if not person:
        return None
    found = await tools.db.read(visitor.find, who, person)
    return frozenset(await tools.db.browse(outline.of_visitors, [found.id]))


def _one_of(name: str, word: str | None, words: tuple[str, ...]) -> None:
    if word is not None and word not in words:
        message = f"is one of {', '.join(words)}"
        raise Invalid(f"{name} {message}", errors=[FieldError(name, message)])


async def every(tools: Tools, who: Who, looked_for: Wanted, most: int = MOST) -> Found:
    """Find all messages that are looked for, at most `most`, however long it takes."""
    hits: list[Hit] = []
    before = None
    while True:
        at_once = min(_AT_ONCE, most - len(hits))
        some = await tools.db.browse(analysis.look, who, looked_for, before=before, limit=at_once)
        hits += some.hits
        before = some.below
        if before is None or len(hits) >= most:
            return Found(hits, before)


def file_name(found: Found) -> str:
    """Name a file with what was found; where it has the latest only, its name says so."""
    return "messages.csv" if found.below is None else f"messages-latest-{len(found.hits)}.csv"


def rated(rating: int | None) -> str:
    """Return what a visitor made of an answer, as one writes it: `up`, `down` or nothing."""
    return next((word for word, each in RATINGS.items() if each == rating), "")


def as_csv(found: list[Hit], base: str) -> bytes:
    """Write messages as CSV, one a line; `base`: the address of this instance."""
    return spreadsheets.written([_HEADS, *(_row(each, base) for each in found)])


def _row(hit: Hit, base: str) -> list[Any]:
    shown = hit.shown
    return [
        rfc3339(shown.created_at),
        shown.author_kind,
        shown.author_name,
        shown.text,
        hit.agent_name,
        hit.link_name or hit.link_id,
        f"{base}/studio/conversations/{hit.conversation_id}",
        hit.conversation_id,
        shown.seq,
        shown.state.value,
        shown.problem or "",
        hit.lack or "",
        rated(shown.rating),
        shown.id,
    ]
