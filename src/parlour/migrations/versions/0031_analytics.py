"""People can see the numbers of the house whatever their role."""

import sqlalchemy as sa
from alembic import op

revision = "0031_analytics"
down_revision = "0030_handoffs"


def upgrade() -> None:
    """Add the right; nobody has it before somebody gives it."""
    for table in ("people", "invitations"):
        column = sa.Column("analytics", sa.Boolean, nullable=False, server_default=sa.false())
        op.add_column(table, column)
