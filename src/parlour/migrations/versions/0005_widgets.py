"""Widgets, one permanent link for each, and what the table of all links needs to be quick."""

import sqlalchemy as sa
from alembic import op

revision = "0005_widgets"
down_revision = "0004_second_step"


def upgrade() -> None:
    """Create the table of widgets and the columns of links that go with it."""
    op.create_table(
        "widgets",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("agent_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=True),
        sa.Column("welcome_message", sa.Text(), nullable=True),
        sa.Column("accent", sa.String(length=6), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.String(length=200), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("widgets_agent", "widgets", ["agent_id", "created_at"])
    # In SQL, because SQLite takes a new column with its reference only as one statement.
    op.execute("ALTER TABLE links ADD COLUMN widget_id VARCHAR(40) REFERENCES widgets (id)")
    op.add_column("links", sa.Column("updated_by", sa.String(length=200), nullable=True))
    op.add_column("links", sa.Column("last_used_at", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE links SET last_used_at = (SELECT max(last_message_at) FROM conversations"
        " WHERE conversations.link_id = links.id)"
    )
    op.create_index("links_workspace", "links", ["workspace_id", "created_at", "id"])
    standing = sa.text("kind = 1 AND revoked_at IS NULL")
    op.create_index(
        "links_standing",
        "links",
        ["widget_id"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
