"""The tables of libraries: what was read of each document, and the index that searches it."""

import sqlalchemy as sa

from parlour.kit.db import Json, metadata

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
