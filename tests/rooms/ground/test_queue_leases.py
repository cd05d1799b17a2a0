"""Who may run a job: leases held, lost, fenced and given back; clocks; drains."""

import asyncio
from functools import partial

import pytest
import sqlalchemy as sa

from parlour.kit.clock import MINUTE, SetClock, SystemClock
from parlour.kit.queue import (
    DRAINING,
    LEASE_LOST,
    Job,
    counts,
    rows,
)
from tests.rig.waiting import PATIENCE, eventually
from tests.rooms.ground.conftest import House, until
from tests.rooms.ground.queueing import Seen, gone, has, put, row, take_over

T0 = 1_800_000_000_000


async def test_a_killed_process_s_jobs_resume_at_once_when_started_alone(house: House) -> None:
    """CRH-15, CRH-19: on SQLite, whoever starts knows that nobody else is there."""
    now = SystemClock().now()
    [dead] = [row("job_dead1", now, owner="own_killed", due=now + 60 * MINUTE, epoch=1)]
    await house.db.write(rows.insert, dead)
    queue, seen = house.queue(), Seen()
    queue.handle("work", seen)
    await queue.start(alone=True)
    job = await seen.next()
    assert (job.id, job.attempt, job.epoch) == ("job_dead1", 1, 2)
    await gone(house)


async def test_a_killed_process_s_lease_lapses(house: House) -> None:
    """CRH-15, CRH-19."""
    now = SystemClock().now()
    await house.db.write(
        rows.insert, row("job_dead1", now, owner="own_killed", due=now + 500, epoch=1)
    )
    queue, seen = house.queue(), Seen()
    queue.handle("work", seen)
    await queue.start()
    await seen.next()
    assert SystemClock().now() - now >= 450
    await gone(house)


async def test_a_job_that_kills_its_process_each_time_is_given_up(house: House) -> None:
    now = SystemClock().now()
    await house.db.write(rows.insert, row("job_killer", now, owner="own_x", due=now, epoch=21))
    queue, seen = house.queue(), Seen()
    queue.handle("work", seen)
    await queue.start()

    async def error() -> str:
        return str((await house.rows())[0].error or "")

    assert "died or stalled 21 times" in await until(error)
    assert not seen.jobs


async def test_a_held_lease_is_renewed(house: House) -> None:
    hold = asyncio.Event()

    async def held(_job: Job) -> None:
        await hold.wait()

    queue, rival = house.queue(lease=2), house.queue(lease=2, own=True)
    seen, stolen = Seen(held), Seen()
    queue.handle("work", seen)
    rival.handle("work", stolen)
    await queue.start()
    await put(house, queue)
    await rival.start()
    for _ in range(10):
        rival.wake()
        await asyncio.sleep(0.25)
    hold.set()
    await gone(house)
    assert not stolen.jobs


async def test_who_lost_the_lease_is_told_and_fenced(house: House) -> None:
    """CRH-16: a process that slept too long can finish nothing."""
    reasons: asyncio.Queue[str] = asyncio.Queue()

    async def held(_job: Job) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            reasons.put_nowait(error.args[0])
            raise

    queue, seen = house.queue(lease=2), Seen(held)
    queue.handle("work", seen)
    await queue.start()
    await put(house, queue)
    await eventually(lambda: seen.jobs)
    job = seen.jobs[0]
    # Another process found the lease lapsed and took it.
    await house.db.write(take_over, job.id)
    assert await asyncio.wait_for(reasons.get(), PATIENCE) == LEASE_LOST
    await eventually(lambda: queue.running == 0)
    [row] = await house.rows()
    assert (row.owner, row.epoch, row.failures) == ("own_rival", 2, 0)


async def test_a_late_end_is_not_written_over_a_newer_lease(house: House) -> None:
    """CRH-16."""
    go = asyncio.Event()

    async def held(_job: Job) -> None:
        await go.wait()

    queue, seen = house.queue(lease=60), Seen(held)
    queue.handle("work", seen)
    await queue.start()
    await put(house, queue)
    await eventually(lambda: seen.jobs)
    await house.db.write(take_over, seen.jobs[0].id)
    go.set()
    await eventually(lambda: queue.running == 0)
    [row] = await house.rows()
    assert (row.owner, row.epoch) == ("own_rival", 2)


async def test_a_clock_that_jumps_ahead_does_not_run_a_job_twice(house: House) -> None:
    hold = asyncio.Event()

    async def held(_job: Job) -> None:
        await hold.wait()

    clock = SetClock(SystemClock().now())
    queue, seen = house.queue(clock, lease=3), Seen(held)
    queue.handle("work", seen)
    await queue.start()
    await put(house, queue)
    await eventually(lambda: seen.jobs)
    before = (await house.rows())[0].due
    clock.forward(10 * MINUTE)
    for _ in range(5):
        queue.wake()
        await asyncio.sleep(0.02)

    async def renewed() -> bool:
        return bool((await house.rows())[0].due > before + 9 * MINUTE)

    await until(renewed)
    hold.set()
    await gone(house)
    assert len(seen.jobs) == 1


async def test_two_processes_share_the_jobs_and_no_job_runs_twice(house: House) -> None:
    queues = [house.queue(workers=4, own=True) for _ in range(3)]
    ran: list[str] = []

    async def work(job: Job) -> None:
        await asyncio.sleep(0.001)
        ran.append(job.id)

    maker = house.queue()
    for _ in range(150):
        await put(house, maker)
    for queue in queues:
        queue.handle("work", work)
        await queue.start()
    await gone(house)
    assert len(ran) == len(set(ran)) == 150


async def test_no_more_jobs_at_a_time_than_workers(house: House) -> None:
    now, most, full = 0, 0, asyncio.Event()

    async def work(_job: Job) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        if now == 3:
            full.set()
        await full.wait()  # the first ones, until there are as many as may be
        await asyncio.sleep(0.002)
        now -= 1

    queue = house.queue(workers=3)
    queue.handle("work", work)
    await queue.start()
    await asyncio.gather(*(put(house, queue) for _ in range(60)))
    await gone(house)
    assert most == 3


async def test_what_had_no_room_begins_as_soon_as_there_is_some(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only at the next look by the clock."""
    release = asyncio.Event()

    async def held(_job: Job) -> None:
        await release.wait()

    queue, seen = house.queue(workers=1), Seen(held)
    queue.handle("work", seen)
    await queue.start()
    await put(house, queue, payload={"n": 1})
    await eventually(lambda: seen.jobs)
    monkeypatch.setattr("parlour.kit.queue.worker._POLL", 3600.0)
    await asyncio.sleep(1.1)  # the look that began with the shorter pause is over
    await put(house, queue, payload={"n": 2})
    await asyncio.sleep(0.1)  # it has been looked for, and there was no room
    release.set()
    assert [(await seen.next()).payload["n"] for _ in range(2)] == [1, 2]


async def test_clock_jobs_are_enqueued_once_per_slot_over_all_processes(house: House) -> None:
    clock = SetClock(T0)
    ran: list[int] = []

    async def work(_job: Job) -> None:
        ran.append(clock.now())

    queues = [house.queue(clock, own=True) for _ in range(3)]
    for queue in queues:
        queue.handle("tidy", work)
        queue.every("tidy", 60)
        await queue.start()
    await eventually(lambda: len(ran) == 1)
    await gone(house)  # one that has not ended yet is not begun again in the next slot
    for n in range(2, 5):
        clock.forward(MINUTE)
        for queue in queues:
            queue.wake()
        await eventually(partial(has, ran, n))
        await gone(house)
    # After a long sleep once, not once for each slot slept through.
    clock.forward(600 * MINUTE)
    for queue in queues:
        queue.wake()
    await eventually(lambda: len(ran) == 5)
    await gone(house)
    assert len(ran) == 5


async def test_clock_jobs_bear_a_clock_that_is_set_back(house: House) -> None:
    def strike(conn: sa.Connection, slot: int) -> bool:
        return rows.take_slot(conn, "tidy", slot, slack=2)

    assert await house.db.write(strike, 1000)
    assert not await house.db.write(strike, 1000)
    assert not await house.db.write(strike, 999)  # another process's clock, a little behind
    assert await house.db.write(strike, 9_000_000)  # a clock gone mad
    assert await house.db.write(strike, 1001)  # and set right again
    assert not await house.db.write(strike, 1001)


async def test_a_clock_job_still_running_is_not_started_again(house: House) -> None:
    hold = asyncio.Event()

    async def held(_job: Job) -> None:
        await hold.wait()

    clock = SetClock(T0)
    queue, seen = house.queue(clock, lease=3600), Seen(held)
    queue.handle("tidy", seen)
    queue.every("tidy", 60)
    await queue.start()
    await eventually(lambda: seen.jobs)

    def slot(conn: sa.Connection) -> int | None:
        return conn.execute(sa.select(rows.job_clocks.c.slot)).scalar()

    before = await house.db.read(slot)
    clock.forward(MINUTE)
    queue.wake()

    async def struck() -> bool:
        return await house.db.read(slot) != before

    await until(struck)
    hold.set()
    await gone(house)
    assert len(seen.jobs) == 1


async def test_draining_waits_for_what_runs_and_gives_back_the_rest(house: House) -> None:
    quick, reasons = asyncio.Event(), list[str]()

    async def soon(_job: Job) -> None:
        await quick.wait()

    async def never(_job: Job) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            reasons.append(error.args[0])
            raise

    queue, seen = house.queue(workers=2, lease=60), Seen(soon, never)
    queue.handle("work", seen, attempts=1)
    await queue.start()
    await put(house, queue, payload={"n": 1})
    await put(house, queue, payload={"n": 2})
    await eventually(lambda: len(seen.jobs) == 2)
    await put(house, queue, payload={"n": 3})
    asyncio.get_running_loop().call_later(0.05, quick.set)
    await queue.drain(2)
    assert reasons == [DRAINING]
    left = await house.rows()
    assert sorted((row.payload["n"], row.owner, row.failures) for row in left) == [
        (2, None, 0),
        (3, None, 0),
    ]
    # Whoever comes next has them at once.
    heir, heard = house.queue(own=True), Seen()
    heir.handle("work", heard)
    await heir.start()
    assert {(await heard.next()).payload["n"] for _ in range(2)} == {2, 3}


async def test_draining_does_not_wait_for_a_handler_that_will_not_go(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parlour.kit.queue.runs._TIDYING", 0.1)
    release = asyncio.Event()

    async def stubborn(_job: Job) -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    queue, seen = house.queue(lease=60), Seen(stubborn)
    queue.handle("work", seen)
    await queue.start()
    await put(house, queue)
    await eventually(lambda: seen.jobs)
    await asyncio.wait_for(queue.drain(0.05), PATIENCE)
    assert [row.owner for row in await house.rows()] == [None]
    release.set()
    await seen.next()


async def test_jobs_are_counted(house: House) -> None:
    now = SystemClock().now()
    queue = house.queue()
    await put(house, queue, run_at=now - 5_000)
    await put(house, queue, run_at=now + MINUTE)
    await house.db.write(rows.insert, row("job_held", now, owner="own_x", due=now + 1, epoch=1))
    seen = await house.db.read(counts, now)
    assert (seen.waiting, seen.running, seen.dead) == (2, 1, 0)
    assert seen.oldest_due == now - 5_000
