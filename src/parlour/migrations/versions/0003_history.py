"""What the staff did can be read back, and API keys may end."""

import sqlalchemy as sa
from alembic import op

revision = "0003_history"
down_revision = "0002_people"

BY_STAFF = sa.text("actor_kind IN ('host', 'key', 'person')")


def upgrade() -> None:
    """Add a column and an index."""
    op.add_column("api_keys", sa.Column("expires_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "events_staff",
        "events",
        ["workspace_id", "id"],
        sqlite_where=BY_STAFF,
        postgresql_where=BY_STAFF,
    )
