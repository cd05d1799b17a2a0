"""Storing millions of rows: as the engine takes them fastest, with indexes made at the end."""

import asyncio
import sqlite3
from collections.abc import Iterator
from typing import Any

import asyncpg
import sqlalchemy as sa

from parlour.config import Settings

Rows = dict[str, list[tuple[Any, ...]]]
"""Rows by the name of their table."""
Columns = dict[str, tuple[str, ...]]


def store(settings: Settings, columns: Columns, pieces: Iterator[Rows]) -> None:
    """Store rows in an instance that nobody has opened; the tables are as they were after."""
    if settings.database_url:
        asyncio.run(_postgres(settings.database_url, columns, pieces))
    else:
        _sqlite(str(settings.sqlite_path), columns, pieces)


def _sqlite(path: str, columns: Columns, pieces: Iterator[Rows]) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=MEMORY", "synchronous=OFF", "cache_size=-1000000",
                   "temp_store=MEMORY", "locking_mode=EXCLUSIVE", "foreign_keys=OFF"):  # fmt: skip
        db.execute(f"PRAGMA {pragma}")
    marks = ", ".join("?" * len(columns))
    later = db.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger')"
        f" AND sql IS NOT NULL AND tbl_name IN ({marks})",
        [*columns],
    ).fetchall()
    for kind, name, _ in later:
        db.execute(f'DROP {kind} "{name}"')
    db.execute("BEGIN")
    for rows in pieces:
        for table, some in rows.items():
            names = columns[table]
            places = ", ".join("?" * len(names))
            into = f'INSERT OR IGNORE INTO "{table}" ({", ".join(names)}) VALUES ({places})'
            db.executemany(into, some)
    db.execute("COMMIT")
    db.execute("INSERT INTO said_words(said_words) VALUES ('rebuild')")
    for kind, _, made in sorted(later):
        assert kind in {"index", "trigger"}
        db.execute(made)
    db.execute("ANALYZE")
    db.execute("PRAGMA journal_mode=WAL")
    db.close()


async def _postgres(url: str, columns: Columns, pieces: Iterator[Rows]) -> None:
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    db = await asyncpg.connect(plain)
    # No trigger of a foreign key looks at each of millions of rows that are known to fit.
    for setting in ("session_replication_role = replica", "synchronous_commit = off",
                    "maintenance_work_mem = '1GB'"):  # fmt: skip
        await db.execute(f"SET {setting}")
    later = await db.fetch(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY($1)"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        [*columns],
    )
    for each in later:
        await db.execute(f'DROP INDEX "{each["indexname"]}"')
    for rows in pieces:
        for table, some in rows.items():
            await db.copy_records_to_table(table, records=some, columns=columns[table])
    for each in later:
        await db.execute(each["indexdef"])
    await db.execute(
        "SELECT setval(pg_get_serial_sequence('events', 'id'), (SELECT max(id) FROM events))"
    )
    await db.execute("VACUUM ANALYZE")
    await db.close()
