"""Agents are told in which language a visitor reads."""

import sqlalchemy as sa
from alembic import op

revision = "0025_language"
down_revision = "0024_signers"


def upgrade() -> None:
    """Add the column; conversations that began before keep English."""
    column = sa.Column("language", sa.String(20), nullable=False, server_default="en")
    op.add_column("conversations", column)
