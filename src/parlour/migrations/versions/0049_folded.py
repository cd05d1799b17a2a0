"""What a day came to is kept, so that months are soon added up; made by a job, in pieces."""

import sqlalchemy as sa
from alembic import op

revision = "0049_folded"
down_revision = "0048_stretches"

_SAT = (
    "workspace_id, agent_id, link_id, visitor_id, began_at, ended_at, answers, handed, good, poor"
)
_CHANGES = (("sittings", "began_at", f" OF {_SAT}"), ("hourly_counts", "at", ""),
            ("openings", "at", ""))  # fmt: skip
"""What is counted, when it was, and which of its columns count."""
_STALE = "INSERT INTO folded_stale (workspace_id, at)"


def _sqlite() -> None:
    for table, at, columns in _CHANGES:
        for name, when, rows in (
            ("added", "INSERT", ("new",)),
            ("gone", "DELETE", ("old",)),
            ("changed", f"UPDATE{columns}", ("old", "new")),
        ):
            notes = " ".join(f"{_STALE} VALUES ({row}.workspace_id, {row}.{at});" for row in rows)
            op.get_bind().exec_driver_sql(
                f"CREATE TRIGGER folded_{table}_{name} AFTER {when} ON {table} BEGIN {notes} END"
            )


def _postgresql() -> None:
    for table, at, columns in _CHANGES:
        op.get_bind().exec_driver_sql(f"""
            CREATE FUNCTION folded_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF TG_OP <> 'INSERT' THEN
                    {_STALE} VALUES (OLD.workspace_id, OLD.{at});
                END IF;
                IF TG_OP <> 'DELETE' THEN
                    {_STALE} VALUES (NEW.workspace_id, NEW.{at});
                END IF;
                RETURN NULL;
            END $$
        """)
        op.get_bind().exec_driver_sql(
            f"CREATE TRIGGER folded_{table} AFTER INSERT OR DELETE OR UPDATE{columns} ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION folded_{table}()"
        )


def upgrade() -> None:
    """Make the tables, empty, and have the database note which days change.

    It does so itself: a process of the version before, which knows nothing of this, goes on.
    """
    op.create_table(
        "folded_days",
        sa.Column("workspace_id", sa.String(40), primary_key=True),
        sa.Column("day", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("zone", sa.String(60), nullable=False),
    )
    op.create_table(
        "folded_sheets",
        sa.Column("workspace_id", sa.String(40), primary_key=True),
        sa.Column("day", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("agent_id", sa.String(40), primary_key=True),
        sa.Column("links", sa.Text(), nullable=False),
        sa.Column("amounts", sa.LargeBinary(), nullable=False),
        sa.Column("hours", sa.LargeBinary(), nullable=False),
        sa.Column("came", sa.LargeBinary(), nullable=False),
        sa.Column("apart", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "folded_stale",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("workspace_id", sa.String(40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_index("folded_stale_workspace", "folded_stale", ["workspace_id", "at"])
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()
