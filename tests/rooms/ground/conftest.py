"""Fixtures of the ground floor's tests: a database without the rooms, and queues on it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import pytest
import sqlalchemy as sa

from parlour.kit.clock import Clock, SystemClock
from parlour.kit.db import Database
from parlour.kit.queue import Queue, rows
from tests.rig.scratch import reopened, scratch
from tests.rig.storage import Storage
from tests.rig.waiting import PATIENCE, eventually

T = TypeVar("T")


async def until(look: Callable[[], Awaitable[T]], *, within: float = PATIENCE) -> T:
    """Ask again and again until the answer is true."""
    return cast("T", await eventually(cast("Callable[[], Any]", look), within=within))


notes = sa.Table(
    "notes",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("text", sa.Text, nullable=False, unique=True),
)


@pytest.fixture
async def noted(empty_storage: Storage) -> AsyncIterator[Database]:
    """A database with a table `notes` and nothing else."""
    async with scratch(empty_storage.database_url, empty_storage.sqlite_path, [notes]) as database:
        yield database


@dataclass
class House:
    """Any number of queues on one database, each with its own connections like a process."""

    storage: Storage
    databases: list[Database]
    queues: list[Queue] = field(default_factory=list)

    @property
    def db(self) -> Database:
        return self.databases[0]

    def queue(
        self, clock: Clock | None = None, *, lease: float = 4, workers: int = 8, own: bool = False
    ) -> Queue:
        db = self.db
        if own:
            db = reopened(self.storage.database_url, self.storage.sqlite_path)
            self.databases.append(db)
        queue = Queue(db, clock or SystemClock(), lease_seconds=lease, workers=workers)
        self.queues.append(queue)
        return queue

    async def rows(self) -> list[Any]:
        def read(conn: sa.Connection) -> list[Any]:
            return list(conn.execute(sa.select(rows.jobs).order_by(rows.jobs.c.created_at)))

        return await self.db.read(read)


@pytest.fixture
async def house(empty_storage: Storage) -> AsyncIterator[House]:
    """A database with the tables of the queue."""
    tables = [rows.jobs, rows.job_clocks]
    url, path = empty_storage.database_url, empty_storage.sqlite_path
    async with scratch(url, path, tables) as database:
        made = House(empty_storage, [database])
        yield made
        for queue in made.queues:
            await queue.drain(0)
        for other in made.databases[1:]:
            await other.close()
