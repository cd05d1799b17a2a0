"""What happened day by day is counted once and kept; links are found by when they end."""

import sqlalchemy as sa
from alembic import op

revision = "0006_insights"
down_revision = "0005_widgets"


def upgrade() -> None:
    """Add two tables and an index."""
    op.create_table(
        "daily_counts",
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("agent_id", sa.String(length=40), nullable=False),
        sa.Column("conversations", sa.Integer(), nullable=False),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("visitors", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "day", "agent_id"),
    )
    op.create_table(
        "daily_counted",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    op.create_index("links_ending", "links", ["workspace_id", "expires_at"])
