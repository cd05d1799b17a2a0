"""Message analysis: messages found by words and by what they are, as somebody may see them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa

from parlour.agents import store as agents
from parlour.agents.library.words import STOP, stem
from parlour.insights import wording
from parlour.insights.candidates import RATINGS, Wanted, batches, scope
from parlour.insights.indexing import SHIFT, first_id
from parlour.insights.spans import Span
from parlour.insights.tables import said
from parlour.kit.clock import Moment
from parlour.links import store as links
from parlour.rights import Who
from parlour.transcripts import Shown, label, some_shown_to

AUTHORS: Final = ("visitor", "agent", "operator", "guest")
LACKS: Final = ("failed", "nothing", "person")
"""What a question was left without: its answer failed, no source was found, a person had to."""
_LOOKED_AT: Final = 2_000
"""Messages that an index names and that are looked at, for one page."""
_PATIENCE: Final = 1.0
"""Seconds after which a search says how far it has come."""
GROUPED: Final = 300
"""Questions that are grouped at once."""
_ALIKE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Hit:
    """A message as somebody may see it, with where it stands."""

    id: int
    conversation_id: str
    agent_name: str
    link_id: str
    link_name: str | None
    lack: str | None
    shown: Shown


@dataclass(frozen=True, slots=True)
class Found:
    """Some of the messages that are looked for, the latest first."""

    hits: list[Hit]
    below: int | None
    """Where to look on: only messages with smaller ids are left; None where nothing is."""


@dataclass(frozen=True, slots=True)
class Question:
    """Questions that are alike, and were left without an answer."""

    text: str
    """The latest of them."""
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """Questions without an answer, grouped."""

    groups: list[Question]
    below: int | None
    """Where to look on: questions with smaller ids are in no group; None where nothing is left."""


def look(
    conn: sa.Connection, who: Who, wanted: Wanted, *, before: int | None = None, limit: int
) -> Found:
    """Find messages, the latest first: at most `limit`, said before the one of an id.

    Words are looked for in what whoever looks may read: what is hidden from them is not found,
    or it could be guessed bit by bit. There may be fewer than `limit` though some are left: it
    ends, too, when it has looked at many in vain, or for long, and then says from where to go on.
    """
    fits: list[tuple[Any, Shown]] = []
    looked, below = 0, None
    ends = time.monotonic() + _PATIENCE
    for batch in batches(conn, who, wanted, before):
        looked += len(batch.rows)
        fits += _fitting(conn, who, wanted, batch.rows)
        if len(fits) >= limit:
            below = fits[limit - 1][0].id
            break
        if batch.below is not None and (looked >= _LOOKED_AT or time.monotonic() > ends):
            below = batch.below
            break
    return Found(_named(conn, who, fits[:limit]), below)


def questions(conn: sa.Connection, who: Who, wanted: Wanted, *, before: int | None = None) -> Alike:
    """Find the latest questions without an answer, and group those that are alike."""
    looked = look(conn, who, wanted, before=before, limit=GROUPED)
    return Alike(alike(looked.hits), looked.below)


def alike(found: Sequence[Hit]) -> list[Question]:
    """Group questions, the most frequent first."""
    groups: list[tuple[set[str], list[Hit]]] = []
    for hit in found:
        about = _about(hit.shown.text)
        for told, hits in groups:
            if len(about & told) >= _ALIKE * len(about | told):
                hits.append(hit)
                break
        else:
            groups.append((about, [hit]))
    ranked = sorted(groups, key=lambda each: -len(each[1]))
    return [Question(hits[0].shown.text, tuple(hits)) for _, hits in ranked]


def _about(text: str) -> set[str]:
    """Return what a question is about; of one that says nothing by itself all of it, as it is."""
    stems = {stem(each) for each in wording.words(text)}
    return stems - STOP or stems or {" ".join(text.split())}


def count_lacking(conn: sa.Connection, who: Who, span: Span) -> int:
    """Count the questions of some days that were left without an answer."""
    within = (said.c.id >= first_id(span.since), said.c.id < first_id(span.until))
    found = sa.select(sa.func.count()).select_from(said)
    found = found.where(*scope(who), *within, said.c.lack.is_not(None))
    return int(conn.execute(found).scalar_one())


def without_answer(wanted: Wanted) -> Wanted:
    """Return of these messages the questions that had no answer."""
    return replace(wanted, lack=wanted.lack or "any", author="visitor")


def next_bad(conn: sa.Connection, who: Who, before: int | None) -> tuple[int, str] | None:
    """Find the next conversation with a question without an answer, or with a poor answer.

    Returns the id of that message, and whose it is.

    `before`: the id that was told last; its conversation is passed over.
    """
    skipped = None
    if before is not None:
        skipped = conn.scalar(sa.select(said.c.conversation_id).where(said.c.id == before))
    columns = said.c
    wanted = sa.select(columns.id, columns.conversation_id).where(*scope(who))
    if before is not None:
        wanted = wanted.where(columns.id < before)
    if skipped is not None:
        wanted = wanted.where(columns.conversation_id != skipped)
    # Each by its own index, which has nothing else: both at once no index has.
    latest = wanted.order_by(columns.id.desc()).limit(1)
    rows = [
        conn.execute(latest.where(is_bad)).first()
        for is_bad in (columns.lack.is_not(None), columns.rating == RATINGS["down"])
    ]
    return max(((row.id, row.conversation_id) for row in rows if row is not None), default=None)


def said_at(id_: int) -> Moment:
    """Return when a message was said, by its id."""
    return id_ >> SHIFT


def _fitting(
    conn: sa.Connection, who: Who, wanted: Wanted, rows: Sequence[Any]
) -> list[tuple[Any, Shown]]:
    """Return those rows whose message, as it may be seen, has what is looked for."""
    places = [(row.conversation_id, row.seq) for row in rows]
    shown = some_shown_to(conn, who, places) if places else {}
    return [
        (row, shown[place])
        for row, place in zip(rows, places, strict=True)
        if place in shown and wanted.query.fits(shown[place].text)
    ]


def _named(conn: sa.Connection, who: Who, found: Sequence[tuple[Any, Shown]]) -> list[Hit]:
    if not found:
        return []
    names = agents.names(conn, {row.agent_id for row, _ in found})
    doors = links.titles(conn, {row.link_id for row, _ in found})
    return [
        Hit(
            row.id,
            row.conversation_id,
            names[row.agent_id],
            row.link_id,
            label(who, doors[row.link_id][0]),
            row.lack,
            shown,
        )
        for row, shown in found
    ]
