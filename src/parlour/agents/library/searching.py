"""Searching a library: from a question to the passages that speak of it, in one unit of work."""

import zlib
from dataclasses import dataclass, field

import msgspec
import sqlalchemy as sa

from parlour.agents.library import ranking, store
from parlour.agents.library.building import Map
from parlour.tools import Tools

_FEW = 8
"""Documents that a search returns at most."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that speaks of what was asked: the best one of its document."""

    passage: str
    """Its id, for opening it again."""
    path: str
    """The document, below the folder."""
    title: str
    headings: tuple[str, ...]
    text: str
    """Markdown."""
    score: float
    certainty: float
    """How likely it is to answer; see `ranking.certainty`."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, best first."""

    documents: int
    """How many were searched; 0 when nothing has been indexed."""
    hits: tuple[Hit, ...] = ()
    concepts: list[ranking.Concept] = field(default_factory=list)


async def search(tools: Tools, agent_id: str, question: str, before: str = "") -> Found:
    """Search an agent's documents; `before` is an earlier question that this one leans on."""
    return await tools.db.browse(find, agent_id, question, before)


def find(conn: sa.Connection, agent_id: str, question: str, before: str = "") -> Found:
    """Search within a unit of work, so that all it reads is of one moment."""
    if (current := store.index_of(conn, agent_id)) is None:
        return Found(0)
    generation, blob = current
    index = ranking.Index(msgspec.msgpack.decode(blob, type=Map))
    concepts = ranking.understand(question, before)
    _look_up(conn, agent_id, generation, index, concepts)
    ranked = ranking.candidates(concepts, index)
    hits = _hits(conn, index, concepts, ranked)
    return Found(index.document_count, hits, concepts)


def _look_up(
    conn: sa.Connection,
    agent_id: str,
    generation: int,
    index: ranking.Index,
    concepts: list[ranking.Concept],
) -> None:
    index.add(store.terms(conn, agent_id, generation, ranking.first_terms(concepts)))
    if any(concept.term and concept.term not in index for concept in concepts):
        words = zlib.decompress(store.vocabulary(conn, agent_id, generation)).decode().split("\n")
        if further := ranking.settle(concepts, index, words):
            index.add(store.terms(conn, agent_id, generation, further))
    ranking.weigh(concepts, index)


def _hits(
    conn: sa.Connection,
    index: ranking.Index,
    concepts: list[ranking.Concept],
    ranked: list[tuple[float, int, int]],
) -> tuple[Hit, ...]:
    shape = index.shape
    keys = {p: (shape.documents[d], p - shape.first[d]) for _, d, p in ranked}
    texts = store.texts(conn, list(keys.values()))
    titles = store.titles(conn, {document for document, _ in keys.values()})
    closeness = {}
    spoken: dict[int, str] = {}
    for passage, key in keys.items():
        if key in texts:
            _, headings, text = texts[key]
            spoken[passage] = " . ".join([titles[key[0]][1], *headings]) + "\n. . .\n" + text
            closeness[passage] = ranking.nearness(concepts, spoken[passage])
    final = ranking.ordered([each for each in ranked if each[2] in spoken], closeness)
    hits = []
    for score, _, passage in final[:_FEW]:
        document, number = keys[passage]
        path, title = titles[document]
        _, headings, text = texts[document, number]
        sure = ranking.certainty(concepts, spoken[passage])
        hits.append(Hit(f"{document}.{number}", path, title, tuple(headings), text, score, sure))
    return tuple(hits)
