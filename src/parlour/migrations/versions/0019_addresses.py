"""A link can be given another address, and the old one leads in for a while."""

import sqlalchemy as sa
from alembic import op

revision = "0019_addresses"
down_revision = "0018_budgets"


def upgrade() -> None:
    """Add what is needed; links and sessions that are there have their first address."""
    op.create_table(
        "link_past_addresses",
        sa.Column("link_id", sa.String(40), sa.ForeignKey("links.id"), primary_key=True),
        sa.Column("address", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("token_expires", sa.BigInteger, nullable=False),
        sa.Column("replaced_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
    )
    first = sa.text("0")
    for table in ("links", "visitor_sessions"):
        op.add_column(table, sa.Column("address", sa.Integer, nullable=False, server_default=first))
    op.create_index("visitor_sessions_link", "visitor_sessions", ["link_id", "address"])
