"""The latest moment is kept, so that a clock that is set back opens nothing that has ended."""

import sqlalchemy as sa
from alembic import op

revision = "0022_clock"
down_revision = "0021_hours"


def upgrade() -> None:
    """Add the table; the first process that serves fills it."""
    op.create_table(
        "instance_clock",
        sa.Column("number", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("latest", sa.BigInteger, nullable=False),
    )
