"""The queue: jobs run once, again after a failure, and never on two leases at a time."""

import asyncio
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from parlour.kit.clock import MINUTE, SetClock, SystemClock
from parlour.kit.db import after_commit
from parlour.kit.errors import Unavailable
from parlour.kit.queue import (
    GivenUp,
    Job,
    counts,
    forget_dead,
    rows,
    worker,
)
from tests.rig.waiting import eventually
from tests.rooms.ground.conftest import House, until
from tests.rooms.ground.queueing import Seen, gone, put, row

NEVER = 3600.0
"""Seconds between looks by the clock that no test waits for."""


async def test_a_job_runs_once_and_leaves_nothing(house: House) -> None:
    queue, seen = house.queue(), Seen()
    queue.handle("work", seen)
    await queue.start()
    assert await put(house, queue, payload={"n": [1, "zwei", None]})
    job = await seen.next()
    assert (job.name, job.payload, job.attempt, job.epoch) == (
        "work",
        {"n": [1, "zwei", None]},
        1,
        1,
    )
    await gone(house)
    assert len(seen.jobs) == 1
    await eventually(lambda: queue.running == 0)


async def test_a_job_of_a_rolled_back_transaction_never_was(house: House) -> None:
    queue, seen = house.queue(), Seen()
    queue.handle("work", seen)
    await queue.start()

    def fail(conn: sa.Connection) -> None:
        queue.enqueue(conn, "work", {})
        raise ValueError("changed my mind")

    with pytest.raises(ValueError, match="changed my mind"):
        await house.db.write(fail)
    assert await put(house, queue, payload={"second": True})
    assert (await seen.next()).payload == {"second": True}
    await gone(house)
    assert len(seen.jobs) == 1


async def test_a_job_says_whether_it_is_begun_here_at_once(house: House) -> None:
    front, back, seen = house.queue(), house.queue(own=True), Seen()
    back.handle("work", seen)
    await back.start()
    for queue, epoch in ((front, 0), (back, 1)):
        added = await house.databases[-1].write(queue.enqueue, "work", {})
        assert added is not None
        assert added.epoch == epoch
        assert (await seen.next()).epoch == 1
    await gone(house)


async def test_a_handler_finishes_its_job_in_its_own_transaction(house: House) -> None:
    queue = house.queue()
    left: list[int] = []

    def end(conn: sa.Connection, job: Job, message: str) -> int:
        queue.finish(conn, job)
        if message:
            raise ValueError(message)
        return len(list(conn.execute(sa.select(rows.jobs.c.id))))

    async def work(job: Job) -> None:
        with pytest.raises(ValueError, match="not yet"):
            await house.db.write(end, job, "not yet")
        assert len(await house.rows()) == 1, "what was rolled back is not finished"
        left.append(await house.db.write(end, job, ""))

    queue.handle("work", seen := Seen(work))
    await queue.start()
    await put(house, queue)
    await seen.next()
    assert left == [0]
    await eventually(lambda: queue.running == 0)
    assert not await house.rows()


async def test_a_job_for_others_is_announced_after_the_commit(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_POLL", NEVER)
    front, back, seen = house.queue(), house.queue(own=True), Seen()
    front.on_enqueue.append(back.wake)
    back.handle("work", seen)
    await back.start()
    await asyncio.sleep(0.05)  # the first look is over: only the announcement leads to another
    await put(house, front)
    await seen.next()
    await gone(house)


async def test_a_job_nobody_announced_is_found_by_polling(house: House) -> None:
    front, back, seen = house.queue(), house.queue(own=True), Seen()
    back.handle("work", seen)
    await back.start()
    await put(house, front)
    await seen.next()


async def test_a_job_waits_for_a_process_that_knows_its_name(house: House) -> None:
    queue, seen = house.queue(), Seen()
    queue.handle("work", seen)
    await queue.start()
    await put(house, queue, "of the next version")
    await put(house, queue)
    await seen.next()

    async def alone() -> bool:
        return [row.name for row in await house.rows()] == ["of the next version"]

    await until(alone)


async def test_a_job_for_later_waits(house: House) -> None:
    clock, seen = SetClock(SystemClock().now()), Seen()
    queue = house.queue(clock)
    queue.handle("work", seen)
    await queue.start()
    await put(house, queue, run_at=clock.now() + 10 * MINUTE)
    clock.forward(9 * MINUTE)
    queue.wake()
    await put(house, queue, payload={"now": 1})
    assert (await seen.next()).payload == {"now": 1}
    clock.forward(MINUTE)
    queue.wake()
    assert (await seen.next()).payload == {}


async def test_a_job_for_soon_begins_in_time_without_being_polled_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_POLL", NEVER)
    queue, seen = house.queue(), Seen()
    queue.handle("work", seen)
    await queue.start()
    due = SystemClock().now() + 300
    await put(house, queue, run_at=due)
    await seen.next()
    assert SystemClock().now() >= due - 20, "and not before"


async def test_one_key_has_one_live_job(house: House) -> None:
    hold = asyncio.Event()

    async def held(_job: Job) -> None:
        await hold.wait()

    queue, seen = house.queue(), Seen(held)
    queue.handle("work", seen)
    await queue.start()
    assert await put(house, queue, key="k")
    assert not await put(house, queue, key="k")
    assert await put(house, queue, key="other")
    hold.set()
    await gone(house)
    assert len(seen.jobs) == 2
    assert await put(house, queue, key="k")
    await gone(house)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no"),
        SystemExit(3),
        KeyboardInterrupt(),
        RecursionError(),
        asyncio.CancelledError("of its own"),
        GeneratorExit(),
        MemoryError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_worker_survives_whatever_a_handler_raises(
    house: House, error: BaseException
) -> None:
    """CRH-14."""
    queue, seen = house.queue(), Seen(error)
    queue.handle("work", seen, attempts=2, backoff=0.01)
    await queue.start()
    await put(house, queue)
    assert (await seen.next()).attempt == 1
    again = await seen.next()
    assert (again.attempt, again.epoch) == (2, 2)
    await gone(house)


async def test_endless_recursion_ends_the_job_only(house: House) -> None:
    """CRH-14."""

    async def dig(job: Job) -> None:
        await dig(job)

    queue, seen = house.queue(), Seen(dig)
    queue.handle("work", seen, backoff=0.01)
    await queue.start()
    await put(house, queue)
    await seen.next()
    await seen.next()
    await gone(house)


async def test_a_job_that_keeps_failing_becomes_a_dead_letter(house: House) -> None:
    secret = "postgres://parlour:hunter2@db/x"
    queue, seen = house.queue(), Seen(ValueError("first"), ValueError(secret))
    queue.handle("work", seen, attempts=2, backoff=0.01)
    await queue.start()
    await put(house, queue, key="k")
    await seen.next()
    await seen.next()

    async def dead() -> bool:
        return (await house.db.read(counts, SystemClock().now())).dead == 1

    await until(dead)
    [row] = await house.rows()
    assert (row.failures, row.owner, row.due, row.key) == (2, None, None, None)
    assert "ValueError" in row.error
    assert "queueing.py" in row.error
    assert "hunter2" not in row.error
    # Its key is free again, and it can be forgotten.
    assert await put(house, queue, key="k", run_at=SystemClock().now() + MINUTE)
    assert await house.db.write(forget_dead, row.died_at) == 0
    assert await house.db.write(forget_dead, row.died_at + 1) == 1
    assert [row.key for row in await house.rows()] == ["k"]


async def test_a_handler_can_give_up_at_once(house: House) -> None:
    queue, seen = house.queue(), Seen(GivenUp("the address is gone for good"))
    queue.handle("work", seen, attempts=9)
    await queue.start()
    await put(house, queue)
    await seen.next()

    async def error() -> str:
        return str((await house.rows())[0].error or "")

    assert await until(error) == "given_up: the address is gone for good"
    assert len(seen.jobs) == 1


async def _buried(house: House) -> bool:
    return [row.died_at is not None for row in await house.rows()] == [True]


@pytest.mark.parametrize("kills", [0, 30])
async def test_burying_a_job_changes_what_else_it_means(house: House, kills: int) -> None:
    """By failures or because it kills its process: once, in one transaction, then announced."""
    clock = SystemClock()
    queue, seen, told = house.queue(), Seen(GivenUp("no use")), list[str]()

    def buried(conn: sa.Connection, job: Job) -> None:
        row = conn.execute(sa.select(rows.jobs.c.died_at).where(rows.jobs.c.id == job.id)).one()
        assert row.died_at is not None
        conn.execute(sa.insert(rows.job_clocks), {"name": job.payload["of"], "slot": 1})
        after_commit(conn, lambda: told.append(job.payload["of"]))

    queue.handle("work", seen, buried=buried)
    job = row("job_doomed", clock.now(), epoch=kills, payload={"of": "turn"})
    await house.db.write(rows.insert, job)
    await queue.start()
    await until(partial(_buried, house))
    assert len(seen.jobs) == (0 if kills else 1)

    def left(conn: sa.Connection) -> list[str]:
        return list(conn.execute(sa.select(rows.job_clocks.c.name)).scalars())

    assert await house.db.read(left) == ["turn"]
    await eventually(lambda: told == ["turn"])


async def test_a_failure_that_is_not_the_last_buries_nothing(house: House) -> None:
    queue, seen, told = house.queue(), Seen(ValueError("once")), list[str]()
    queue.handle("work", seen, backoff=0, buried=lambda _conn, job: told.append(job.id))
    await queue.start()
    await put(house, queue)
    await seen.next()
    await seen.next()
    await gone(house)
    assert told == []


async def test_a_burial_that_breaks_does_not_raise_the_dead(house: House) -> None:
    queue, seen = house.queue(), Seen(GivenUp("no use"))

    def buried(conn: sa.Connection, _job: Job) -> None:
        conn.execute(sa.insert(rows.job_clocks), {"name": "half", "slot": 1})
        raise KeyError("broken")

    queue.handle("work", seen, buried=buried)
    await queue.start()
    await put(house, queue)
    await until(partial(_buried, house))

    def half(conn: sa.Connection) -> int:
        return conn.execute(sa.select(sa.func.count()).select_from(rows.job_clocks)).scalar_one()

    assert await house.db.read(half) == 0


async def test_a_failure_waits_longer_each_time_and_as_long_as_it_asks(house: House) -> None:
    clock = SetClock(SystemClock().now())
    failures = [ValueError(), ValueError(), Unavailable("busy", retry_after=120), ValueError()]
    queue, seen = house.queue(clock), Seen(*failures)
    queue.handle("work", seen, attempts=9, backoff=10)
    await queue.start()
    await put(house, queue)
    for low, high in ((7.5, 12.5), (15, 25), (120, 120), (60, 100)):
        failed = await seen.next()

        async def waits(attempt: int = failed.attempt) -> Any:
            [row] = await house.rows()
            return row if row.failures == attempt else None

        row = await until(waits)
        # The server's clock decides, and how far it is ahead is known.
        assert low <= (row.due - clock.now() - queue._ahead) / 1000 <= high
        clock.moment = row.due + 5_000
        queue.wake()
    assert (await seen.next()).attempt == 5
