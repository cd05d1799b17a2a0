"""The conversations that wait for a person are found without looking at all the others."""

import sqlalchemy as sa
from alembic import op

revision = "0015_handoffs"
down_revision = "0014_verification"

_ASKED = "asked_until IS NOT NULL"


def upgrade() -> None:
    """Add an index."""
    op.create_index(
        "conversations_asked",
        "conversations",
        ["workspace_id", "last_message_at", "id"],
        sqlite_where=sa.text(_ASKED),
        postgresql_where=sa.text(_ASKED),
    )
