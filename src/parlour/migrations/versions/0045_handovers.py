"""Visitors go on in another browser by a code that is taken once."""

import sqlalchemy as sa
from alembic import op

revision = "0045_handovers"
down_revision = "0044_pictures"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "visitor_handovers",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column(
            "session_hash",
            sa.String(64),
            sa.ForeignKey("visitor_sessions.hash", ondelete="CASCADE"),
            nullable=False,
            unique=True,
        ),
        sa.Column("link_id", sa.String(40), sa.ForeignKey("links.id"), nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
    )
    op.create_index("visitor_handovers_expiry", "visitor_handovers", ["expires_at"])
