"""Words that lead to links, and what messengers show of a link."""

import sqlalchemy as sa
from alembic import op

revision = "0040_names"
down_revision = "0039_widgets"


def upgrade() -> None:
    """Add the columns, and the index by which a word leads to one link."""
    op.add_column("links", sa.Column("slug", sa.String(40)))
    op.add_column("links", sa.Column("title", sa.String(80)))
    op.add_column("links", sa.Column("about", sa.String(200)))
    is_named = sa.text("slug IS NOT NULL AND revoked_at IS NULL")
    op.create_index(
        "links_slug",
        "links",
        ["slug"],
        unique=True,
        sqlite_where=is_named,
        postgresql_where=is_named,
    )
