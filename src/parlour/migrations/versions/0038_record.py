"""The record says from where; the database itself keeps anybody from changing or deleting it."""

import sqlalchemy as sa
from alembic import op

revision = "0038_record"
down_revision = "0037_memories"

GUARDED = (
    "kind, at, workspace_id, actor_kind, actor_id, agent_id, link_id, conversation_id, data, place"
)


def upgrade() -> None:
    """Add from where; let nobody change or delete an event but who says so in `events_open`."""
    op.add_column("events", sa.Column("place", sa.String(64)))
    op.create_table("events_open", sa.Column("why", sa.String(20), primary_key=True))
    if op.get_bind().dialect.name == "postgresql":
        _postgresql()
    else:
        _sqlite()


def _sqlite() -> None:
    for name, what, why in (
        ("kept", f"UPDATE OF {GUARDED}", "blank"),
        ("stay", "DELETE", "forget"),
    ):
        op.execute(
            f"CREATE TRIGGER events_{name} BEFORE {what} ON events "  # noqa: S608 - our own words
            f"WHEN NOT EXISTS (SELECT 1 FROM events_open WHERE why = '{why}') "
            "BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END"
        )


def _postgresql() -> None:
    op.execute(
        "CREATE FUNCTION events_guarded() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NOT EXISTS (SELECT 1 FROM events_open WHERE why = TG_ARGV[0]) THEN "
        "RAISE EXCEPTION 'events are only ever added'; END IF; "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    for name, what, why in (
        ("kept", f"UPDATE OF {GUARDED}", "blank"),
        ("stay", "DELETE", "forget"),
    ):
        op.execute(
            f"CREATE TRIGGER events_{name} BEFORE {what} ON events "
            f"FOR EACH ROW EXECUTE FUNCTION events_guarded('{why}')"
        )
