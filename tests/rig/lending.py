"""PostgreSQL databases that are lent to one test after the other, each as good as new."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import asyncpg

T = TypeVar("T")

_TOO_BIG = 256 * 1024
"""Bytes that a table may have grown to: rows that were deleted still take their place in it."""

_HANG_UP = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""

_MARK = """
SELECT string_agg(kind || told, ' ' ORDER BY kind, told) AS mark FROM (
    SELECT 'class ' AS kind, format('%s %s %s', oid, xmin, reltuples) AS told FROM pg_class
    WHERE relkind IN ('r', 'v', 'm') AND relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'column ', format('%s %s', count(*), max(xmin::text::bigint)) FROM pg_attribute
    UNION ALL
    SELECT 'index ', format('%s %s', count(*), max(xmin::text::bigint)) FROM pg_index
    UNION ALL
    SELECT 'rule ', format('%s %s', count(*), max(xmin::text::bigint)) FROM pg_constraint
    UNION ALL
    SELECT 'trigger ', format('%s %s', count(*), max(xmin::text::bigint)) FROM pg_trigger
    UNION ALL
    SELECT 'function ', format('%s %s', count(*), max(xmin::text::bigint)) FROM pg_proc
    UNION ALL
    SELECT 'revision ', version_num FROM alembic_version
) everything
"""
"""What a database is made of, and what its planner knows: of its rows only the schema's number."""

_TABLES = """
SELECT format('%I', relname) AS name, pg_relation_size(oid) AS size FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
"""

_COUNT_ANEW = "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"


class Lent:
    """A copy of a template in which the schema's number is the only row."""

    def __init__(self, name: str, url: Callable[[str], str]) -> None:
        self.name = name
        # Rows go without the triggers that keep them, and in any order.
        self._clerk = Clerk(url(name), session_replication_role="replica")
        self._mark = self._clerk.ask(_MARK)
        filled = [row["name"] for row in self._clerk.ask(_TABLES) if row["size"]]
        assert not filled, f"a migration fills {filled}: tidying would empty them"

    def tidy(self) -> bool:
        """Empty it; False when it cannot be used again, and is let go of."""
        self._clerk.run(_HANG_UP)
        used = [row for row in self._clerk.ask(_TABLES) if row["size"]]
        if self._clerk.ask(_MARK) != self._mark or any(row["size"] > _TOO_BIG for row in used):
            self.close()
            return False
        emptied = [f"DELETE FROM {row['name']}" for row in used]
        self._clerk.run(";".join([*emptied, _COUNT_ANEW]))
        return True

    def close(self) -> None:
        """Hang up."""
        self._clerk.close()


class Clerk:
    """One administrator's connection, on a loop of its own so that any test may use it."""

    def __init__(self, url: str, **settings: str) -> None:
        self._url = url
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._connection: asyncpg.Connection | None = None

    def run(self, *statements: str) -> None:
        """Run statements, which are one transaction when there are several in one."""
        for sql in statements:
            self._call(self._run(sql))

    def ask(self, sql: str) -> list[asyncpg.Record]:
        """Return the rows of a query."""
        return self._call(self._ask(sql))

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _run(self, sql: str) -> None:
        await (await self._connected()).execute(sql)

    async def _ask(self, sql: str) -> list[asyncpg.Record]:
        found: list[asyncpg.Record] = await (await self._connected()).fetch(sql)
        return found

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._url, server_settings=self._settings)
        return self._connection

    def forget(self) -> None:
        """Let go of the connection, whose server is about to go."""
        self._call(self._close())
        self._connection = None

    def close(self) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _close(self) -> None:
        if self._connection is not None:
            await self._connection.close(timeout=30)
