"""What one of the staff did is found without reading what the others did."""

import sqlalchemy as sa
from alembic import op

revision = "0010_history_of_one"
down_revision = "0009_identities"

BY_STAFF = sa.text("actor_kind IN ('host', 'key', 'person')")


def upgrade() -> None:
    """Add an index."""
    op.create_index(
        "events_actor",
        "events",
        ["workspace_id", "actor_id", "id"],
        sqlite_where=BY_STAFF,
        postgresql_where=BY_STAFF,
    )
