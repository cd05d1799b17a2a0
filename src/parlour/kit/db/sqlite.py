"""SQLite: one writer thread that commits in groups, short reads inline, long reads in threads."""

import asyncio
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import NullPool

from parlour.kit.db import former
from parlour.kit.db.base import P, T, Unit, dump_json, run_hooks, run_unit, start_hooks
from parlour.kit.db.prepared import Prepared
from parlour.kit.errors import Problem, StorageFull, Unavailable
from parlour.kit.observe import STORE_SECONDS, traces

_PIECE: Final = 32
"""Pages of a search index that are written anew at once: a few hundredths of a second."""

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
            # The first page of another file at its place would end the log of the old one.
            self._require_file()
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
        asked = time.perf_counter()
        work = traces.along(lambda conn: run_unit(conn, unit, args, kwargs))
        self._work.put(_Work(work, done))
        outcome = await done
        STORE_SECONDS.observe(time.perf_counter() - asked)
        return outcome

    async def scrub(self, within: float | None = None) -> None:
        """Write search indexes anew, without deleted words, and empty the log of former pages.

        A piece at a time, so that others write in between; it ends after `within` seconds. Somebody
        who reads for long keeps the log from being emptied; then it is overwritten later. The copy
        that was kept before an upgrade goes: what has been deleted since stands in it.
        """
        ends = None if within is None else time.monotonic() + within
        for name in await self.read(_word_indexes):
            pages = -_PIECE  # the sign has all of the index merged, not what is due
            while (ends is None or time.monotonic() < ends) and await self.write(
                _merge, name, pages
            ):
                pages = _PIECE
        await self._empty_log()
        await asyncio.to_thread(former.drop, self.path)

    async def _empty_log(self) -> None:
        def run() -> None:
            self._require_file()
            with suppress(DBAPIError), self._connect() as conn:
                conn.exec_driver_sql("PRAGMA busy_timeout=2000")
                conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

        if self._closed:
            raise Unavailable("the database is closed")
        await self._loop.run_in_executor(self._browsers, run)

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
            self._require_file()
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

    def _require_file(self) -> None:
        if _inode(self.path) != self._inode:
            raise Unavailable("the database file is gone or has been replaced")

    def _connect(self, *, read_only: bool = False) -> Connection:
        conn = self.engine.connect()
        if read_only:
            conn.exec_driver_sql("PRAGMA query_only=ON")
        return conn


def _word_indexes(conn: Connection) -> list[str]:
    """Name the search indexes, which keep deleted words until they are written anew."""
    found = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%USING fts5(%'"
    return list(conn.exec_driver_sql(found).scalars())


def _merge(conn: Connection, index: str, pages: int) -> bool:
    """Merge some pages of a search index; False when there was nothing left to merge."""
    before = conn.exec_driver_sql("SELECT total_changes()").scalar_one()
    command = f"INSERT INTO {index}({index}, rank) VALUES ('merge', {pages})"  # noqa: S608 - ours
    conn.exec_driver_sql(command)
    changed = conn.exec_driver_sql("SELECT total_changes()").scalar_one() - before
    # The command itself counts as one.
    return int(changed) > 1


def make_engine(path: Path) -> Engine:
    """Make an engine for the file whose connections begin and commit only when told to.

    The file must be there when one is opened: a connection never makes a new, empty one.
    """
    there = f"file:{quote(str(path.absolute()))}?mode=rw"
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        creator=lambda: sqlite3.connect(there, 10, check_same_thread=False, uri=True),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,  # they are what people wrote
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
            "secure_delete=ON",  # what is deleted is overwritten
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
