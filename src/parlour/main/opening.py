"""Building the tools of a process on its database, and putting them away."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

from parlour import workspaces
from parlour.config import Settings
from parlour.kit import instance
from parlour.kit.bus import open_bus
from parlour.kit.db import migrate, open_database
from parlour.kit.errors import Unavailable
from parlour.kit.http import GuardedClient
from parlour.kit.limits import open_limits
from parlour.kit.mail import Mailer
from parlour.kit.queue import Queue
from parlour.kit.steady import TRUSTED, SteadyClock, latest
from parlour.kit.tokens import Keyring
from parlour.tools import Tools


async def upgraded(settings: Settings) -> bool:
    """Bring the database up to date, making it and its key when new; whether anything changed.

    Raises:
        Unavailable: the database or the keys cannot be had. NewerSchema: it is a later version's.
    """
    return (await _prepared(settings, only_new=False))[1]


@contextlib.asynccontextmanager
async def opened(settings: Settings, *, upgrade: bool = False) -> AsyncIterator[Tools]:
    """Build the tools and put them away after. What is not there at all yet is made.

    With `upgrade` an older database is brought up to date first; only what serves does so,
    because others may still be serving the older one.

    Raises:
        Unavailable: the database or the keys cannot be had, or the database must be migrated.
        NewerSchema: it is a later version's.
    """
    keys, _ = await _prepared(settings, only_new=not upgrade)
    async with _built(settings, keys) as tools:
        await tools.db.write(instance.check_keys, keys)
        await _set_right(tools)
        await workspaces.meet_all(tools)
        await tools.bus.start()
        await tools.limits.start()
        yield tools


async def _set_right(tools: Tools) -> None:
    """Go on from where the processes before this one were, if the machine's clock was set back."""
    mark = await tools.db.read(latest)
    if mark is not None and isinstance(tools.clock, SteadyClock):
        tools.clock.lift(mark, TRUSTED)


@contextlib.asynccontextmanager
async def looking(settings: Settings) -> AsyncIterator[Tools]:
    """Build the tools for somebody who only looks: nothing is made, marked or announced.

    Unavailable: the database or the keys are not there, or not of this version.
    """
    keys = instance.present_keys(settings.data_dir, settings.secret_key)
    if keys is None:
        raise Unavailable(f"there is no secret key in {settings.data_dir}")
    async with _built(replace(settings, redis_url=""), keys) as tools:
        yield tools


async def _prepared(settings: Settings, *, only_new: bool) -> tuple[Keyring, bool]:
    path = None if settings.database_url else settings.sqlite_path
    async with instance.beginning(settings.data_dir, settings.secret_key, path):
        keys = instance.keyring(settings.data_dir, settings.secret_key, path)
        url, file = settings.database_url, settings.sqlite_path
        return keys, await migrate(url, file, only_new=only_new)


@contextlib.asynccontextmanager
async def _built(settings: Settings, keys: Keyring) -> AsyncIterator[Tools]:
    db = await open_database(settings.database_url, settings.sqlite_path)
    clock = SteadyClock()
    bus = open_bus(settings.redis_url)
    queue = Queue(db, clock, lease_seconds=settings.lease_seconds, workers=settings.workers)
    http = GuardedClient(settings)
    mail = Mailer(settings.smtp_url, settings.mail_from, terminal=settings.is_at_home)
    limits = open_limits(settings.redis_url)
    try:
        yield Tools(
            settings=settings,
            clock=clock,
            keys=keys,
            db=db,
            queue=queue,
            bus=bus,
            http=http,
            mail=mail,
            limits=limits,
        )
    finally:
        await http.close()
        await limits.close()
        await bus.close()
        await db.close()
