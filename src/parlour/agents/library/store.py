"""The rows of a library: how far reading is, and what was read of each document."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from parlour.agents.library.tables import documents, passages, states, vectors
from parlour.kit.db import pairs
from parlour.kit.errors import Conflict


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


def extracts(conn: sa.Connection, ids: list[str]) -> dict[str, bytes]:
    """Return what documents contribute to the index."""
    rows = conn.execute(
        sa.select(documents.c.id, documents.c.extract).where(documents.c.id.in_(ids))
    )
    return {row.id: row.extract for row in rows}


def forget_state(conn: sa.Connection, agent_id: str) -> None:
    """Delete the row of an agent's library; a run that is going on ends at its next step."""
    conn.execute(sa.delete(states).where(states.c.agent_id == agent_id))


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
    if not wanted:
        return {}
    here = pairs.having(passages, passages.c.document_id, passages.c.number, wanted)
    rows = conn.execute(sa.select(passages).select_from(here))
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
