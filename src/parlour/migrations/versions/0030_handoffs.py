"""A team is told that a person is asked for; visitors whom nobody could answer are written to."""

import sqlalchemy as sa
from alembic import op

revision = "0030_handoffs"
down_revision = "0029_internal_notes"


def upgrade() -> None:
    """Create the tables of handoffs; teams say how they are told, shares when the pen passes."""
    _handoffs()
    _tellings()
    op.add_column(
        "teams", sa.Column("mails", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.add_column("teams", sa.Column("hook_url", sa.Text()))
    op.add_column("teams", sa.Column("hook_secret", sa.Text()))
    op.add_column("teams", sa.Column("hook_trouble", sa.String(200)))
    op.add_column(
        "shares", sa.Column("by_button", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    # SQLite takes a reference with its rule for deleting only with a table that is made anew.
    with op.batch_alter_table("notes") as notes:
        notes.add_column(sa.Column("conversation_id", sa.String(40)))
        notes.create_foreign_key(
            "notes_conversation", "conversations", ["conversation_id"], ["id"], ondelete="CASCADE"
        )


def _handoffs() -> None:
    op.create_table(
        "handoffs",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("workspace_id", sa.String(40), sa.ForeignKey("workspaces.id"), nullable=False),
        sa.Column(
            "conversation_id",
            sa.String(40),
            sa.ForeignKey("conversations.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("agent_id", sa.String(40), sa.ForeignKey("agents.id"), nullable=False),
        sa.Column("asked_by", sa.String(10), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("escalated_at", sa.BigInteger()),
        sa.Column("seen_at", sa.BigInteger()),
        sa.Column("seen_by", sa.String(200)),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("outcome", sa.String(10)),
        sa.Column("ended_by", sa.String(200)),
    )
    op.create_index("handoffs_conversation", "handoffs", ["conversation_id", "asked_at"])
    op.create_index("handoffs_workspace", "handoffs", ["workspace_id", "asked_at", "id"])


def _tellings() -> None:
    op.create_table(
        "handoff_tellings",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column(
            "handoff_id",
            sa.String(40),
            sa.ForeignKey("handoffs.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("why", sa.String(10), nullable=False),
        sa.Column("way", sa.String(10), nullable=False),
        sa.Column("to_id", sa.String(40), nullable=False),
        sa.Column("to_name", sa.String(200), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger()),
        sa.Column("trouble", sa.String(200)),
    )
    op.create_index("handoff_tellings_handoff", "handoff_tellings", ["handoff_id", "made_at"])
