"""The tables of people, how they come in, and how far they are in."""

import sqlalchemy as sa

from parlour.kit.db import metadata

people = sa.Table(
    "people",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), nullable=False),
    sa.Column("email", sa.String(254), nullable=False, unique=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("view_personal", sa.Boolean, nullable=False),
    sa.Column("analytics", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("password", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("updated_by", sa.String(200), nullable=False),
    sa.Column("disabled_at", sa.BigInteger),
)
"""`password` is an argon2 hash. Nobody is ever deleted here: the audit log names them."""

staff_sessions = sa.Table(
    "staff_sessions",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("person_id", sa.ForeignKey("people.id"), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),
    sa.Column("client", sa.String(100), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("seen_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.Index("staff_sessions_person", "person_id", "ended_at"),
)

invitations = sa.Table(
    "invitations",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), nullable=False),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("view_personal", sa.Boolean, nullable=False),
    sa.Column("analytics", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("created_by", sa.String(200), nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.Index("invitations_email", "workspace_id", "email"),
)
"""`ended_at` is when it was accepted, withdrawn, or replaced by a newer one."""

setup_codes = sa.Table(
    "setup_codes",
    metadata,
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

second_steps = sa.Table(
    "second_steps",
    metadata,
    sa.Column("person_id", sa.ForeignKey("people.id"), primary_key=True),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("confirmed_at", sa.BigInteger),
    sa.Column("last_step", sa.BigInteger, nullable=False),
    sa.Column("wrong", sa.Integer, nullable=False),
    sa.Column("wrong_at", sa.BigInteger),
)
"""`secret` is sealed. `last_step` is the half minute of the code used last, so none works twice."""

recovery_codes = sa.Table(
    "recovery_codes",
    metadata,
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("person_id", sa.ForeignKey("people.id"), nullable=False),
    sa.Column("used_at", sa.BigInteger),
    sa.Index("recovery_codes_person", "person_id"),
)

half_sessions = sa.Table(
    "half_sessions",
    metadata,
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("person_id", sa.ForeignKey("people.id"), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Index("half_sessions_person", "person_id"),
)
"""Those whose password was right, and whose code is waited for. They open nothing else."""

identities = sa.Table(
    "identities",
    metadata,
    sa.Column("issuer", sa.String(500), primary_key=True),
    sa.Column("subject", sa.String(255), primary_key=True),
    sa.Column("person_id", sa.ForeignKey("people.id"), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("issuer", "person_id", name="identities_person"),
)
"""By which account of a provider somebody comes in: one for each person and provider."""
