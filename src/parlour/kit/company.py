"""Who else uses the same PostgreSQL database: many with Redis, or one without, never both."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import structlog

from parlour.kit.errors import Unavailable

if TYPE_CHECKING:
    from parlour.kit.db.locks import HeldLock

log = structlog.get_logger("parlour")

_ONE_PROCESS = 7_241_906_319
"""The advisory lock: held alone without Redis, shared with it; any fixed number serves."""

_CHECK = 2.0
"""Seconds between two looks at whether the lock is still held."""


@contextlib.asynccontextmanager
async def kept(database_url: str, *, shared: bool) -> AsyncIterator[asyncio.Event]:
    """Hold the database's one-process lock, `shared` by all processes that have Redis.

    Without Redis two processes would not hear of each other's replies. A lock whose connection
    broke is taken again; the event that this yields is set when somebody else was faster.

    Raises:
        Unavailable: the lock is held by others who do not fit.
    """
    from parlour.kit.db.locks import HeldLock  # noqa: PLC0415 - SQLite starts sooner

    lock, lost = HeldLock(database_url, _ONE_PROCESS, shared=shared), asyncio.Event()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(lock.close)
        if not await lock.take():
            raise Unavailable(reason(shared=shared))
        watching = asyncio.create_task(_watch(lock, lost), name="process-lock")
        stack.push_async_callback(_ended, watching)
        yield lost


def reason(*, shared: bool) -> str:
    """Say why a process cannot be here beside those who hold the lock."""
    if shared:
        return (
            "a process without PARLOUR_REDIS_URL is using this database: "
            "stop it, or give it the same Redis"
        )
    return "another process is using this database; to run several, set PARLOUR_REDIS_URL"


async def _watch(lock: "HeldLock", lost: asyncio.Event) -> None:
    while True:
        await asyncio.sleep(_CHECK)
        if await lock.still():
            continue
        try:
            taken = await lock.take()
        except Unavailable:
            continue  # nobody else has a database to use either
        if not taken:
            lost.set()
            return
        log.warning("process_lock.taken_again")


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
