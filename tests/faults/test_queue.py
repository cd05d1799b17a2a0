"""The queue when its process is killed, frozen, or loses the database."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from parlour.kit.clock import SystemClock
from parlour.kit.db import Database
from parlour.kit.errors import Unavailable
from parlour.kit.queue import Job, Queue, rows
from tests.rig.processes import Program
from tests.rig.scratch import scratch
from tests.rig.services import Postgres
from tests.rig.storage import POSTGRES, Storage
from tests.rig.waiting import PATIENCE, eventually

pytestmark = pytest.mark.faults

marks = sa.Table(
    "marks",
    rows.jobs.metadata,
    sa.Column("at", sa.Integer, primary_key=True),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    info={"test": True},
)
rows.jobs.metadata.remove(marks)  # it is no table of the program
TABLES = [rows.jobs, rows.job_clocks]

WORKER = """
import asyncio, sys
from pathlib import Path
import sqlalchemy as sa
from parlour.kit.clock import SystemClock
from parlour.kit.queue import Queue
from tests.rig.scratch import reopened

async def main():
    url, path, pace = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    db = reopened(url, path)
    queue = Queue(db, SystemClock(), lease_seconds=3, workers=8)

    def mark(conn, job):
        conn.execute(sa.text("INSERT INTO marks (n, epoch) VALUES (:n, :e)"),
                     {"n": job.payload["n"], "e": job.epoch})

    async def work(job):
        await asyncio.sleep(pace)
        await db.write(mark, job)

    queue.handle("work", work, attempts=3)
    await queue.start(alone=not url)
    print("started", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
async def db(empty_storage: Storage) -> AsyncIterator[Database]:
    url, path = empty_storage.database_url, empty_storage.sqlite_path
    serial = "SERIAL" if url else "INTEGER"
    async with scratch(url, path, TABLES) as database:
        await database.write(
            lambda conn: conn.execute(
                sa.text(f"CREATE TABLE marks (at {serial} PRIMARY KEY, n INTEGER, epoch INTEGER)")
            )
        )
        yield database


def worker(storage: Storage, pace: float) -> Program:
    options = (storage.database_url, storage.sqlite_path, str(pace))
    program = Program(
        [sys.executable, "-c", WORKER, *options], env=dict(os.environ), cwd=Path.cwd()
    )
    program.wait_for("started", within=60)
    return program


def enqueue_many(conn: sa.Connection, queue: Queue, count: int) -> None:
    for n in range(count):
        queue.enqueue(conn, "work", {"n": n})


async def left(db: Database) -> int:
    def read(conn: sa.Connection) -> int:
        return int(conn.execute(sa.select(sa.func.count()).select_from(rows.jobs)).scalar_one())

    return await db.read(read)


async def done(db: Database) -> list[Any]:
    return await db.read(lambda conn: list(conn.execute(sa.text("SELECT n, epoch FROM marks"))))


@pytest.mark.long
async def test_kill_9_loses_no_job(db: Database, empty_storage: Storage) -> None:
    """CRH-01, CRH-15: killed again and again, every job is run; the same process or another."""
    maker = Queue(db, SystemClock(), lease_seconds=3, workers=1)
    await db.write(enqueue_many, maker, 400)
    for _ in range(4):
        program = worker(empty_storage, 0.1)
        before = len(await done(db))

        async def moved(before: int = before) -> bool:
            return len(await done(db)) >= before + 8

        await eventually(moved)
        program.kill9()
    program = worker(empty_storage, 0)

    async def empty() -> bool:
        return await left(db) == 0

    await eventually(empty, within=60)
    program.kill9()
    ran = [row.n for row in await done(db)]
    assert set(ran) == set(range(400))
    # Once each, but for those that were being run at one of four moments.
    assert len(ran) - 400 <= 4 * 8


@pytest.mark.long
@pytest.mark.only_on(POSTGRES)  # SQLite has one process, and nobody to take over from it
async def test_a_frozen_worker_is_replaced_and_fenced(db: Database, empty_storage: Storage) -> None:
    """CRH-16."""
    maker = Queue(db, SystemClock(), lease_seconds=3, workers=1)
    first = worker(empty_storage, 4.0)
    await db.write(enqueue_many, maker, 4)

    async def held() -> bool:
        def read(conn: sa.Connection) -> int:
            mine = sa.select(sa.func.count()).where(rows.jobs.c.owner.is_not(None))
            return int(conn.execute(mine).scalar_one())

        return await db.read(read) == 4

    await eventually(held)
    os.kill(first.pid, signal.SIGSTOP)
    second = worker(empty_storage, 0.01)

    async def empty() -> bool:
        return await left(db) == 0

    await eventually(empty, within=60)
    os.kill(first.pid, signal.SIGCONT)
    await asyncio.sleep(4)
    assert first.process.poll() is None
    ran = await done(db)
    assert sorted(row.n for row in ran if row.epoch == 2) == [0, 1, 2, 3]
    assert await left(db) == 0
    # And it works on, as if nothing had been.
    second.kill9()
    await db.write(enqueue_many, maker, 2)
    await eventually(empty, within=60)
    first.kill9()


async def test_an_outage_of_the_database_loses_no_job(tmp_path: Path) -> None:
    """CRH-04: what ended meanwhile is written down afterwards."""
    server = Postgres(durable=True)
    try:
        url = server.url(server.create())
        async with scratch(url, tmp_path, TABLES) as db:
            queue = Queue(db, SystemClock(), lease_seconds=1.5, workers=8)
            running, go, ran = asyncio.Event(), asyncio.Event(), list[int]()

            async def work(job: Job) -> None:
                running.set()
                await go.wait()
                ran.append(job.payload["n"])

            queue.handle("work", work)
            await queue.start()
            await db.write(enqueue_many, queue, 5)
            await asyncio.wait_for(running.wait(), PATIENCE)
            await asyncio.to_thread(server.crash)
            go.set()
            with pytest.raises(Unavailable):
                await db.write(enqueue_many, queue, 1)
            await asyncio.sleep(2)  # longer than a lease
            server.start_again()  # on this thread: the server dies with the one that started it

            async def empty() -> bool:
                try:
                    return await left(db) == 0
                except Unavailable:
                    return False

            await eventually(empty, within=60)
            assert sorted(ran) == [0, 1, 2, 3, 4]
            await db.write(enqueue_many, queue, 3)
            await eventually(empty, within=60)
            await queue.drain(1)
    finally:
        server.close()
