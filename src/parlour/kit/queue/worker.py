"""The queue of one process: it enqueues, claims, renews, retries, and drains."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection

from parlour.kit.clock import Clock, Moment
from parlour.kit.db import Database, after_commit
from parlour.kit.errors import StorageFull, Unavailable
from parlour.kit.observe import traces
from parlour.kit.queue import rows
from parlour.kit.queue.jobs import LEASE_LOST, Burial, Handler, Handling, Job
from parlour.kit.queue.runs import Run, Runs
from parlour.kit.tokens import new_id

log = structlog.get_logger("parlour.queue")

_POLL = 1.0
_CLOCK_CHECK = 30.0
_CLOCK_SLACK = 60_000
"""Milliseconds by which the clocks of processes may disagree about which slot it is."""


class Queue:
    """Jobs as rows. Every job runs at least once, normally once; handlers must bear a repeat.

    A process that is killed keeps its jobs leased for `lease_seconds`; then another process, or
    the same one started again, takes them over. At most `workers` jobs run here at a time.
    """

    def __init__(self, db: Database, clock: Clock, *, lease_seconds: float, workers: int) -> None:
        """Make a queue that enqueues; it runs jobs only after `start`."""
        self.on_enqueue: list[Callable[[], None]] = []
        """Called after the commit of a job that other processes may take: tell them to `wake`."""
        self._db = db
        self._clock = clock
        self._lease = round(lease_seconds * 1000)
        self._owner = new_id("own")
        self._handlings: dict[str, Handling] = {}
        self._clocks: dict[str, int] = {}
        self._slots: dict[str, int] = {}
        self._runs = Runs(db, workers, self._owner, self._now, self.wake)
        self._ahead = 0
        self._open = False
        self._woken = asyncio.Event()
        self._polling: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None

    def handle(
        self,
        name: str,
        handler: Handler,
        *,
        attempts: int = 5,
        backoff: float = 1.0,
        buried: Burial | None = None,
    ) -> None:
        """Say what runs the jobs of a name: before `start`.

        A failure is repeated after `backoff` seconds, then twice that, and so on up to an hour; a
        Problem's `retry_after` is waited for. After `attempts` failures the job is a dead letter,
        also when it was given up; `buried` writes, in the same transaction, what that means.
        """
        self._handlings[name] = Handling(handler, attempts, backoff, buried)

    def every(self, name: str, seconds: float) -> None:
        """Have a job enqueued once per `seconds` over all processes, unless the last still is."""
        self._clocks[name] = round(seconds * 1000)

    @property
    def running(self) -> int:
        """How many jobs this process holds."""
        return len(self._runs)

    def enqueue(
        self,
        conn: Connection,
        name: str,
        payload: dict[str, Any],
        *,
        key: str | None = None,
        run_at: Moment | None = None,
        sooner: bool = False,
    ) -> Job | None:
        """Add a job inside the caller's transaction; it begins after the commit, not before.

        `payload` is plain JSON. With a `key`, nothing is added while a live job has the same key,
        and None is returned; `sooner` has that one begin at this one's time, if it would later.
        With `run_at`, the job waits until then. What is returned has the epoch 1 when this process
        is sure to be the one that begins it, at once; else 0.
        """
        if (trace := traces.carried()) is not None:
            payload = {**payload, "trace": trace}
        now = self._now()
        due = now if run_at is None else run_at + self._ahead
        # Begun here at once, if it can be: that spares a transaction to claim it.
        mine = due <= now and self._open and name in self._handlings and self._runs.room > 0
        job = Job(new_id("job"), name, payload, 1, 1 if mine else 0)
        row = {
            "id": job.id,
            "name": name,
            "key": key,
            "payload": payload,
            "failures": 0,
            "epoch": job.epoch,
            "due": now + self._lease if mine else due,
            "owner": self._owner if mine else None,
            "created_at": now,
        }
        if not rows.insert(conn, row):
            if sooner and key is not None and rows.hurry(conn, key, due):
                after_commit(conn, self._announce)
            return None
        if mine:
            after_commit(conn, partial(self._runs.begin, Run(job, self._handlings[name])))
        elif due <= now + _POLL * 1000:
            after_commit(conn, self._announce)
        return job

    def finish(self, conn: Connection, job: Job) -> None:
        """Finish a job in its handler's last transaction, which spares one of its own."""
        self._runs.finish(conn, job)

    def _announce(self) -> None:
        self.wake()
        for tell in self.on_enqueue:
            tell()

    def wake(self) -> None:
        """Have this process look for jobs now instead of within a second."""
        self._woken.set()

    async def start(self, *, alone: bool = False) -> None:
        """Begin to run jobs. `alone`: no other process is alive, so every lease is free at once."""
        await self._set_clock()
        if alone:
            freed = await self._db.write(rows.free_all, self._now())
            if freed:
                log.info("queue.resumed", jobs=freed)
        self._open = True
        self._polling = asyncio.create_task(self._poll_loop(), name="queue-poll")
        self._renewing = asyncio.create_task(self._renew_loop(), name="queue-renew")

    async def drain(self, seconds: float) -> None:
        """Take no more jobs, let the running ones finish for so long, give back the rest."""
        self._open = False
        self._woken.set()
        if self._polling is not None:
            await asyncio.wait({self._polling}, timeout=max(seconds, 1.0))
        await self._runs.drain(seconds)
        for task in (self._polling, self._renewing):
            if task is not None:
                task.cancel()
                await asyncio.wait({task})

    def _now(self) -> Moment:
        # With a server, its clock decides about leases: those of the processes may disagree.
        return self._clock.now() + self._ahead

    async def _set_clock(self) -> None:
        asked = self._clock.now()
        theirs = await self._db.read(rows.server_time)
        if theirs is not None:
            # The answer's own way counts half: at a busy moment it can take a second.
            self._ahead = theirs - (asked + self._clock.now()) // 2

    async def _poll_loop(self) -> None:
        while self._open:
            self._woken.clear()
            try:
                await self._strike_clocks()
                pause = await self._look()
            except Exception as error:  # noqa: BLE001 - the loop outlives whatever happens
                _complain("queue.poll_failed", error)
                pause = _POLL
            if pause > 0:
                # Not wait_for(): a wake-up must not cost a task.
                timer = asyncio.get_running_loop().call_later(pause, self._woken.set)
                await self._woken.wait()
                timer.cancel()

    async def _look(self) -> float:
        """Claim what is due; return the seconds until looking again makes sense."""
        room = self._runs.room
        if room <= 0:
            self._runs.wanted = True  # nobody looked: whoever ends first looks again
            return _POLL
        self._runs.wanted = False
        now, names = self._now(), list(self._handlings)
        due = await self._db.read(rows.next_due, now + round(_POLL * 1000), names)
        if due is None:
            return _POLL
        if due > now:
            return (due - now) / 1000
        claimed = await self._db.write(
            rows.claim,
            self._owner,
            at=now,
            until=now + self._lease,
            names=names,
            # A clock that jumped makes our own leases look lapsed, until they are renewed.
            held=self._runs.ids(),
            most=room,
        )
        for row in claimed:
            job = Job(row.id, row.name, row.payload, row.failures + 1, row.epoch)
            self._runs.begin(Run(job, self._handlings[row.name]))
        self._runs.wanted = len(claimed) == room
        # Due and yet not to be had: another process is just taking it.
        return 0.1 if not claimed else 0

    async def _strike_clocks(self) -> None:
        now = self._now()
        slots = {name: now // length for name, length in self._clocks.items()}
        new = {name: slot for name, slot in slots.items() if self._slots.get(name) != slot}
        if new:
            await self._db.write(self._enqueue_slots, new)
            self._slots |= new

    def _enqueue_slots(self, conn: Connection, slots: dict[str, int]) -> None:
        for name, slot in slots.items():
            slack = _CLOCK_SLACK // self._clocks[name] + 1
            if rows.take_slot(conn, name, slot, slack):
                self.enqueue(conn, name, {}, key=f"every:{name}")

    async def _renew_loop(self) -> None:
        checked = time.monotonic()
        while True:
            await asyncio.sleep(self._lease / 3000)
            try:
                if time.monotonic() - checked > _CLOCK_CHECK:
                    await self._set_clock()
                    checked = time.monotonic()
                await self._renew()
            except Exception as error:  # noqa: BLE001 - the loop outlives whatever happens
                _complain("queue.renew_failed", error)

    async def _renew(self) -> None:
        held = self._runs.ids()
        if not held:
            return
        until = self._now() + self._lease
        still = await self._db.write(rows.renew, held, self._owner, until)
        for job in held:
            if job not in still:
                self._runs.cancel(job, LEASE_LOST)


def _complain(what: str, error: Exception) -> None:
    if isinstance(error, Unavailable | StorageFull):
        log.warning(what, reason=error.detail)
    else:
        log.error(what, exc_info=error)
