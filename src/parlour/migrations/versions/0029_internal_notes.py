"""What the team writes to itself beside a conversation, and answers it has ready."""

import sqlalchemy as sa
from alembic import op

revision = "0029_internal_notes"
down_revision = "0028_desk"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "internal_notes",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column(
            "conversation_id",
            sa.String(40),
            sa.ForeignKey("conversations.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("by_kind", sa.String(20), nullable=False),
        sa.Column("by_id", sa.String(40), nullable=False),
        sa.Column("by_name", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("client_id", sa.String(100)),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
    )
    op.create_index(
        "internal_notes_conversation", "internal_notes", ["conversation_id", "written_at", "id"]
    )
    op.create_index(
        "internal_notes_client", "internal_notes", ["conversation_id", "client_id"], unique=True
    )
    op.create_table(
        "canned_replies",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("workspace_id", sa.String(40), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("shortcut", sa.String(40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.String(200), nullable=False),
    )
    op.create_index(
        "canned_replies_shortcut", "canned_replies", ["workspace_id", "shortcut"], unique=True
    )
