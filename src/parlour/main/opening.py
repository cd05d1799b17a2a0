"""Building the tools of a process on a database that is up to date, and putting them away."""

import contextlib
from collections.abc import AsyncIterator

from parlour.config import Settings
from parlour.kit import instance
from parlour.kit.bus import open_bus
from parlour.kit.clock import SystemClock
from parlour.kit.db import migrate, open_database
from parlour.kit.http import GuardedClient
from parlour.kit.queue import Queue
from parlour.tools import Tools


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Tools]:
    """Build the tools on a database that is brought up to date first, and put them away after.

    Raises:
        Unavailable: the database or the keys cannot be had. NewerSchema: it is a later version's.
    """
    path = None if settings.database_url else settings.sqlite_path
    keys = instance.keyring(settings.data_dir, settings.secret_key, path)
    await migrate(settings.database_url, settings.sqlite_path)
    db = await open_database(settings.database_url, settings.sqlite_path)
    clock = SystemClock()
    bus = open_bus(settings.redis_url)
    queue = Queue(db, clock, lease_seconds=settings.lease_seconds, workers=settings.workers)
    http = GuardedClient(settings)
    try:
        await db.write(instance.check_keys, keys)
        await bus.start()
        yield Tools(
            settings=settings, clock=clock, keys=keys, db=db, queue=queue, bus=bus, http=http
        )
    finally:
        await http.close()
        await bus.close()
        await db.close()
