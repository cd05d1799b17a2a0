"""Visitors can confirm an e-mail address: codes, who was confirmed, and who is asked."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014_verification"
down_revision = "0013_holds"

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Add tables and columns; nobody is asked until somebody says so."""
    op.add_column("links", sa.Column("require_email", sa.Boolean(), nullable=True))
    op.add_column("links", sa.Column("emails", JSON, nullable=True))
    op.add_column("visitor_sessions", sa.Column("proof", sa.String(10), nullable=True))
    op.add_column("visitor_sessions", sa.Column("id", sa.String(40), nullable=True))
    op.add_column("visitor_sessions", sa.Column("client", sa.String(100), nullable=True))
    _codes()
    _identities()


def _codes() -> None:
    op.create_table(
        "verification_addresses",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "verification_codes",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("link_id", sa.String(40), sa.ForeignKey("links.id"), nullable=False),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("session_hash", sa.String(64), nullable=False),
        sa.Column("place_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("allowed", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("voided_at", sa.BigInteger(), nullable=True),
    )
    for name, *columns in (
        ("address", "address_hash", "created_at"),
        ("link", "link_id", "created_at"),
        ("place", "place_hash", "created_at"),
        ("at", "created_at"),
    ):
        op.create_index(f"verification_codes_{name}", "verification_codes", columns)


def _identities() -> None:
    op.create_table(
        "visitor_identities",
        sa.Column("visitor_id", sa.String(40), sa.ForeignKey("visitors.id"), primary_key=True),
        sa.Column("link_id", sa.String(40), sa.ForeignKey("links.id"), nullable=False),
        sa.Column("proof", sa.String(10), nullable=False),
        sa.Column("subject", sa.String(254), nullable=False),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("name", sa.String(200), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("proved_at", sa.BigInteger(), nullable=False),
    )
    op.create_index(
        "visitor_identities_subject",
        "visitor_identities",
        ["link_id", "proof", "subject"],
        unique=True,
    )
