"""The rows of a library: what was read of each document, and the index that searches it."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from parlour.kit.db import Json, metadata
from parlour.kit.errors import Conflict

states = sa.Table(
    "library_states",
    metadata,
    sa.Column("agent_id", sa.String(40), primary_key=True),
    sa.Column("folder", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("run", sa.String(40), nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("format", sa.Integer, nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("current", sa.Text, nullable=False),
    sa.Column("documents", sa.Integer, nullable=False),
    sa.Column("passages", sa.Integer, nullable=False),
    sa.Column("skipped", Json, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
)
"""`generation` is the one that is searched, 0 before the first; `format` is the extracts'."""

documents = sa.Table(
    "library_documents",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("agent_id", sa.String(40), nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("mtime_ns", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("born", sa.Integer, nullable=False),
    sa.Column("died", sa.Integer),
    sa.Column("passages", sa.Integer, nullable=False),
    sa.Column("extract", sa.LargeBinary, nullable=False),
    sa.Index("library_documents_path", "agent_id", "path"),
)
"""A changed file is a new document; the old one stays until no search can be reading it."""

passages = sa.Table(
    "library_passages",
    metadata,
    sa.Column("document_id", sa.String(40), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("section", sa.Integer, nullable=False),
    sa.Column("headings", Json, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)

postings = sa.Table(
    "library_terms",
    metadata,
    sa.Column("agent_id", sa.String(40), primary_key=True),
    sa.Column("generation", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("term", sa.String(80), primary_key=True),
    sa.Column("passages", sa.LargeBinary, nullable=False),
    sa.Column("documents", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

vectors = sa.Table(
    "library_vectors",
    metadata,
    sa.Column("document_id", sa.String(40), primary_key=True),
    sa.Column("model", sa.String(200), nullable=False),
    sa.Column("vectors", sa.LargeBinary, nullable=False),
)
"""What an embeddings server made of a document's passages, in half precision, one after another."""

maps = sa.Table(
    "library_maps",
    metadata,
    sa.Column("agent_id", sa.String(40), primary_key=True),
    sa.Column("generation", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("map", sa.LargeBinary, nullable=False),
    sa.Column("vocabulary", sa.LargeBinary, nullable=False),
)


def state_of(conn: sa.Connection, agent_id: str) -> sa.Row[Any] | None:
    """Find the row of an agent's library."""
    return conn.execute(sa.select(states).where(states.c.agent_id == agent_id)).first()


def states_of(conn: sa.Connection, agent_ids: Collection[str]) -> dict[str, sa.Row[Any]]:
    """Find the rows of these agents' libraries, by agent."""
    columns = [
        states.c[name] for name in ("agent_id", "state", "done", "total", "skipped", "error")
    ]
    found = conn.execute(sa.select(*columns).where(states.c.agent_id.in_(agent_ids)))
    return {row.agent_id: row for row in found}


def claim(conn: sa.Connection, agent_id: str, run: str, values: dict[str, Any]) -> sa.Row[Any]:
    """Begin an indexing run; whichever was running before loses its right to write."""
    given = {**values, "run": run, "state": "indexing", "done": 0, "error": "", "current": ""}
    changed = conn.execute(
        sa.update(states).where(states.c.agent_id == agent_id).values(given)
    ).rowcount
    if not changed:
        first = {"generation": 0, "format": 0, "documents": 0, "passages": 0, "skipped": []}
        conn.execute(sa.insert(states), {"agent_id": agent_id, **first, **given})
    row = state_of(conn, agent_id)
    assert row is not None  # noqa: S101 - written two lines above, in this transaction
    return row


def advance(conn: sa.Connection, agent_id: str, run: str, values: dict[str, Any]) -> None:
    """Write down how far a run has come; Conflict when another one has begun since."""
    changed = conn.execute(
        sa.update(states).where(states.c.agent_id == agent_id, states.c.run == run).values(values)
    ).rowcount
    if not changed:
        raise Conflict("these documents are being read anew by another run", "library_busy")


def still(conn: sa.Connection, agent_id: str, run: str) -> None:
    """Make sure that this run may still write; Conflict when another one has begun since."""
    advance(conn, agent_id, run, {"state": "indexing"})


def living(conn: sa.Connection, agent_id: str) -> Sequence[sa.Row[Any]]:
    """Return the documents as they were last read, by path."""
    columns = [
        documents.c[name] for name in ("id", "path", "size", "mtime_ns", "digest", "passages")
    ]
    return conn.execute(
        sa.select(*columns)
        .where(documents.c.agent_id == agent_id, documents.c.died.is_(None))
        .order_by(documents.c.path)
    ).all()


def touch(conn: sa.Connection, document_id: str, size: int, mtime_ns: int) -> None:
    """Note that a file has another date and the same content."""
    conn.execute(
        sa.update(documents)
        .where(documents.c.id == document_id)
        .values(size=size, mtime_ns=mtime_ns)
    )


def add(conn: sa.Connection, document: dict[str, Any], its_passages: list[dict[str, Any]]) -> None:
    """Store a document that was read, and end the one that stood at its path."""
    end(conn, document["agent_id"], [document["path"]], document["born"])
    conn.execute(sa.insert(documents), document)
    if its_passages:
        conn.execute(sa.insert(passages), its_passages)


def copy(
    conn: sa.Connection, sibling: str, place: tuple[str, str, str], document: str, born: int
) -> bool:
    """Take a document that was read for `sibling` over under the id `document`.

    `place` is (agent id, path, digest). False when the sibling has none of that path and content.
    """
    agent_id, path, digest = place
    columns = documents.c
    found = conn.execute(
        sa.select(documents).where(
            columns.agent_id == sibling,
            columns.path == path,
            columns.digest == digest,
            columns.died.is_(None),
        )
    ).first()
    if found is None:
        return False
    row = {**found._mapping, "id": document, "agent_id": agent_id, "born": born}  # noqa: SLF001 - public
    add(conn, row, [])
    for table in (passages, vectors):
        others = [column for column in table.c if column.name != "document_id"]
        copied = sa.select(sa.literal(document), *others).where(table.c.document_id == found.id)
        names = ["document_id", *(column.name for column in others)]
        conn.execute(sa.insert(table).from_select(names, copied))
    return True


def end(conn: sa.Connection, agent_id: str, paths: Iterable[str], generation: int) -> None:
    """End the documents at these paths: from `generation` on they are not found any more."""
    conn.execute(
        sa.update(documents)
        .where(
            documents.c.agent_id == agent_id,
            documents.c.path.in_(list(paths)),
            documents.c.died.is_(None),
        )
        .values(died=generation)
    )


def pending(conn: sa.Connection, agent_id: str, generation: int) -> bool:
    """Whether documents came or went since the index of this generation was made."""
    newer = sa.or_(documents.c.born > generation, documents.c.died > generation)
    found = sa.select(documents.c.id).where(documents.c.agent_id == agent_id, newer).limit(1)
    return conn.execute(found).first() is not None


def extracts(conn: sa.Connection, ids: list[str]) -> dict[str, bytes]:
    """Return what documents contribute to the index."""
    rows = conn.execute(
        sa.select(documents.c.id, documents.c.extract).where(documents.c.id.in_(ids))
    )
    return {row.id: row.extract for row in rows}


def add_terms(
    conn: sa.Connection, agent_id: str, run: str, generation: int, rows: list[Any]
) -> None:
    """Store a part of a new index; nobody searches it yet."""
    still(conn, agent_id, run)
    names = ("term", "passages", "documents")
    conn.execute(
        sa.insert(postings),
        [
            {"agent_id": agent_id, "generation": generation, **dict(zip(names, row, strict=True))}
            for row in rows
        ],
    )


def switch(
    conn: sa.Connection, agent_id: str, run: str, index: tuple[bytes, bytes], state: dict[str, Any]
) -> None:
    """Have searches use the new index from now on."""
    generation = state["generation"]
    conn.execute(
        sa.insert(maps),
        {"agent_id": agent_id, "generation": generation, "map": index[0], "vocabulary": index[1]},
    )
    advance(conn, agent_id, run, state)


def clear(conn: sa.Connection, agent_id: str, keep: int | None, most: int = 4_000) -> bool:
    """Delete some of what belongs to other generations than `keep`; whether there may be more."""
    other = sa.true() if keep is None else postings.c.generation != keep
    terms = conn.execute(
        sa.select(postings.c.generation, postings.c.term)
        .where(postings.c.agent_id == agent_id, other)
        .order_by(postings.c.generation, postings.c.term)
        .limit(most)
    ).all()
    if terms:
        last = terms[-1]
        conn.execute(
            sa.delete(postings).where(
                postings.c.agent_id == agent_id,
                postings.c.generation == last.generation,
                postings.c.term <= last.term,
            )
        )
        return True
    dead = sa.true() if keep is None else documents.c.died <= keep
    ids = list(
        conn.scalars(
            sa.select(documents.c.id).where(documents.c.agent_id == agent_id, dead).limit(100)
        )
    )
    conn.execute(sa.delete(passages).where(passages.c.document_id.in_(ids)))
    conn.execute(sa.delete(vectors).where(vectors.c.document_id.in_(ids)))
    conn.execute(sa.delete(documents).where(documents.c.id.in_(ids)))
    old = sa.true() if keep is None else maps.c.generation != keep
    conn.execute(sa.delete(maps).where(maps.c.agent_id == agent_id, old))
    return bool(ids)


def forget_state(conn: sa.Connection, agent_id: str) -> None:
    """Delete the row of an agent's library; a run that is going on ends at its next step."""
    conn.execute(sa.delete(states).where(states.c.agent_id == agent_id))


# Searching


def index_of(conn: sa.Connection, agent_id: str) -> tuple[int, bytes] | None:
    """Return the generation to search and its map; None before the first."""
    row = conn.execute(
        sa.select(maps.c.generation, maps.c.map)
        .join(
            states,
            sa.and_(states.c.agent_id == maps.c.agent_id, states.c.generation == maps.c.generation),
        )
        .where(states.c.agent_id == agent_id)
    ).first()
    return None if row is None else (row.generation, row.map)


def vocabulary(conn: sa.Connection, agent_id: str, generation: int) -> bytes:
    """Return all words of an index, for finding what a misspelled one may have meant."""
    blob: bytes = conn.execute(
        sa.select(maps.c.vocabulary).where(
            maps.c.agent_id == agent_id, maps.c.generation == generation
        )
    ).scalar_one()
    return blob


def terms(
    conn: sa.Connection, agent_id: str, generation: int, wanted: Iterable[str]
) -> list[tuple[str, bytes, bytes]]:
    """Return the postings of these terms, as far as there are any."""
    rows = conn.execute(
        sa.select(postings.c.term, postings.c.passages, postings.c.documents)
        .where(
            postings.c.agent_id == agent_id,
            postings.c.generation == generation,
            postings.c.term.in_(list(wanted)),
        )
        .order_by(postings.c.term)
    )
    return [(row.term, row.passages, row.documents) for row in rows]


def without_vectors(conn: sa.Connection, agent_id: str, model: str) -> list[str]:
    """Return the documents that have no vectors of this model yet."""
    have = sa.select(vectors.c.document_id).where(vectors.c.model == model)
    return list(
        conn.scalars(
            sa.select(documents.c.id)
            .where(
                documents.c.agent_id == agent_id,
                documents.c.died.is_(None),
                documents.c.id.not_in(have),
            )
            .order_by(documents.c.path)
        )
    )


def keep_vectors(conn: sa.Connection, document_id: str, model: str, made: bytes) -> None:
    """Store what was made of a document's passages, in place of another model's."""
    conn.execute(sa.delete(vectors).where(vectors.c.document_id == document_id))
    conn.execute(sa.insert(vectors), {"document_id": document_id, "model": model, "vectors": made})


def vectors_of(conn: sa.Connection, agent_id: str, model: str) -> dict[str, bytes]:
    """Return the vectors of an agent's documents."""
    rows = conn.execute(
        sa.select(vectors)
        .join(documents, documents.c.id == vectors.c.document_id)
        .where(documents.c.agent_id == agent_id, vectors.c.model == model)
    )
    return {row.document_id: row.vectors for row in rows}


def texts(
    conn: sa.Connection, wanted: list[tuple[str, int]]
) -> dict[tuple[str, int], tuple[int, list[str], str]]:
    """Return (section, headings, text) of passages by (document, number)."""
    rows = conn.execute(
        sa.select(passages).where(sa.tuple_(passages.c.document_id, passages.c.number).in_(wanted))
    )
    return {(row.document_id, row.number): (row.section, row.headings, row.text) for row in rows}


def titles(conn: sa.Connection, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return (path, title) of documents."""
    rows = conn.execute(
        sa.select(documents.c.id, documents.c.path, documents.c.title).where(
            documents.c.id.in_(list(ids))
        )
    )
    return {row.id: (row.path, row.title) for row in rows}


def document_at(conn: sa.Connection, agent_id: str, path: str) -> Any | None:
    """Find the document that stands at a path now."""
    return conn.execute(
        sa.select(documents.c.id, documents.c.path, documents.c.title).where(
            documents.c.agent_id == agent_id,
            documents.c.path == path,
            documents.c.died.is_(None),
        )
    ).first()


def passages_of(conn: sa.Connection, document_id: str) -> Sequence[sa.Row[Any]]:
    """Return all passages of a document in order."""
    return conn.execute(
        sa.select(passages).where(passages.c.document_id == document_id).order_by(passages.c.number)
    ).all()
