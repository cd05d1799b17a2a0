"""SQLite: one writer thread that commits in groups, short reads inline, long reads in threads."""

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import NullPool

from parlour.kit.db.base import P, T, Unit, dump_json, run_hooks, run_unit, start_hooks
from parlour.kit.db.prepared import Prepared
from parlour.kit.errors import Problem, StorageFull, Unavailable

_GROUP = 256
"""Units that share one commit at most, so that no caller waits for an endless batch."""


_BEGIN, _COMMIT = Prepared(text("BEGIN IMMEDIATE")), Prepared(text("COMMIT"))
_SAVEPOINT, _RELEASE = Prepared(text("SAVEPOINT unit")), Prepared(text("RELEASE unit"))
_ROLL_BACK = Prepared(text("ROLLBACK TO unit"))


@dataclass(slots=True)
class _Work:
    unit: Callable[[Connection], Any]
    done: asyncio.Future[Any]
    outcome: Any = None
    failure: BaseException | None = None
    hooks: list[Callable[[], None]] | None = None


class SqliteDatabase:
    """One file. Writing is one thread with `synchronous=FULL`, so an acknowledged row survives."""

    kind: Literal["sqlite", "postgresql"] = "sqlite"

    def __init__(self, path: Path) -> None:
        """Open the file, which must exist; call this on the event loop that will use it."""
        if not path.is_file():
            raise Unavailable(f"there is no database at {path}")
        self.path = path
        self._inode = _inode(path)
        self.engine = make_engine(path)
        self._loop = asyncio.get_running_loop()
        try:
            self._reader = self._connect(read_only=True)
        except DBAPIError as error:
            raise translated(error) from error
        self._browsers = ThreadPoolExecutor(2, "parlour-browse")
        self._work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_loop, name="parlour-write", daemon=True)
        self._writer.start()
        self._closed = False

    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a short read on the loop's own connection."""
        if self._closed:
            raise Unavailable("the database is closed")
        try:
            return unit(self._reader, *args, **kwargs)
        except DBAPIError as error:
            raise translated(error) from error

    async def browse(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a longer read in a thread, in one snapshot."""

        def run() -> T:
            try:
                with self._connect(read_only=True) as conn:
                    conn.exec_driver_sql("BEGIN")
                    found: T = run_unit(conn, unit, args, kwargs)
                    return found
            except DBAPIError as error:
                raise translated(error) from error

        if self._closed:
            raise Unavailable("the database is closed")
        return await self._loop.run_in_executor(self._browsers, run)

    async def write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one transaction in the writer thread; it has been committed when this returns."""
        if self._closed:
            raise Unavailable("the database is closed")
        done: asyncio.Future[T] = self._loop.create_future()
        self._work.put(_Work(lambda conn: run_unit(conn, unit, args, kwargs), done))
        return await done

    async def close(self) -> None:
        """Commit what is waiting, then close every connection."""
        if not self._closed:
            self._closed = True
            self._work.put(None)
            await asyncio.to_thread(self._writer.join)
            await asyncio.to_thread(self._browsers.shutdown)
            self._reader.close()
            self.engine.dispose()

    # The writer thread, from here on.

    def _write_loop(self) -> None:
        conn: Connection | None = None
        closing = False
        while not closing:
            batch, closing = self._next_batch()
            conn = self._commit(conn, batch)
            if conn is None and len(batch) > 1:
                for work in batch:
                    conn = self._commit(conn, [work])
            if batch:
                self._loop.call_soon_threadsafe(_deliver, batch)
        if conn is not None:
            conn.close()

    def _next_batch(self) -> tuple[list[_Work], bool]:
        batch = []
        item = self._work.get()
        while item is not None:
            batch.append(item)
            if len(batch) == _GROUP:
                return batch, False
            try:
                item = self._work.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _commit(self, conn: Connection | None, batch: list[_Work]) -> Connection | None:
        """Run the batch in one transaction. None: it failed whole and the connection is gone."""
        if not batch:
            return conn
        try:
            if _inode(self.path) != self._inode:
                raise Unavailable("the database file is gone or has been replaced")
            conn = conn or self._connect()
            _BEGIN.run(conn)
            for work in batch:
                self._run(conn, work)
            _COMMIT.run(conn)
        except Exception as error:  # noqa: BLE001 - whatever it was, its caller must be told
            failure = translated(error) if isinstance(error, DBAPIError) else error
            for work in batch:
                work.outcome, work.hooks = None, None
                work.failure = failure
            if conn is not None:
                with suppress(DBAPIError):
                    conn.close()
            return None
        return conn

    def _run(self, conn: Connection, work: _Work) -> None:
        work.failure = None
        work.hooks = start_hooks(conn)
        _SAVEPOINT.run(conn)
        try:
            work.outcome = work.unit(conn)
        except DBAPIError as error:
            if not isinstance(error, IntegrityError):
                raise  # SQLite may have ended the whole transaction by itself
            work.failure = error
        except Exception as error:  # noqa: BLE001 - the unit's own answer, handed to its caller
            work.failure = error
        if work.failure is not None:
            work.hooks = None
            _ROLL_BACK.run(conn)
        _RELEASE.run(conn)

    def _connect(self, *, read_only: bool = False) -> Connection:
        conn = self.engine.connect()
        if read_only:
            conn.exec_driver_sql("PRAGMA query_only=ON")
        return conn


def make_engine(path: Path) -> Engine:
    """Make an engine for the file whose connections begin and commit only when told to."""
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,  # they are what people wrote
        connect_args={"check_same_thread": False, "timeout": 10},
        json_serializer=dump_json,
        json_deserializer=orjson.loads,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=10000",
            "cache_size=-16000",
            "temp_store=MEMORY",
            "journal_size_limit=67108864",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    return engine


def translated(error: DBAPIError) -> Exception:
    """Turn what the engine says into an error that a caller can act on."""
    cause = error.orig
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    known: dict[int, Problem] = {
        sqlite3.SQLITE_FULL: StorageFull("the disk is full; nothing more can be stored"),
        sqlite3.SQLITE_BUSY: Unavailable("the database is locked by another program"),
        sqlite3.SQLITE_LOCKED: Unavailable("the database is locked by another program"),
        sqlite3.SQLITE_IOERR: Unavailable("the disk reports an error"),
        sqlite3.SQLITE_READONLY: Unavailable("the database file cannot be written"),
        sqlite3.SQLITE_CANTOPEN: Unavailable("the database file cannot be opened"),
        sqlite3.SQLITE_CORRUPT: Unavailable("the database file is damaged; restore a backup"),
        sqlite3.SQLITE_NOTADB: Unavailable("the database file is damaged; restore a backup"),
    }
    return known.get(code, error)


def _deliver(batch: list[_Work]) -> None:
    for work in batch:
        run_hooks(work.hooks or ())
        if not work.done.done():
            if work.failure is not None:
                work.done.set_exception(work.failure)
            else:
                work.done.set_result(work.outcome)


def _inode(path: Path) -> tuple[int, int]:
    try:
        stat = os.stat(path)  # noqa: PTH116 - on the write path, twice as fast as Path.stat
    except FileNotFoundError:
        return (0, 0)
    return stat.st_dev, stat.st_ino
