"""The migrations make exactly the tables that the rooms describe, on both engines."""

import importlib
import json
import pkgutil
import subprocess
import sys
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData

import parlour
from parlour.insights.tables import derived
from parlour.kit.db import Database, metadata


def _know_every_table() -> None:
    for module in pkgutil.walk_packages(parlour.__path__, "parlour."):
        if not module.name.startswith(("parlour.migrations", "parlour.__main__")):
            importlib.import_module(module.name)


def _is_described(name: str | None, *_: Any) -> bool:
    """Each engine indexes words in a way of its own, which no description is the same for."""
    return not (name or "").startswith(("said_words", "folded_"))


def _is_derived(name: str | None, kind: str, *_: Any) -> bool:
    return kind != "table" or (name or "").startswith("folded_")


def _differences(conn: Connection, described: Any, of: MetaData) -> list[Any]:
    context = MigrationContext.configure(
        conn, opts={"compare_type": True, "include_name": described}
    )
    return list(compare_metadata(context, of))


async def test_migrations_and_rooms_agree(db: Database) -> None:
    _know_every_table()
    assert await db.browse(_differences, _is_described, metadata) == []
    assert await db.browse(_differences, _is_derived, derived) == []


def test_who_serves_knows_every_table() -> None:
    """What backs up or vacuums all tables goes by what is loaded, and not all of the site is."""
    asked = "import json, parlour.main.serving; from parlour.kit.db import metadata; "
    asked += "print(json.dumps(sorted(metadata.tables)))"
    told = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True)
    _know_every_table()
    assert json.loads(told.stdout) == sorted(metadata.tables)


BY_NAME = {
    "conversations",
    "messages",
    "turns",
    "visitors",
    "visitor_sessions",
    "visitor_identities",
}
"""What is erased statement by statement when somebody is forgotten."""
KEPT = {
    "events": "the history says that it happened",
    "reservations": "given back when the turn ends",
    "sittings": "bare numbers stay, of nobody: how much was said, and when",
}
"""What has the id of something said, and stays or is seen to otherwise."""


def test_what_belongs_to_a_conversation_goes_with_it() -> None:
    """Promise 31: a table with something of a visitor's in it is not forgotten when they are."""
    _know_every_table()
    loose = []
    for table in metadata.sorted_tables:
        if table.name in BY_NAME or table.name in KEPT:
            continue
        for column in table.columns:
            theirs = [key for key in column.foreign_keys if key.column.table.name in BY_NAME]
            named = column.name in {"conversation_id", "visitor_id", "turn_id", "message_id"}
            if any(key.ondelete != "CASCADE" for key in theirs) or (named and not theirs):
                loose.append(f"{table.name}.{column.name}")
    assert loose == [], "a foreign key with ON DELETE CASCADE takes them along"
