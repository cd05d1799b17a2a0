"""What a day came to is kept, so that months are soon added up; made by a job, in pieces."""

import sqlalchemy as sa
from alembic import op

revision = "0049_folded"
down_revision = "0048_stretches"

_COUNTED = (
    "workspace_id, agent_id, link_id, visitor_id, began_at, ended_at, answers, handed, good, poor"
)
_STALE = "INSERT INTO folded_stale (workspace_id, at)"
_ADDED = f"""
CREATE TRIGGER folded_added AFTER INSERT ON sittings BEGIN
    {_STALE} VALUES (new.workspace_id, new.began_at);
END
"""  # noqa: S608 - our own words
_GONE = f"""
CREATE TRIGGER folded_gone AFTER DELETE ON sittings BEGIN
    {_STALE} VALUES (old.workspace_id, old.began_at);
END
"""
_CHANGED = f"""
CREATE TRIGGER folded_changed AFTER UPDATE OF {_COUNTED} ON sittings BEGIN
    {_STALE} VALUES (old.workspace_id, old.began_at);
    {_STALE} SELECT new.workspace_id, new.began_at
        WHERE new.began_at <> old.began_at OR new.workspace_id <> old.workspace_id;
END
"""
_SQLITE = (_ADDED, _GONE, _CHANGED)
_NOTED = f"""
CREATE FUNCTION folded_noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP <> 'INSERT' THEN
        {_STALE} VALUES (OLD.workspace_id, OLD.began_at);
    END IF;
    IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE'
            AND (NEW.began_at <> OLD.began_at OR NEW.workspace_id <> OLD.workspace_id)) THEN
        {_STALE} VALUES (NEW.workspace_id, NEW.began_at);
    END IF;
    RETURN NULL;
END $$
"""
_NOTE = f"""
CREATE TRIGGER folded_noted AFTER INSERT OR DELETE OR UPDATE OF {_COUNTED} ON sittings
    FOR EACH ROW EXECUTE FUNCTION folded_noted()
"""
_POSTGRES = (_NOTED, _NOTE)


def upgrade() -> None:
    """Make the tables, empty, and have the database note which days change."""
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
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE if on_sqlite else _POSTGRES:
        op.get_bind().exec_driver_sql(statement)
