"""Budgets of tokens: their accounts, what turns under way have reserved, and those of links."""

import sqlalchemy as sa
from alembic import op

revision = "0018_budgets"
down_revision = "0017_identity_keys"


def upgrade() -> None:
    """Add tables and columns; nothing has a budget."""
    op.create_table(
        "spending",
        sa.Column("holder", sa.String(80), nullable=False),
        sa.Column("period", sa.String(12), nullable=False),
        sa.Column("spent", sa.BigInteger, nullable=False),
        sa.Column("reserved", sa.BigInteger, nullable=False),
        sa.Column("cap", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("told_at", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("holder", "period"),
    )
    op.create_table(
        "reservations",
        sa.Column("turn_id", sa.String(40), nullable=False),
        sa.Column("holder", sa.String(80), nullable=False),
        sa.Column("period", sa.String(12), nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("turn_id", "holder"),
    )
    op.create_index("reservations_at", "reservations", ["at"])
    op.add_column("links", sa.Column("daily_token_limit", sa.BigInteger, nullable=True))
    op.add_column("links", sa.Column("budget_tokens", sa.BigInteger, nullable=True))
    op.add_column("links", sa.Column("budget_period", sa.String(8), nullable=True))
