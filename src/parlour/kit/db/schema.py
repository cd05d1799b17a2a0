"""Which schema a database has, and bringing it up to this program's: one process, never back."""

import asyncio
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from parlour.kit.db import former
from parlour.kit.db.base import NewerSchema
from parlour.kit.db.sqlite import make_engine, translated
from parlour.kit.errors import Unavailable

MIGRATIONS = Path(__file__).parents[2] / "migrations"
_TRIES = 30
"""Processes of the version before serve meanwhile, and have locks in an order of their own."""
_LOCK = 7_241_906_318
"""PostgreSQL advisory lock that a migrating process holds; any fixed number serves."""


def known_revisions() -> list[str]:
    """Return this program's revisions, oldest first: the names of the migration files."""
    return sorted(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def current_revision(conn: Connection) -> str | None:
    """Return the revision the database is at; None when it is empty."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    row = conn.execute(text("SELECT version_num FROM alembic_version")).first()
    return None if row is None else str(row[0])


def require_current(conn: Connection) -> None:
    """Refuse a database that is older or newer than this program."""
    known, current = known_revisions(), current_revision(conn)
    _refuse_newer(known, current)
    if current != known[-1]:
        raise Unavailable("the database needs `parlour migrate` first")


def require_served(conn: Connection) -> None:
    """Refuse a database that a running process cannot go on with: one that is older, or empty.

    It goes on with a newer one: a later version has come in, which adds to what there is and
    takes nothing away, and processes are brought on one after another.
    """
    known, current = known_revisions(), current_revision(conn)
    if current is None or current in known[:-1]:
        raise Unavailable("the database is older than this process")


async def migrate(url: str, sqlite_path: Path, *, only_new: bool = False) -> bool:
    """Bring the database up to date, creating it when it is not there.

    `url` names a PostgreSQL database; when it is empty, the SQLite file is meant. Only one process
    migrates at a time, others wait for it. With `only_new`, a database that has a revision is left
    as it is. Returns whether anything was changed.

    Raises:
        NewerSchema: a newer version of the program has been here; nothing was touched.
    """
    if url:
        from parlour.kit.db.postgres import run_alone  # noqa: PLC0415 - SQLite starts sooner

        upgrade = partial(_upgrade_locked, only_new=only_new)
        return bool(await run_alone(url, upgrade, tries=_TRIES))
    return await asyncio.to_thread(_migrate_file, sqlite_path, only_new=only_new)


def _migrate_file(path: Path, *, only_new: bool) -> bool:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _file_lock(path.with_suffix(".migrate-lock")):
        # Readable for its owner alone; what SQLite lays beside it takes after it.
        path.touch(0o600)
        engine = make_engine(path)
        try:
            with engine.connect() as conn:
                _keep_copy(conn, path, only_new=only_new)
                # One transaction around all of it: SQLite's DDL is undone like anything else.
                conn.exec_driver_sql("BEGIN IMMEDIATE")
                changed = _upgrade(conn, only_new=only_new)
                conn.exec_driver_sql("COMMIT")
                return changed
        except DBAPIError as error:
            raise translated(error) from error
        finally:
            engine.dispose()


def _keep_copy(conn: Connection, path: Path, *, only_new: bool) -> None:
    """Keep what an upgrade is about to change, where there is something."""
    known, current = known_revisions(), current_revision(conn)
    conn.rollback()
    if current in known[:-1] and not only_new:
        former.keep(path, str(current))


def _upgrade_locked(conn: Connection, *, only_new: bool) -> bool:
    conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    return _upgrade(conn, only_new=only_new)


def _upgrade(conn: Connection, *, only_new: bool) -> bool:
    known, current = known_revisions(), current_revision(conn)
    _refuse_newer(known, current)
    if current == known[-1] or (only_new and current is not None):
        return False
    # Imported here: Alembic costs a third of the time to start, and is seldom needed.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = conn
    command.upgrade(config, "head")
    return True


def _refuse_newer(known: list[str], current: str | None) -> None:
    if current is not None and current not in known:
        raise NewerSchema(
            f"the database is at revision {current}, which this version does not know: "
            "start the newer version, or restore a backup made before the upgrade"
        )


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    try:
        file = path.open("w")
    except OSError as error:
        told = f"nothing can be written in {path.parent}: {error.strerror}"
        raise Unavailable(told) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
