"""Searching a library: from a question to the passages that speak of it, in one unit of work."""

import zlib
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from parlour.agents.library import ranking, store
from parlour.agents.library.building import Map
from parlour.agents.library.meaning import Meaning
from parlour.agents.library.opening import passage_id
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
    """How likely it is to answer; see `Meaning.certainty`."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, best first."""

    documents: int
    """How many were searched; 0 when nothing has been indexed."""
    meaning: Meaning
    """What the question was taken to mean."""
    hits: tuple[Hit, ...] = ()


async def search(tools: Tools, agent_id: str, question: str, before: str = "") -> Found:
    """Search an agent's documents; `before` is an earlier question that this one leans on."""
    return await tools.db.browse(find, agent_id, question, before)


def find(conn: sa.Connection, agent_id: str, question: str, before: str = "") -> Found:
    """Search within a unit of work, so that all it reads is of one moment."""
    meaning = Meaning(question, before)
    if (current := store.index_of(conn, agent_id)) is None:
        return Found(0, meaning)
    generation, blob = current
    index = ranking.Index(msgspec.msgpack.decode(blob, type=Map))
    index.add(store.terms(conn, agent_id, generation, meaning.first_terms()))
    if any(each.term and not index.knows(each.term) for each in meaning.concepts):
        words = zlib.decompress(store.vocabulary(conn, agent_id, generation)).decode().split("\n")
        if further := meaning.corrected_terms(index.knows, words):
            index.add(store.terms(conn, agent_id, generation, further))
    meaning.weigh(index.knows, index.idf)
    ranked = ranking.candidates(meaning, index)
    return Found(index.document_count, meaning, _hits(conn, index.shape, meaning, ranked))


def _hits(
    conn: sa.Connection, shape: Map, meaning: Meaning, ranked: list[ranking.Ranked]
) -> tuple[Hit, ...]:
    keys = {p: (shape.documents[d], p - shape.first[d]) for _, d, p in ranked}
    texts = store.texts(conn, list(keys.values()))
    titles = store.titles(conn, {document for document, _ in keys.values()})
    spoken: dict[int, str] = {}
    for passage, key in keys.items():
        _, headings, text = texts[key]
        spoken[passage] = " . ".join([titles[key[0]][1], *headings]) + "\n. . .\n" + text
    closeness = {passage: meaning.nearness(text) for passage, text in spoken.items()}
    hits = []
    for score, _, passage in ranking.ordered(ranked, closeness)[:_FEW]:
        document, number = keys[passage]
        path, title = titles[document]
        _, headings, text = texts[document, number]
        sure = meaning.certainty(spoken[passage])
        place = passage_id(document, number, path)
        hits.append(Hit(place, path, title, tuple(headings), text, score, sure))
    return tuple(hits)
