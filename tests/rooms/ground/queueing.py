"""What the queue's tests share: a handler that remembers, and rows made by hand."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import sqlalchemy as sa

from parlour.kit.clock import MINUTE, SystemClock
from parlour.kit.queue import (
    Job,
    Queue,
    rows,
)
from tests.rig.waiting import PATIENCE
from tests.rooms.ground.conftest import House, until


class Seen:
    """A handler that remembers its jobs and does what it is told."""

    def __init__(self, *deeds: BaseException | Callable[[Job], Awaitable[None]] | None) -> None:
        self.jobs: list[Job] = []
        self.ended: asyncio.Queue[Job] = asyncio.Queue()
        self._deeds = list(deeds)

    async def __call__(self, job: Job) -> None:
        self.jobs.append(job)
        deed = self._deeds.pop(0) if self._deeds else None
        try:
            if isinstance(deed, BaseException):
                raise deed
            if deed is not None:
                await deed(job)
        finally:
            self.ended.put_nowait(job)

    async def next(self) -> Job:
        return await asyncio.wait_for(self.ended.get(), PATIENCE)


async def put(house: House, queue: Queue, name: str = "work", **more: Any) -> bool:
    added = await house.db.write(queue.enqueue, name, more.pop("payload", {}), **more)
    return added is not None


async def gone(house: House) -> None:
    async def empty() -> bool:
        return not await house.rows()

    await until(empty)


def has(things: list[Any], count: int) -> bool:
    return len(things) == count


def row(id_: str, now: int, **more: Any) -> dict[str, Any]:
    free: dict[str, Any] = {"key": None, "payload": {}, "failures": 0, "epoch": 0}
    return {"id": id_, "name": "work", "created_at": now, "due": now, "owner": None, **free, **more}


def take_over(conn: sa.Connection, job: str) -> None:
    taken = {"owner": "own_rival", "epoch": 2, "due": SystemClock().now() + MINUTE}
    conn.execute(sa.update(rows.jobs).where(rows.jobs.c.id == job).values(**taken))
