"""Pictures of agents and of widgets."""

import sqlalchemy as sa
from alembic import op

revision = "0044_pictures"
down_revision = "0043_reports"


def upgrade() -> None:
    """Make the table, and let widgets name a picture of their own."""
    op.create_table(
        "pictures",
        sa.Column("digest", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(40), primary_key=True),
        sa.Column("agent_id", sa.String(40), sa.ForeignKey("agents.id"), nullable=False),
        sa.Column("workspace_id", sa.String(40), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("pictures_owner", "pictures", ["owner"])
    op.create_index("pictures_agent", "pictures", ["agent_id"])
    op.add_column("widgets", sa.Column("logo", sa.String(32)))
