"""Programs outside are told of events: who wants to know of which, and what was delivered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032_webhooks"
down_revision = "0031_analytics"

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Create the tables; events say whether somebody outside is still to be told of them."""
    op.add_column("events", sa.Column("untold", sa.Boolean()))
    untold = sa.text("untold")
    op.create_index("events_untold", "events", ["id"], sqlite_where=untold, postgresql_where=untold)
    op.create_table(
        "event_wishes",
        sa.Column("workspace_id", sa.String(40), primary_key=True),
        sa.Column("kind", sa.String(60), primary_key=True),
        sa.Column("wisher_id", sa.String(40), primary_key=True),
    )
    op.create_index("event_wishes_wisher", "event_wishes", ["wisher_id"])
    _webhooks()
    _deliveries()


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("workspace_id", sa.String(40), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kinds", JSON, nullable=False),
        sa.Column("sees_personal", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("old_secret", sa.Text()),
        sa.Column("old_until", sa.BigInteger()),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("off_why", sa.String(200)),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("rests_until", sa.BigInteger()),
        sa.Column("trouble", sa.String(200)),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.String(200), nullable=False),
    )
    op.create_index("webhooks_workspace", "webhooks", ["workspace_id", "created_at"])


def _deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("id", sa.String(40), nullable=False, unique=True),
        sa.Column(
            "webhook_id",
            sa.String(40),
            sa.ForeignKey("webhooks.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("event_id", sa.BigInteger()),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("lane", sa.String(40), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("due", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("trouble", sa.String(200)),
        sa.Column("took_ms", sa.Integer()),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("tried_at", sa.BigInteger()),
        sa.Column("done_at", sa.BigInteger()),
    )
    table, waits = "webhook_deliveries", sa.text("state = 'waiting'")
    op.create_index("webhook_deliveries_log", table, ["webhook_id", "n"])
    op.create_index("webhook_deliveries_made", table, ["made_at"])
    for name, columns in (("due", ["webhook_id", "due"]), ("lane", ["webhook_id", "lane", "n"])):
        op.create_index(
            f"webhook_deliveries_{name}",
            table,
            columns,
            sqlite_where=waits,
            postgresql_where=waits,
        )
