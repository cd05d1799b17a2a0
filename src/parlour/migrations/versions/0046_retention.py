"""For how many days what is said is kept: in a workspace, and with each agent."""

import sqlalchemy as sa
from alembic import op

revision = "0046_retention"
down_revision = "0045_handovers"


def upgrade() -> None:
    """Add the table and the columns; everything is kept for ever, as before."""
    op.create_table(
        "retention",
        sa.Column("workspace_id", sa.String(40), sa.ForeignKey("workspaces.id"), primary_key=True),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("updated_by", sa.String(200), nullable=False),
    )
    zero = sa.text("0")
    op.add_column("agents", sa.Column("kept_days", sa.Integer, nullable=False, server_default=zero))
    op.add_column("agents", sa.Column("own_days", sa.Integer))
