"""Sessions of visitors tell which identity key vouched for them."""

import sqlalchemy as sa
from alembic import op

revision = "0024_signers"
down_revision = "0023_notes"


def upgrade() -> None:
    """Add the column; a session that began before tells of no key, and ends within a day."""
    op.add_column("visitor_sessions", sa.Column("signed_by", sa.String(40)))
    known = sa.text("signed_by IS NOT NULL")
    op.create_index(
        "visitor_sessions_signed",
        "visitor_sessions",
        ["signed_by"],
        sqlite_where=known,
        postgresql_where=known,
    )
