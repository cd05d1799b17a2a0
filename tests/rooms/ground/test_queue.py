"""The queue: jobs run once, again after a failure, and never on two leases at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from parlour.kit.clock import MINUTE, SetClock, SystemClock
from parlour.kit.db import after_commit
from parlour.kit.errors import Unavailable
from parlour.kit.queue import (
    DRAINING,
    LEASE_LOST,
    GivenUp,
    Job,
    Queue,
    counts,
    forget_dead,
    rows,
)
from tests.rig.waiting import eventually
from tests.rooms.ground.conftest import House, until

T0 = 1_800_000_000_000


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
        return await asyncio.wait_for(self.ended.get(), 10)


async def put(house: House, queue: Queue, name: str = "work", **more: Any) -> bool:
    return await house.db.write(queue.enqueue, name, more.pop("payload", {}), **more)


async def gone(house: House) -> None:
    async def empty() -> bool:
        return not await house.rows()

    await until(empty)


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


async def test_a_job_for_others_is_announced_after_the_commit(house: House) -> None:
    front, back, seen = house.queue(), house.queue(own=True), Seen()
    front.on_enqueue.append(back.wake)
    back.handle("work", seen)
    await back.start()
    await asyncio.sleep(0.05)  # the first look is over: only the announcement can be this quick
    began = asyncio.get_running_loop().time()
    await put(house, front)
    await seen.next()
    assert asyncio.get_running_loop().time() - began < 0.8
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


async def test_a_job_for_soon_begins_in_time_without_being_polled_for(house: House) -> None:
    queue, seen = house.queue(), Seen()
    queue.handle("work", seen)
    await queue.start()
    due = SystemClock().now() + 300
    await put(house, queue, run_at=due)
    await seen.next()
    assert -20 <= SystemClock().now() - due < 500


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
    assert "test_queue.py" in row.error
    assert "hunter2" not in row.error
    # Its key is free again, and it can be forgotten.
    assert await put(house, queue, key="k", run_at=SystemClock().now() + MINUTE)
    assert await house.db.write(forget_dead, SystemClock().now() + 1) == 1
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
    job = _row("job_doomed", clock.now(), epoch=kills, payload={"of": "turn"})
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
        wait = (row.due - clock.now()) / 1000
        assert low - 1 <= wait <= high + 1
        clock.moment = row.due + 1
        queue.wake()
    assert (await seen.next()).attempt == 5


async def test_a_killed_process_s_jobs_resume_at_once_when_started_alone(house: House) -> None:
    """CRH-15, CRH-19: on SQLite, whoever starts knows that nobody else is there."""
    now = SystemClock().now()
    [row] = [_row("job_dead1", now, owner="own_killed", due=now + 60 * MINUTE, epoch=1)]
    await house.db.write(rows.insert, row)
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
        rows.insert, _row("job_dead1", now, owner="own_killed", due=now + 500, epoch=1)
    )
    queue, seen = house.queue(), Seen()
    queue.handle("work", seen)
    await queue.start()
    await seen.next()
    assert SystemClock().now() - now >= 450
    await gone(house)


async def test_a_job_that_kills_its_process_each_time_is_given_up(house: House) -> None:
    now = SystemClock().now()
    await house.db.write(rows.insert, _row("job_killer", now, owner="own_x", due=now, epoch=21))
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

    queue, rival = house.queue(lease=0.6), house.queue(lease=0.6, own=True)
    seen, stolen = Seen(held), Seen()
    queue.handle("work", seen)
    rival.handle("work", stolen)
    await queue.start()
    await put(house, queue)
    await rival.start()
    for _ in range(8):
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

    queue, seen = house.queue(lease=0.6), Seen(held)
    queue.handle("work", seen)
    await queue.start()
    await put(house, queue)
    await eventually(lambda: seen.jobs)
    job = seen.jobs[0]
    # Another process found the lease lapsed and took it.
    await house.db.write(_take_over, job.id)
    assert await asyncio.wait_for(reasons.get(), 5) == LEASE_LOST
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
    await house.db.write(_take_over, seen.jobs[0].id)
    go.set()
    await eventually(lambda: queue.running == 0)
    [row] = await house.rows()
    assert (row.owner, row.epoch) == ("own_rival", 2)


async def test_a_clock_that_jumps_ahead_does_not_run_a_job_twice(house: House) -> None:
    hold = asyncio.Event()

    async def held(_job: Job) -> None:
        await hold.wait()

    clock = SetClock(SystemClock().now())
    queue, seen = house.queue(clock, lease=1), Seen(held)
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
    now, most = 0, 0

    async def work(_job: Job) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
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
    monkeypatch.setattr("parlour.kit.queue.worker._POLL", 60.0)
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
    for n in range(2, 5):
        clock.forward(MINUTE)
        for queue in queues:
            queue.wake()
        await eventually(partial(_has, ran, n))
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
    await queue.drain(0.3)
    assert reasons == [DRAINING]
    left = await house.rows()
    assert [(row.payload["n"], row.owner, row.failures) for row in left] == [
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
    await asyncio.wait_for(queue.drain(0.05), 5)
    assert [row.owner for row in await house.rows()] == [None]
    release.set()
    await seen.next()


async def test_jobs_are_counted(house: House) -> None:
    now = SystemClock().now()
    queue = house.queue()
    await put(house, queue, run_at=now - 5_000)
    await put(house, queue, run_at=now + MINUTE)
    await house.db.write(rows.insert, _row("job_held", now, owner="own_x", due=now + 1, epoch=1))
    seen = await house.db.read(counts, now)
    assert (seen.waiting, seen.running, seen.dead) == (2, 1, 0)
    assert seen.oldest_due == now - 5_000


def _has(things: list[Any], count: int) -> bool:
    return len(things) == count


def _row(id_: str, now: int, **more: Any) -> dict[str, Any]:
    free: dict[str, Any] = {"key": None, "payload": {}, "failures": 0, "epoch": 0}
    return {"id": id_, "name": "work", "created_at": now, "due": now, "owner": None, **free, **more}


def _take_over(conn: sa.Connection, job: str) -> None:
    taken = {"owner": "own_rival", "epoch": 2, "due": SystemClock().now() + MINUTE}
    conn.execute(sa.update(rows.jobs).where(rows.jobs.c.id == job).values(**taken))
