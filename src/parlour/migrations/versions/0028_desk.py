"""The desk: since when a person is asked for, and what the team has done with, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0028_desk"
down_revision = "0027_privacy"

_HELD = "hold_until IS NOT NULL"
_OVER = "completed_at IS NOT NULL OR closed_at IS NOT NULL"


def upgrade() -> None:
    """Add columns, and indexes of what is held and of what is over."""
    op.add_column("conversations", sa.Column("asked_at", sa.BigInteger()))
    op.add_column("conversations", sa.Column("completed_at", sa.BigInteger()))
    op.add_column("conversations", sa.Column("completed_by", sa.String(200)))
    op.add_column("conversations", sa.Column("completed_for", sa.String(20)))
    for name, those in (("conversations_held", _HELD), ("conversations_over", _OVER)):
        op.create_index(
            name,
            "conversations",
            ["workspace_id", "last_message_at", "id"],
            sqlite_where=sa.text(those),
            postgresql_where=sa.text(those),
        )
