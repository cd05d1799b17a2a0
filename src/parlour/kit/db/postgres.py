"""PostgreSQL: the same units of work on asyncpg, with deadlines and honest failures."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Literal

import orjson
from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from parlour.kit.db.aside import Aside
from parlour.kit.db.base import (
    P,
    T,
    Unit,
    dump_json,
    end_hooks,
    metadata,
    run_hooks,
    run_unit,
    start_hooks,
)
from parlour.kit.errors import Invalid, StorageFull, Unavailable
from parlour.kit.observe import STORE_SECONDS

_AGAIN = {"40001", "40P01"}
"""Serialization failure and deadlock: the transaction was undone and may simply run again."""

_FULL = {"53100", "53200"}
_NUL = "22021"
"""Character not in repertoire: of what gets this far, NUL in an id or a word looked for."""

_ATTEMPTS = 4
_BROWSERS = 4
"""Long reads at a time."""
_READ_DEADLINE = 2.5
_COMMAND_DEADLINE = 10
"""Seconds for one statement of those that somebody waits for."""

TROUBLE = (DBAPIError, PoolTimeout, OSError, TimeoutError)
"""What `translated` takes: whatever talking to the server may raise."""


class PostgresDatabase:
    """A pool of asyncpg connections behind SQLAlchemy Core."""

    kind: Literal["sqlite", "postgresql"] = "postgresql"

    def __init__(self, url: str, pool: int = 10) -> None:
        """Prepare a pool of at most `pool` connections; nothing is connected yet."""
        self._url = url
        self.engine = make_async_engine(url, pool)
        self._reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._browsing = make_async_engine(url, _BROWSERS).execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._aside = Aside("parlour-browse")
        self._running: set[asyncio.Task[Any]] = set()

    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a short read, each statement by itself."""
        task = self._begin(self._look(self._reading, unit, args, kwargs))
        try:
            # A server that is there and does not answer must not hold up whoever only looks.
            async with asyncio.timeout(_READ_DEADLINE):
                return await asyncio.shield(task)
        except TimeoutError:
            task.cancel()
            raise translated(TimeoutError()) from None

    async def browse(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a longer read in a thread, in one snapshot."""
        look = self._look(self._browsing, unit, args, kwargs)
        return await asyncio.shield(self._begin(self._aside.run(look)))

    async def write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one transaction; it has been committed when this returns."""
        asked = time.perf_counter()
        outcome: T = await asyncio.shield(self._begin(self._write(unit, args, kwargs)))
        STORE_SECONDS.observe(time.perf_counter() - asked)
        return outcome

    async def scrub(self, within: float | None = None) -> None:
        """Have the engine clear up behind what was deleted, as it does later by itself.

        It reads every table, so that with little time it is not begun. What was deleted is in no
        row and no index after it; only the server can overwrite it on the disk, and in its own log.
        """
        if within is None:
            names = ", ".join(str(table.name) for table in metadata.sorted_tables)
            await run_aside(self._url, f"VACUUM (SKIP_LOCKED) {names}")

    async def close(self) -> None:
        """Wait for what is running, then close the pools."""
        if self._running:
            await asyncio.wait(self._running, timeout=5)
        await self._aside.close(self._browsing.dispose())
        await self.engine.dispose()

    def _begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        # In a task of its own: a caller that goes away must never hand a half-used connection
        # back to the pool, nor undo a commit that is on its way.
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen: its caller may have gone away

    async def _look(self, engine: AsyncEngine, unit: Any, args: Any, kwargs: Any) -> Any:
        for attempt in range(_ATTEMPTS):
            try:
                async with _connection(engine) as conn:
                    return await conn.run_sync(_reading, unit, args, kwargs)
            except TROUBLE as error:
                if attempt + 1 == _ATTEMPTS or not _repeatable(error, broken_is_safe=True):
                    raise translated(error) from error
                await _pause(attempt)
        raise AssertionError("unreachable")

    async def _write(self, unit: Any, args: Any, kwargs: Any) -> Any:
        for attempt in range(_ATTEMPTS):
            committing = False
            try:
                async with _connection(self.engine) as conn:
                    result, hooks = await conn.run_sync(_hooked, unit, args, kwargs)
                    committing = True
                    await conn.commit()
            except TROUBLE as error:
                again = _repeatable(error, broken_is_safe=not committing)
                if attempt + 1 == _ATTEMPTS or not again:
                    raise translated(error) from error
                await _pause(attempt)
            else:
                run_hooks(hooks)
                return result
        raise AssertionError("unreachable")


@asynccontextmanager
async def _connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with engine.connect() as conn:
        try:
            yield conn
        except (TimeoutError, OSError):
            # Rolling back politely would wait for the same silence once more.
            await conn.invalidate()
            raise


async def _pause(attempt: int) -> None:
    # Those who met in a deadlock should not meet again.
    await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - no secret


def _reading(conn: Connection, unit: Any, args: Any, kwargs: Any) -> Any:
    end_hooks(conn)  # the pool's connections also write
    return run_unit(conn, unit, args, kwargs)


def _hooked(conn: Connection, unit: Any, args: Any, kwargs: Any) -> Any:
    hooks = start_hooks(conn)
    return run_unit(conn, unit, args, kwargs), hooks


def address(url: str) -> URL:
    """Read the address of a PostgreSQL database; ValueError, not quoting it, when it is none."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            try:
                return make_url("postgresql+asyncpg://" + url.removeprefix(prefix))
            except (ArgumentError, ValueError):
                break
    raise ValueError("must be like postgresql://user:password@host:5432/database")


def make_async_engine(url: str, pool: int, *, hurried: bool = True) -> AsyncEngine:
    """Make the engine; every connection attempt and, if `hurried`, every command has a deadline."""
    deadlines: dict[str, Any] = {"timeout": 3}
    told = {"application_name": "parlour"}
    if hurried:
        deadlines["command_timeout"] = _COMMAND_DEADLINE
        told["statement_timeout"] = str(_COMMAND_DEADLINE * 1000)
    return create_async_engine(
        address(url),
        pool_size=pool,
        max_overflow=0,
        pool_timeout=3,
        pool_recycle=1800,
        json_serializer=dump_json,
        json_deserializer=orjson.loads,
        hide_parameters=True,  # they are what people wrote
        connect_args={**deadlines, "server_settings": told},
    )


def _repeatable(error: Exception, *, broken_is_safe: bool) -> bool:
    if isinstance(error, DBAPIError):
        return _code(error) in _AGAIN or (error.connection_invalidated and broken_is_safe)
    return False


def translated(error: Exception) -> Exception:
    """Turn what the engine says into an error that a caller can act on."""
    if isinstance(error, IntegrityError):
        return error
    if isinstance(error, DBAPIError):
        code = _code(error)
        if code in _FULL:
            return StorageFull("the database server has no room left")
        if code == _NUL:
            return Invalid("it holds a character that no text may hold")
        if code == "25006":
            return Unavailable("the database accepts no changes just now", retry_after=5)
        if not (error.connection_invalidated or code[:2] in {"08", "57", "53", "55", "40", "28"}):
            return error
    return Unavailable("the database cannot be reached just now", retry_after=5)


def _code(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")


async def connected(engine: AsyncEngine) -> AsyncConnection:
    """Connect; Unavailable when that does not work."""
    try:
        return await engine.connect()
    except TROUBLE as error:
        raise translated(error) from error


async def run_alone(url: str, call: Any, *, tries: int = 1) -> Any:
    """Run `call(conn)` in a transaction on a connection of its own: for migrations.

    It may take as long as it takes. With several `tries` it is run again where it met others in a
    deadlock. Unavailable: the server cannot be reached, or goes away meanwhile; what `call` itself
    raises is passed on as it is.
    """
    engine = make_async_engine(url, 1, hurried=False)
    try:
        for left in range(tries - 1, -1, -1):
            conn = await connected(engine)
            try:
                return await _committed(conn, call)
            except DBAPIError as error:
                if not left or _code(error) not in _AGAIN:
                    raise translated(error) from error
            finally:
                await conn.close()
            await _pause(_ATTEMPTS)
        raise AssertionError("unreachable")
    finally:
        await engine.dispose()


async def run_aside(url: str, statement: str) -> None:
    """Run a statement that goes into no transaction, on a connection of its own."""
    engine = make_async_engine(url, 1, hurried=False)
    try:
        conn = await connected(engine)
        try:
            apart = await conn.execution_options(isolation_level="AUTOCOMMIT")
            await apart.exec_driver_sql(statement)
        except DBAPIError as error:
            raise translated(error) from error
        finally:
            await conn.close()
    finally:
        await engine.dispose()


async def _committed(conn: AsyncConnection, call: Any) -> Any:
    result = await conn.run_sync(call)
    try:
        await conn.commit()
    except TROUBLE as error:
        raise translated(error) from error
    return result
