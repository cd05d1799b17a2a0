"""A lock on a PostgreSQL database that a process holds as long as its connection lives."""

from contextlib import suppress

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from parlour.kit.db.postgres import TROUBLE, make_async_engine, translated


class HeldLock:
    """An advisory lock, alone or shared, on a connection of its own."""

    def __init__(self, url: str, number: int, *, shared: bool) -> None:
        """Hold nothing yet. Any number of processes hold a `shared` lock, and then none alone."""
        self._engine = make_async_engine(url, 1)
        self._number = number
        self._taking = "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock"
        self._conn: AsyncConnection | None = None

    async def take(self) -> bool:
        """Try to take it; tells whether it is held now. Unavailable: no server answers."""
        await self._let_go()
        try:
            conn = await self._engine.connect()
            self._conn = await conn.execution_options(isolation_level="AUTOCOMMIT")
            taking = text(f"SELECT {self._taking}(:n)")
            taken = bool((await self._conn.execute(taking, {"n": self._number})).scalar_one())
        except TROUBLE as error:
            await self._let_go()
            raise translated(error) from error
        if not taken:
            await self._let_go()
        return taken

    async def still(self) -> bool:
        """Tell whether it is held without a break since it was taken."""
        if self._conn is None:
            return False
        try:
            await self._conn.execute(text("SELECT 1"))
        except TROUBLE:
            await self._let_go()
            return False
        return True

    async def close(self) -> None:
        """Give it back."""
        await self._let_go()
        await self._engine.dispose()

    async def _let_go(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            # Not back to the pool: the lock goes with its connection.
            with suppress(*TROUBLE):
                await conn.invalidate()
            with suppress(*TROUBLE):
                await conn.close()
