"""The rows of a library's index: a new one grows beside the one searched, then takes over."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from parlour.agents.library.store import advance, still
from parlour.agents.library.tables import documents, maps, passages, postings, states, vectors


def pending(conn: sa.Connection, agent_id: str, generation: int) -> bool:
    """Whether documents came or went since the index of this generation was made."""
    newer = sa.or_(documents.c.born > generation, documents.c.died > generation)
    found = sa.select(documents.c.id).where(documents.c.agent_id == agent_id, newer).limit(1)
    return conn.execute(found).first() is not None


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
