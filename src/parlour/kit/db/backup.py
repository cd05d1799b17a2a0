"""Backup and restore: every row out of one engine in one snapshot, and into an empty other one."""

import asyncio
import base64
import contextlib
import errno
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from parlour.kit.clock import Moment
from parlour.kit.db import archive
from parlour.kit.db.archive import Contents
from parlour.kit.db.base import Database, followers, metadata
from parlour.kit.db.postgres import run_alone
from parlour.kit.db.schema import current_revision, known_revisions, migrate
from parlour.kit.db.sqlite import make_engine
from parlour.kit.errors import Conflict, Invalid, Problem, StorageFull, Unavailable

_AT_ONCE: Final = 200
"""Rows in one statement; some carry whole documents."""

_BESIDE: Final = ("-wal", "-shm")
"""What SQLite keeps beside a file; left over from another file it would spoil it."""

_OWN: Final = {"alembic_version", "instance_keys", "job_clocks"}
"""Tables that a database may have filled and still be empty: nobody's data is in them."""


Then = Callable[[Connection], object]


def _nothing(_conn: Connection) -> None:
    """Leave the rows as they are."""


@dataclass(frozen=True, slots=True)
class Told:
    """What goes into a backup beside the rows."""

    program: str
    at: Moment
    key: str = ""
    """The secret keys, when they shall be in it."""


async def back_up(db: Database, target: Path, told: Told) -> Contents:
    """Write every row of one snapshot into a file that only its owner reads, and prove it.

    The file appears whole or not at all. StorageFull or Unavailable: it could not be written.
    Conflict: there is another file in its place.
    """
    await asyncio.to_thread(_refuse_foreign, target)
    with _file_errors(target), _partial(target) as partial:
        try:
            await db.browse(_dump, partial, told)
        except _CannotWrite as error:
            raise error.reason from None
        contents = await asyncio.to_thread(archive.read, partial)
        partial.replace(target)
    return contents


async def restore(
    url: str, sqlite_path: Path, source: Path, contents: Contents, then: Then = _nothing
) -> None:
    """Fill the database with an archive that `archive.read` has proved.

    `url` names a PostgreSQL database; when it is empty, the SQLite file is meant. `then` is called
    in the same transaction, when every row is there. All or nothing.

    Raises:
        Conflict: the database is not empty. Invalid: the archive is of another schema revision.
    """
    _require_revision(contents)
    if url:
        await run_alone(url, _require_empty)  # before anything is touched
        await migrate(url, sqlite_path)
        await run_alone(url, lambda conn: _load_empty(conn, source, contents, then))
        return
    with _file_errors(sqlite_path):
        await asyncio.to_thread(_require_empty_file, sqlite_path)
        partial = sqlite_path.with_suffix(".restoring")
        _remove(partial)
        try:
            await migrate("", partial)
            await asyncio.to_thread(_fill_file, partial, source, contents, then)
            for suffix in _BESIDE:
                sqlite_path.with_name(sqlite_path.name + suffix).unlink(missing_ok=True)
            partial.replace(sqlite_path)
        finally:
            _remove(partial)


def _require_empty_file(path: Path) -> None:
    if path.exists():
        with _opened(path) as conn:
            _require_empty(conn)


def _fill_file(path: Path, source: Path, contents: Contents, then: Then) -> None:
    with _opened(path) as conn:
        conn.exec_driver_sql("BEGIN IMMEDIATE")
        _load_empty(conn, source, contents, then)
        conn.exec_driver_sql("COMMIT")
        if conn.exec_driver_sql("PRAGMA quick_check").scalar() != "ok":
            raise Unavailable("the disk did not keep what was written; try another one")
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


class _CannotWrite(Exception):
    """Carries a failure of the file past the database, which would take it for its own."""

    def __init__(self, reason: Problem) -> None:
        super().__init__(str(reason))
        self.reason = reason


def _dump(conn: Connection, path: Path, told: Told) -> None:
    try:
        with path.open("wb") as file:
            head = {
                "program": told.program,
                "revision": current_revision(conn),
                "tables": _columns(_tables(conn)),
            }
            writer = archive.Writer(file, head, told.at)
            for table in _tables(conn):
                writer.begin(str(table.name))
                binary = _binary(table)
                for row in _rows(conn, table):
                    writer.row(
                        str(table.name), [_out(v, b) for v, b in zip(row, binary, strict=True)]
                    )
            writer.close(told.key)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _CannotWrite(_told(error, path)) from error


def _tables(conn: Connection) -> list[sa.Table]:
    """Return every table, those it points to first; refuse a database that has others."""
    present = {
        name
        for name in sa.inspect(conn).get_table_names()
        if name != "alembic_version" and not name.startswith(tuple(followers))
    }
    if strange := present ^ set(metadata.tables):
        raise Invalid(f"the database has other tables than this program: {', '.join(strange)}")
    return list(metadata.sorted_tables)


def _columns(tables: Iterable[sa.Table]) -> dict[str, list[str]]:
    return {str(table.name): [str(column.name) for column in table.columns] for table in tables}


def _rows(conn: Connection, table: sa.Table) -> Iterator[sa.Row[Any]]:
    """Read a table in pieces by its primary key, so that no statement takes long."""
    keys = list(table.primary_key.columns)
    wanted = sa.select(table).order_by(*keys).limit(_AT_ONCE)
    places = [table.columns.keys().index(key.name) for key in keys]
    last: sa.Row[Any] | None = None
    while True:
        piece = wanted
        if last is not None:
            values = [sa.literal(last[p], k.type) for p, k in zip(places, keys, strict=True)]
            piece = wanted.where(sa.tuple_(*keys) > sa.tuple_(*values))
        found = conn.execute(piece).all()
        yield from found
        if len(found) < _AT_ONCE:
            return
        last = found[-1]


def _binary(table: sa.Table) -> list[bool]:
    return [isinstance(column.type, sa.LargeBinary) for column in table.columns]


def _out(value: Any, binary: bool) -> Any:  # noqa: FBT001 - one flag per column, zipped
    return base64.b64encode(value).decode() if binary and value is not None else value


def _in(value: Any, binary: bool) -> Any:  # noqa: FBT001 - as above
    return base64.b64decode(value) if binary and value is not None else value


def _require_revision(contents: Contents) -> None:
    newest = known_revisions()[-1]
    if contents.revision == newest:
        return
    known = contents.revision in known_revisions()
    hint = "an older" if known else "a newer"
    raise Invalid(
        f"this backup is of {hint} schema, {contents.revision}, and this version has {newest}: "
        f"restore it with Parlour {contents.program}" + (", then upgrade" if known else "")
    )


def _load_empty(conn: Connection, source: Path, contents: Contents, then: Then) -> None:
    _require_empty(conn)
    tables = {str(table.name): table for table in _tables(conn)}
    if contents.columns != _columns(tables.values()):
        raise Invalid("this backup's tables are not those of this version")
    for name in _OWN & set(tables):
        conn.execute(sa.delete(tables[name]))
    loaded = dict.fromkeys(tables, 0)
    for name, found in archive.rows(source):
        table, binary = tables[name], _binary(tables[name])
        names = table.columns.keys()
        for start in range(0, len(found), _AT_ONCE):
            piece = found[start : start + _AT_ONCE]
            values = [
                {n: _in(v, b) for n, v, b in zip(names, row, binary, strict=True)} for row in piece
            ]
            conn.execute(sa.insert(table), values)
        loaded[name] += len(found)
    if loaded != {name: table.rows for name, table in contents.tables.items()}:
        raise Invalid(f"{source} changed while it was read")
    if conn.dialect.name == "postgresql":
        _set_sequences(conn)
    then(conn)


def _set_sequences(conn: Connection) -> None:
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            newest = sa.select(sa.func.max(column)).scalar_subquery()
            name = sa.func.pg_get_serial_sequence(table.name, column.name)
            conn.execute(sa.select(sa.func.setval(name, newest)).where(newest.is_not(None)))


def _require_empty(conn: Connection) -> None:
    for name in sa.inspect(conn).get_table_names():
        is_ours = name not in _OWN and not name.startswith(tuple(followers))
        if is_ours and conn.execute(_first(name)).first() is not None:
            raise Conflict(
                "the database is not empty; restore fills an empty one only, "
                "such as in another data folder"
            )


def _first(name: str) -> sa.Select[Any]:
    return sa.select(sa.literal(1)).select_from(sa.table(name)).limit(1)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Connection]:
    engine = make_engine(path)
    try:
        with engine.connect() as conn:
            yield conn
    finally:
        engine.dispose()


def _remove(path: Path) -> None:
    for suffix in ("", *_BESIDE):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _refuse_foreign(target: Path) -> None:
    """Refuse to write over a file that is no backup: a slip must not cost a database."""
    if target.exists():
        try:
            archive.read(target)
        except Invalid:
            raise Conflict(f"{target} is there and is no backup; choose another name") from None


@contextlib.contextmanager
def _partial(target: Path) -> Iterator[Path]:
    """Hand out a file beside the target, readable by its owner alone; gone at the end."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


@contextlib.contextmanager
def _file_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _told(error, path) from error


def _told(error: OSError, path: Path) -> Problem:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(f"there is no room left for {path}")
    return Unavailable(f"{path} cannot be written: {error.strerror}")
