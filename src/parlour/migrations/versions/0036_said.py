"""Messages are found by their words, and what somebody looks at again and again is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0036_said"
down_revision = "0035_metrics"

_WORDS = """
CREATE VIRTUAL TABLE said_words USING fts5(
    terms, content='said', content_rowid='id', detail='none',
    tokenize="ascii tokenchars '~:_^-'"
)
"""
_ADDED = """
CREATE TRIGGER said_added AFTER INSERT ON said BEGIN
    INSERT INTO said_words(rowid, terms) VALUES (new.id, new.terms);
END
"""
_GONE = """
CREATE TRIGGER said_gone AFTER DELETE ON said BEGIN
    INSERT INTO said_words(said_words, rowid, terms) VALUES ('delete', old.id, old.terms);
END
"""
_CHANGED = """
CREATE TRIGGER said_changed AFTER UPDATE OF terms ON said BEGIN
    INSERT INTO said_words(said_words, rowid, terms) VALUES ('delete', old.id, old.terms);
    INSERT INTO said_words(rowid, terms) VALUES (new.id, new.terms);
END
"""
_SQLITE = (_WORDS, _ADDED, _GONE, _CHANGED)
_INDEX = """
CREATE INDEX said_words ON said USING gin (array_to_tsvector(string_to_array(terms, ' ')))
"""
_POSTGRES = (_INDEX,)


def upgrade() -> None:
    """Add two tables, and have the engine index words as it does best."""
    op.create_table(
        "said",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("agent_id", sa.String(length=40), nullable=False),
        sa.Column("link_id", sa.String(length=40), nullable=False),
        sa.Column("conversation_id", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("author_kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("lack", sa.String(length=20), nullable=True),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id", "seq"],
            ["messages.conversation_id", "messages.seq"],
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("said_workspace", "said", ["workspace_id", "id"])
    op.create_index("said_place", "said", ["conversation_id", "seq"], unique=True)
    lacking = sa.text("lack IS NOT NULL")
    op.create_index(
        "said_lacking",
        "said",
        ["workspace_id", "id"],
        sqlite_where=lacking,
        postgresql_where=lacking,
    )
    op.create_table(
        "saved_views",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=1000), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("saved_views_owner", "saved_views", ["workspace_id", "owner_id"])
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE if on_sqlite else _POSTGRES:
        op.get_bind().exec_driver_sql(statement)
