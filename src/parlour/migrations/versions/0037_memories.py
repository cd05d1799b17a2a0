"""What agents remember of visitors who proved who they are."""

import sqlalchemy as sa
from alembic import op

revision = "0037_memories"
down_revision = "0036_said"


def upgrade() -> None:
    """Create the table of memories, and find all that one person is by all links."""
    op.create_table(
        "memories",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("workspace_id", sa.String(40), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("agent_id", sa.String(40), sa.ForeignKey("agents.id"), nullable=False),
        sa.Column("proof", sa.String(10), nullable=False),
        sa.Column("subject", sa.String(254), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("replies", sa.Integer(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("upto_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger()),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("wiped", sa.Integer(), nullable=False),
    )
    op.create_index("memories_whose", "memories", ["agent_id", "proof", "subject"], unique=True)
    op.create_index("visitor_identities_person", "visitor_identities", ["proof", "subject"])
