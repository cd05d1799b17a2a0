"""A person of the team can answer in a conversation instead of the agent."""

import sqlalchemy as sa
from alembic import op

revision = "0013_holds"
down_revision = "0012_uses"


def upgrade() -> None:
    """Add who has the pen, until when, and what comes after."""
    for column in (
        sa.Column("hold_kind", sa.String(length=20), nullable=True),
        sa.Column("hold_id", sa.String(length=40), nullable=True),
        sa.Column("hold_name", sa.String(length=200), nullable=True),
        sa.Column("hold_since", sa.BigInteger(), nullable=True),
        sa.Column("hold_until", sa.BigInteger(), nullable=True),
        sa.Column("hold_waits", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("asked_until", sa.BigInteger(), nullable=True),
    ):
        op.add_column("conversations", column)
