"""What visitors make of answers is counted, and messages are found by it."""

import sqlalchemy as sa
from alembic import op

revision = "0041_thumbs"
down_revision = "0040_names"

_RATED = """
UPDATE sittings SET
    good = (SELECT count(*) FROM messages m WHERE m.conversation_id = sittings.conversation_id
            AND m.seq BETWEEN sittings.first_seq AND sittings.last_seq AND m.rating > 0),
    poor = (SELECT count(*) FROM messages m WHERE m.conversation_id = sittings.conversation_id
            AND m.seq BETWEEN sittings.first_seq AND sittings.last_seq AND m.rating < 0)
WHERE conversation_id IN (SELECT conversation_id FROM messages WHERE rating IS NOT NULL)
"""
_FOUND = """
UPDATE said SET rating = (SELECT m.rating FROM messages m
    WHERE m.conversation_id = said.conversation_id AND m.seq = said.seq)
WHERE conversation_id IN (SELECT conversation_id FROM messages WHERE rating IS NOT NULL)
"""


def upgrade() -> None:
    """Add the columns, filled from what is known, and an index of rated messages alone."""
    for name in ("again", "edited"):
        column = sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        op.add_column("hourly_counts", column)
    for name in ("good", "poor"):
        column = sa.Column(name, sa.Integer(), nullable=False, server_default="0")
        op.add_column("sittings", column)
    op.add_column("said", sa.Column("rating", sa.SmallInteger(), nullable=True))
    is_rated = sa.text("rating IS NOT NULL")
    op.create_index(
        "said_rated",
        "said",
        ["workspace_id", "rating", "id"],
        sqlite_where=is_rated,
        postgresql_where=is_rated,
    )
    for statement in (_RATED, _FOUND):
        op.get_bind().exec_driver_sql(statement)
