"""Opening the database that the settings name."""

from pathlib import Path

from parlour.kit.db.base import Database
from parlour.kit.db.schema import require_current
from parlour.kit.db.sqlite import SqliteDatabase


async def open_database(url: str, sqlite_path: Path) -> Database:
    """Open PostgreSQL at `url`, or the SQLite file when it is empty; the schema must be current."""
    database = _postgres(url) if url else SqliteDatabase(sqlite_path)
    try:
        await database.read(require_current)
    except BaseException:
        await database.close()
        raise
    return database


def _postgres(url: str) -> Database:
    from parlour.kit.db.postgres import PostgresDatabase  # noqa: PLC0415 - SQLite starts sooner

    return PostgresDatabase(url)
