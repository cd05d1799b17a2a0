"""What comes with a message besides its text, such as a form that its agent asks to be filled."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033_collected"
down_revision = "0032_webhooks"


def upgrade() -> None:
    """Add the column."""
    json = sa.JSON(none_as_null=True).with_variant(
        postgresql.JSONB(none_as_null=True), "postgresql"
    )
    op.add_column("messages", sa.Column("extra", json))
