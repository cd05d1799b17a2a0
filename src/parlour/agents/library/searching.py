"""Searching a library: from a question to the passages that speak of it, in one unit of work."""

import zlib
from dataclasses import dataclass
from itertools import pairwise

import msgspec
import sqlalchemy as sa

from parlour.agents.library import indexes, ranking, senses, store, vectors
from parlour.agents.library.building import Map
from parlour.agents.library.markup import blocks_of, is_code
from parlour.agents.library.meaning import Meaning
from parlour.agents.library.opening import passage_id
from parlour.tools import Tools

_FEW = 8
"""Documents that a search returns at most."""
_NEARLY = 0.5
_ALIKE = 200
"""Passages that an embeddings server may bring in."""


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


@dataclass(frozen=True, slots=True)
class _Text:
    """A passage as it was read from the database."""

    id: str
    path: str
    title: str
    headings: tuple[str, ...]
    text: str

    @property
    def spoken(self) -> str:
        """What it says, its title and headings first."""
        return " . ".join([self.title, *self.headings]) + "\n. . .\n" + self.text

    @property
    def shows_code(self) -> bool:
        """Whether there is code in it."""
        return any(map(is_code, blocks_of(self.text)))


_kept = vectors.Kept()


async def search(
    tools: Tools,
    agent_id: str,
    question: str,
    before: str = "",
    server: vectors.Server | None = None,
) -> Found:
    """Search an agent's documents.

    `before` is an earlier question that this one leans on. An embeddings `server` is asked what
    the question is like; when it does not answer soon, words alone decide.
    """
    alike = None
    if server is not None and (question or before):
        made = await vectors.of_question(tools, server, f"{before}\n{question}".strip())
        alike = (server.model, made) if made is not None else None
    return await tools.db.browse(find, agent_id, question, before, alike)


def find(
    conn: sa.Connection,
    agent_id: str,
    question: str,
    before: str = "",
    alike: tuple[str, bytes] | None = None,
) -> Found:
    """Search within a unit of work, so that all it reads is of one moment.

    `alike` is a model and what it made of the question.
    """
    meaning = Meaning(question, before)
    if (current := indexes.index_of(conn, agent_id)) is None:
        return Found(0, meaning)
    generation, blob = current
    index = ranking.Index(msgspec.msgpack.decode(blob, type=Map))
    index.add(indexes.terms(conn, agent_id, generation, meaning.first_terms()))
    if any(each.term and not index.knows(each.term) for each in meaning.concepts):
        words = zlib.decompress(indexes.vocabulary(conn, agent_id, generation)).decode().split("\n")
        if further := meaning.corrected_terms(index.knows, words):
            index.add(indexes.terms(conn, agent_id, generation, further))
    meaning.weigh(index.knows, index.idf)
    ranked = ranking.candidates(meaning, index)
    shape = index.shape
    read = _read(conn, shape, ranked)
    closeness = {number: meaning.closeness(each.spoken) for number, each in read.items()}
    final = ranking.ordered(ranked, closeness)
    final = ranking.by_sense(final, _sense(conn, (agent_id, generation), meaning, index, ranked))
    if alike is not None:
        near = _alike(conn, (agent_id, generation, alike[0]), shape, alike[1])
        final = ranking.fused(final, near, shape.first)
    if meaning.wants_steps:
        final = [_with_code(each, ranked, closeness, read) for each in final[:_FEW]]
    read |= _read(conn, shape, [each for each in final[:_FEW] if each[2] not in read])
    hits = tuple(_hit(score, read[number], meaning) for score, _, number in final[:_FEW])
    return Found(index.document_count, meaning, hits)


def _read(conn: sa.Connection, shape: Map, wanted: list[ranking.Ranked]) -> dict[int, _Text]:
    keys = {p: (shape.documents[d], p - shape.first[d]) for _, d, p in wanted}
    texts = store.texts(conn, list(keys.values())) if keys else {}
    titles = store.titles(conn, {document for document, _ in keys.values()}) if keys else {}
    read = {}
    for passage, (document, number) in keys.items():
        path, title = titles[document]
        _, headings, text = texts[document, number]
        place = passage_id(document, number, path)
        read[passage] = _Text(place, path, title, tuple(headings), text)
    return read


def _with_code(
    found: ranking.Ranked,
    ranked: list[ranking.Ranked],
    closeness: dict[int, float],
    read: dict[int, _Text],
) -> ranking.Ranked:
    """Prefer a passage of the same document that shows how, when it answers nearly as well."""
    score, document, passage = found
    worth = {p: s * (1 + closeness[p]) for s, d, p in ranked if d == document}
    if passage not in worth or read[passage].shows_code:
        return found
    shows = [p for p in worth if read[p].shows_code and worth[p] >= _NEARLY * worth[passage]]
    # The first one: documents begin with the plain case.
    return (score, document, min(shows)) if shows else found


def _sense(
    conn: sa.Connection,
    key: tuple[str, int],
    meaning: Meaning,
    index: ranking.Index,
    ranked: list[ranking.Ranked],
) -> dict[int, float]:
    """Return how much each document is about what was asked: its best candidate of them."""
    leaning = meaning.leaning(index.idf)
    names = {senses.word_key(term) for term in leaning}
    names |= {senses.document_key(document) for _, document, _ in ranked}
    kept = {name: blob for name, blob, _ in indexes.terms(conn, *key, names)}
    about = senses.sum_of(
        (weight, kept[name])
        for term, weight in leaning.items()
        if (name := senses.word_key(term)) in kept
    )
    best: dict[int, float] = {}
    for _, document, passage in ranked:
        if (directions := kept.get(senses.document_key(document))) is not None:
            like = senses.likeness(about, directions, passage - index.shape.first[document])
            best[document] = max(like, best.get(document, like))
    return best


def _alike(
    conn: sa.Connection, key: tuple[str, int, str], shape: Map, question: bytes
) -> list[tuple[float, int]]:
    matrix = _kept.find(key)
    if matrix is None:
        blobs = store.vectors_of(conn, key[0], key[2])
        counts = [after - first for first, after in pairwise(shape.first)]
        given = [(n, blobs.get(d)) for n, d in zip(counts, shape.documents, strict=True)]
        matrix = vectors.stacked(given)
        if matrix is None:
            return []
        if len(blobs) >= len(shape.documents):
            _kept.keep(key, matrix)
    return vectors.nearest(matrix, question, _ALIKE)


def _hit(score: float, read: _Text, meaning: Meaning) -> Hit:
    sure = meaning.certainty(read.spoken)
    return Hit(read.id, read.path, read.title, read.headings, read.text, score, sure)
