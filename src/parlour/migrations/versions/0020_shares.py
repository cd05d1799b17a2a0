"""One conversation can be shared by its own address, to read it or to answer in it."""

import sqlalchemy as sa
from alembic import op

revision = "0020_shares"
down_revision = "0019_addresses"


def upgrade() -> None:
    """Create the tables of shares, and of those who opened them."""
    op.create_table(
        "shares",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("workspace_id", sa.String(40), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column(
            "conversation_id",
            sa.String(40),
            sa.ForeignKey("conversations.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("mode", sa.String(20), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("show_personal", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("by_kind", sa.String(20), nullable=False),
        sa.Column("by_id", sa.String(40), nullable=False),
        sa.Column("by_name", sa.String(200), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger()),
    )
    op.create_index("shares_conversation", "shares", ["conversation_id", "created_at"])
    is_open = sa.text("revoked_at IS NULL")
    op.create_index(
        "shares_open", "shares", ["expires_at"], sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_table(
        "share_readers",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column(
            "share_id",
            sa.String(40),
            sa.ForeignKey("shares.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("share_readers_share", "share_readers", ["share_id", "opened_at"])
