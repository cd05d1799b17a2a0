"""The migrations make exactly the tables that the rooms describe, on both engines."""

import importlib
import pkgutil
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

import parlour
from parlour.kit.db import Database, metadata


def _know_every_table() -> None:
    for module in pkgutil.walk_packages(parlour.__path__, "parlour."):
        if not module.name.startswith(("parlour.migrations", "parlour.__main__")):
            importlib.import_module(module.name)


def _differences(conn: Connection) -> list[Any]:
    context = MigrationContext.configure(conn, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


async def test_migrations_and_rooms_agree(db: Database) -> None:
    _know_every_table()
    assert await db.browse(_differences) == []
