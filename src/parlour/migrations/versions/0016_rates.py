"""How often a visitor may say something by a link."""

import sqlalchemy as sa
from alembic import op

revision = "0016_rates"
down_revision = "0015_handoffs"


def upgrade() -> None:
    """Add a column; links that are there go by what their agents say."""
    op.add_column("links", sa.Column("rate_limit_per_minute", sa.Integer, nullable=True))
