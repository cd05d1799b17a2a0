"""Databases that hold only the tables a test names: for the ground floor, below all rooms."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import sqlalchemy as sa

from parlour.kit.db import Database
from parlour.kit.db.postgres import PostgresDatabase, run_alone
from parlour.kit.db.sqlite import SqliteDatabase


def reopened(url: str, path: Path) -> Database:
    """Open a scratch database once more, as another process would."""
    return PostgresDatabase(url) if url else SqliteDatabase(path)


@asynccontextmanager
async def scratch(url: str, path: Path, tables: Sequence[sa.Table]) -> AsyncIterator[Database]:
    """Make these tables in the empty PostgreSQL database at `url`, or in a new file."""
    metadata = tables[0].metadata

    def create(conn: sa.Connection) -> None:
        metadata.create_all(conn, tables)

    if url:
        await run_alone(url, create)
    else:
        _make_file(path)
    database = reopened(url, path)
    try:
        if not url:
            await database.write(create)
        yield database
    finally:
        await database.close()


def _make_file(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.touch()
