"""Keys with which an owner's programs say who a visitor is."""

import sqlalchemy as sa
from alembic import op

revision = "0017_identity_keys"
down_revision = "0016_rates"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "identity_keys",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("agent_id", sa.String(40), sa.ForeignKey("agents.id"), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("algorithm", sa.String(10), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
    )
    op.create_index("identity_keys_agent", "identity_keys", ["agent_id", "created_at"])
