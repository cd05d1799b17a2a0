"""Visitors say what they make of an answer."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034_rated"
down_revision = "0033_collected"

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Add the columns, and an index of rated messages alone."""
    op.add_column("messages", sa.Column("rating", sa.SmallInteger()))
    op.add_column("messages", sa.Column("rated", JSON))
    is_rated = sa.text("rating IS NOT NULL")
    op.create_index(
        "messages_rated",
        "messages",
        ["conversation_id", "rating"],
        sqlite_where=is_rated,
        postgresql_where=is_rated,
    )
