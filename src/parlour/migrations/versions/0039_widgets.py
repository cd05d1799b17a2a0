"""Widgets say on which sites their chats may stand and how; where these do stand is kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0039_widgets"
down_revision = "0038_record"

_JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Add the columns, and the table of where chats stand."""
    for column in (
        sa.Column("origins", _JSON, nullable=False, server_default="[]"),
        sa.Column("position", sa.String(10), nullable=False, server_default="right"),
        sa.Column("size", sa.String(10), nullable=False, server_default="regular"),
        sa.Column("theme", sa.String(10), nullable=False, server_default="auto"),
        sa.Column("label", sa.String(40)),
        sa.Column("teaser", sa.String(120)),
    ):
        op.add_column("widgets", column)
    op.add_column("links", sa.Column("origins", _JSON))
    op.create_table(
        "link_sightings",
        sa.Column("link_id", sa.String(40), sa.ForeignKey("links.id"), primary_key=True),
        sa.Column("origin", sa.String(200), primary_key=True),
        sa.Column("shown", sa.BigInteger(), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
    )
