"""What happened is counted by the hour, in sittings, and by how often pages were opened."""

import sqlalchemy as sa
from alembic import op

revision = "0035_metrics"
down_revision = "0034_rated"

_PLAIN = (
    *("questions", "answers", "failures", "words", "asked", "taken"),
    *("input_tokens", "output_tokens"),
)
_WAITS = 24


def upgrade() -> None:
    """Add the tables of insights."""
    amounts = [*_PLAIN, *(f"wait_{place}" for place in range(_WAITS))]
    op.create_table(
        "hourly_counts",
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        *_about(),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in amounts),
        sa.PrimaryKeyConstraint("at", "workspace_id", "agent_id", "link_id"),
    )
    op.create_index("hourly_counts_workspace", "hourly_counts", ["workspace_id", "at"])
    op.create_table(
        "hourly_counted",
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("facts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("at"),
    )
    op.create_table(
        "insights_marks",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "openings",
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        *_about(),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("at", "workspace_id", "agent_id", "link_id"),
    )
    op.create_index("openings_workspace", "openings", ["workspace_id", "at"])
    _sittings()
    _terms()


def _about() -> list[sa.Column[str]]:
    names = ("workspace_id", "agent_id", "link_id")
    return [sa.Column(name, sa.String(length=40), nullable=False) for name in names]


def _sittings() -> None:
    counts = ("questions", "answers", "failures", "words")
    op.create_table(
        "sittings",
        sa.Column("id", sa.String(length=40), nullable=False),
        *_about(),
        sa.Column("conversation_id", sa.String(length=40), nullable=True),
        sa.Column("visitor_id", sa.String(length=40), nullable=True),
        sa.Column("first_seq", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("silent_at", sa.BigInteger(), nullable=False),
        sa.Column("longest_at", sa.BigInteger(), nullable=False),
        sa.Column("over", sa.String(length=20), nullable=True),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counts),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("handed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["visitor_id"], ["visitors.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("sittings_workspace", "sittings", ["workspace_id", "began_at", "id"])
    op.create_index("sittings_link", "sittings", ["link_id", "began_at", "id"])
    place = ["conversation_id", "first_seq"]
    op.create_index("sittings_conversation", "sittings", place, unique=True)
    op.create_index("sittings_visitor", "sittings", ["visitor_id"])


def _terms() -> None:
    op.create_table(
        "insights_terms",
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"]),
        sa.PrimaryKeyConstraint("workspace_id"),
    )
    op.create_table(
        "token_prices",
        sa.Column("agent_id", sa.String(length=40), nullable=False),
        sa.Column("workspace_id", sa.String(length=40), nullable=False),
        sa.Column("input", sa.BigInteger(), nullable=False),
        sa.Column("output", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("agent_id"),
    )
