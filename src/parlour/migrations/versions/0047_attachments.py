"""Files that visitors send along with messages."""

import sqlalchemy as sa
from alembic import op

revision = "0047_attachments"
down_revision = "0046_retention"


def upgrade() -> None:
    """Make the tables of files and of their pieces."""
    op.create_table(
        "attachments",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("link_id", sa.String(40), sa.ForeignKey("links.id"), nullable=False),
        sa.Column(
            "conversation_id",
            sa.String(40),
            sa.ForeignKey("conversations.id", ondelete="CASCADE"),
        ),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("media_type", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("wide", sa.Integer(), nullable=False),
        sa.Column("high", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("attachments_conversation", "attachments", ["conversation_id"])
    is_unsent = sa.text("conversation_id IS NULL")
    op.create_index(
        "attachments_unsent",
        "attachments",
        ["created_at"],
        sqlite_where=is_unsent,
        postgresql_where=is_unsent,
    )
    op.create_table(
        "attachment_parts",
        sa.Column(
            "attachment_id",
            sa.String(40),
            sa.ForeignKey("attachments.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
