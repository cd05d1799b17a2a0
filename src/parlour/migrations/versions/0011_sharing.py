"""The terms on which visitors come to an agent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011_sharing"
down_revision = "0010_history_of_one"

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Add a column; agents without terms have the default ones."""
    op.add_column("agents", sa.Column("sharing", JSON, nullable=True))
