"""Whether a database is sound: what it is, and whether its file is whole."""

from sqlalchemy import Connection, text


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
