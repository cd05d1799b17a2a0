"""What visitors leave for the team at a door that is shut."""

import sqlalchemy as sa
from alembic import op

revision = "0023_notes"
down_revision = "0022_clock"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "notes",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("workspace_id", sa.String(40), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column("agent_id", sa.String(40), sa.ForeignKey("agents.id"), nullable=False),
        sa.Column("link_id", sa.String(40), sa.ForeignKey("links.id"), nullable=False),
        sa.Column("wish", sa.String(10), nullable=False),
        sa.Column("why", sa.String(30), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("contact", sa.String(200), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger()),
        sa.Column("done_at", sa.BigInteger()),
        sa.Column("done_by", sa.String(200)),
    )
    op.create_index("notes_workspace", "notes", ["workspace_id", "left_at", "id"])
    op.create_index("notes_age", "notes", ["left_at"])
