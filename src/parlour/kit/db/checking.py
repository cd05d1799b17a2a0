"""Whether a database is sound: what it is, whether its file is whole, whether it can be written."""

import os
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

from parlour.kit.db.schema import require_served
from parlour.kit.errors import StorageFull, Unavailable

_LEAST_FREE: Final = 1 << 20
"""Bytes of the disk below which the next write may be the one that does not fit."""


def described(conn: Connection) -> str:
    """Name the database and its version."""
    if conn.dialect.name == "postgresql":
        return f"PostgreSQL {conn.execute(text('SHOW server_version')).scalar_one()}"
    return f"SQLite {conn.execute(text('SELECT sqlite_version()')).scalar_one()}"


def damage(conn: Connection) -> str | None:
    """Say what is wrong with a SQLite file; None when it is whole. Reads all of it.

    A PostgreSQL server looks after its files itself.
    """
    if conn.dialect.name == "postgresql":
        return None
    found = conn.execute(text("PRAGMA quick_check(1)")).scalar_one()
    return None if found == "ok" else str(found)


def require_usable(conn: Connection) -> None:
    """Refuse a database that takes no writes, inside a transaction that could have been one.

    Writes nothing. That the file is still ours is what every transaction begins with.

    Raises:
        StorageFull: the disk is full. Unavailable: it can only be read, or is older.
    """
    require_served(conn)
    if conn.dialect.name == "postgresql":
        if conn.execute(text("SHOW transaction_read_only")).scalar_one() == "on":
            raise Unavailable("the database can only be read")
        return
    disk = os.statvfs(Path(conn.engine.url.database or "").parent)
    if disk.f_bavail * disk.f_frsize < _LEAST_FREE:
        raise StorageFull("the disk is full; nothing more can be stored")
