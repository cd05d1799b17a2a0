"""How often a private link may be used, and the uses that its visitors have."""

import sqlalchemy as sa
from alembic import op

revision = "0012_uses"
down_revision = "0011_sharing"


def upgrade() -> None:
    """Add columns; links that are there have no maximum."""
    op.add_column(
        "links", sa.Column("max_uses", sa.Integer, nullable=False, server_default=sa.text("0"))
    )
    op.add_column("visitors", sa.Column("use_began_at", sa.BigInteger, nullable=True))
    op.add_column("visitors", sa.Column("use_last_at", sa.BigInteger, nullable=True))
