"""Conversations for the staff: lists in the order of their last messages, and who read them."""

import sqlalchemy as sa
from alembic import op

revision = "0007_conversations_seen"
down_revision = "0006_insights"

_FAILED = "last_reply IN ('failed', 'interrupted')"
_READING = "kind = 'conversation.read'"


def upgrade() -> None:
    """Add what lists are ordered and filtered by, and fill it for what was said before."""
    op.add_column("conversations", sa.Column("last_reply", sa.String(length=20), nullable=True))
    op.execute(
        "UPDATE conversations SET last_reply = (SELECT state FROM messages"
        " WHERE messages.conversation_id = conversations.id AND author_kind = 'agent'"
        " AND state <> 'writing' ORDER BY seq DESC LIMIT 1)"
    )
    op.add_column(
        "api_keys",
        sa.Column("view_personal", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.drop_index("conversations_link", table_name="conversations")
    places = {
        "conversations_recent": "workspace_id",
        "conversations_agent": "agent_id",
        "conversations_link": "link_id",
    }
    for name, column in places.items():
        op.create_index(name, "conversations", [column, "last_message_at", "id"])
    op.create_index("conversations_visitor", "conversations", ["visitor_id", "created_at", "id"])
    _partial("conversations_answering", "active_turn IS NOT NULL")
    _partial("conversations_closed", "closed_at IS NOT NULL")
    _partial("conversations_failed", _FAILED)
    op.create_index(
        "events_reading",
        "events",
        ["conversation_id", "at"],
        sqlite_where=sa.text(_READING),
        postgresql_where=sa.text(_READING),
    )


def _partial(name: str, where: str) -> None:
    op.create_index(
        name,
        "conversations",
        ["workspace_id", "last_message_at", "id"],
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )
