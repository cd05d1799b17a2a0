"""Hours and seats of links."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021_hours"
down_revision = "0020_shares"

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Add columns; every link is open as its agent says, to any number."""
    op.add_column("links", sa.Column("schedule", JSON, nullable=True))
    op.add_column("links", sa.Column("seats", sa.Integer, nullable=False, server_default="0"))
