"""Uploaded documents, the previews of drafts, and who edited, published and restored an agent."""

import sqlalchemy as sa
from alembic import op

revision = "0008_agents"
down_revision = "0007_conversations_seen"


def upgrade() -> None:
    """Add the columns and create the tables."""
    name = sa.String(length=200)
    op.add_column("agents", sa.Column("updated_by", name, nullable=False, server_default=""))
    op.add_column("agents", sa.Column("draft_of", sa.String(length=40), nullable=True))
    op.create_index("agents_draft_of", "agents", ["draft_of"], unique=True)
    op.add_column(
        "agent_versions", sa.Column("published_by", name, nullable=False, server_default="")
    )
    op.add_column("agent_versions", sa.Column("restored_from", sa.Integer(), nullable=True))
    op.create_table(
        "agent_files",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("agent_id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"]),
    )
    op.create_index("agent_files_agent", "agent_files", ["agent_id", "digest"])
    op.create_index("agent_files_broken", "agent_files", ["whole", "created_at"])
    op.create_table(
        "agent_file_parts",
        sa.Column("file_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("file_id", "number"),
        sa.ForeignKeyConstraint(["file_id"], ["agent_files.id"]),
    )
