"""The jobs that one process holds: runs them, settles how they ended, gives back what is left."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection

from parlour.kit.clock import Moment
from parlour.kit.db import Database, after_commit
from parlour.kit.errors import Problem, StorageFull, Unavailable
from parlour.kit.observe import traces
from parlour.kit.observe.metrics import JOB_SECONDS, JOBS_RUN
from parlour.kit.queue import rows
from parlour.kit.queue.jobs import DRAINING, GivenUp, Handling, Job, told

log = structlog.get_logger("parlour.queue")

_MOST_KILLS = 20
"""Times a job may take its process down (or outlive its lease) before it is given up."""

_TIDYING = 3.0
"""Seconds that cancelled handlers get to put their things in order."""


@dataclass(slots=True, eq=False)
class Run:
    """A job that this process holds the lease of."""

    job: Job
    handling: Handling
    epoch: int = 0
    task: asyncio.Task[None] | None = None
    reason: str = ""
    """Why the handler was cancelled, when we did that."""
    settling: bool = False
    finished: bool = False
    """Whether its handler has finished it, in a transaction that is committed."""

    def __post_init__(self) -> None:
        self.epoch = self.job.epoch

    def finish(self) -> None:
        """Take note that the job's row is gone."""
        self.finished = self.settling = True


class Runs:
    """At most `workers` run at a time; what came beyond that waits its turn here, leased."""

    def __init__(
        self,
        db: Database,
        workers: int,
        owner: str,
        now: Callable[[], Moment],
        wake: Callable[[], None],
    ) -> None:
        """Hold nothing yet. `wake` is called when there is room again for jobs that wait."""
        self._db = db
        self._workers = workers
        self._owner = owner
        self._now = now
        self._wake = wake
        self._held: dict[str, Run] = {}
        self._backlog: deque[Run] = deque()
        self._active = 0
        self._open = True
        self.wanted = False
        """Whether more jobs may be due than the last look had room for."""

    def __len__(self) -> int:
        return len(self._held)

    @property
    def room(self) -> int:
        """How many more jobs may be taken."""
        return self._workers - len(self._held)

    def ids(self) -> list[str]:
        """Return the ids of all jobs held."""
        return list(self._held)

    def begin(self, run: Run) -> None:
        """Hold a job whose lease is ours from now on, and run it when there is room."""
        known = self._held.get(run.job.id)
        if known is not None:
            known.epoch = max(known.epoch, run.epoch)
            return
        self._held[run.job.id] = run
        if self._open and self._active < self._workers:
            self._launch(run)
        else:
            self._backlog.append(run)

    def _launch(self, run: Run) -> None:
        self._active += 1
        run.task = asyncio.create_task(self._run(run), name=f"job-{run.job.name}")

    async def _run(self, run: Run) -> None:
        began = time.perf_counter()
        try:
            failure = await self._call(run)
            JOB_SECONDS.labels(run.job.name).observe(time.perf_counter() - began)
            outcome = "done" if failure is None else run.reason or "failed"
            JOBS_RUN.labels(run.job.name, outcome).inc()
            if failure is None or not run.reason:
                run.reason, run.settling = "", True
                if failure is not None or not run.finished:
                    await self._settle(run, failure)
        finally:
            self._active -= 1
            if run.reason != DRAINING:  # those the drain gives back, all at once
                self._held.pop(run.job.id, None)
            if self._open:
                self._go_on()

    def finish(self, conn: Connection, job: Job) -> None:
        """Finish a job in its handler's own transaction, if it still is ours."""
        run = self._held.get(job.id)
        if run is not None and rows.finish(conn, rows.Lease(job.id, run.epoch, self._owner)):
            after_commit(conn, run.finish)

    def _go_on(self) -> None:
        if self._backlog:
            self._launch(self._backlog.popleft())
        elif self.wanted:
            self._wake()

    async def _call(self, run: Run) -> BaseException | None:
        kills = run.job.epoch - run.job.attempt
        if kills > _MOST_KILLS:
            return GivenUp(f"its process died or stalled {kills} times")
        job = run.job
        try:
            with traces.span(f"job {job.name}", "consumer", job.payload.get("trace"),
                             parlour__attempt=job.attempt):  # fmt: skip
                await run.handling.handler(job)
        # Whatever it is, even SystemExit: it ends the job, never the process.
        except BaseException as error:  # noqa: BLE001
            if run.reason and run.task is not None:
                run.task.uncancel()
                log.info("job.cancelled", job=job.id, name=job.name, reason=run.reason)
            return error
        return None

    async def _settle(self, run: Run, failure: BaseException | None) -> None:
        """Write down how it ended, as often as it takes: the database may be away for now."""
        pause = 0.1
        while True:
            try:
                held = await self._write_end(run, failure)
            except (Unavailable, StorageFull) as error:
                log.warning("job.not_settled", job=run.job.id, reason=error.detail)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)
            else:
                if not held:
                    log.warning("job.fenced", job=run.job.id, name=run.job.name)
                return

    async def _write_end(self, run: Run, failure: BaseException | None) -> bool:
        job, lease = run.job, rows.Lease(run.job.id, run.epoch, self._owner)
        if failure is None:
            return await self._db.write(rows.finish, lease)
        error, now = told(failure), self._now()
        final = job.attempt >= run.handling.attempts or isinstance(failure, GivenUp)
        if final:
            held = await self._bury(run, lease, now, error)
        else:
            due = now + round(run.handling.wait(job.attempt, failure) * 1000)
            held = await self._db.write(rows.postpone, lease, due, error)
            self._wake()  # it may be due before the next look
        said: dict[str, Any] = {"job": job.id, "name": job.name, "attempt": job.attempt}
        if not isinstance(failure, Problem):
            said["exc_info"] = failure
        (log.error if final else log.warning)("job.failed", **said, final=final, error=error)
        return held

    async def _bury(self, run: Run, lease: rows.Lease, now: Moment, error: str) -> bool:
        def bury(conn: Connection) -> bool:
            held = rows.bury(conn, lease, now, error)
            if held and run.handling.buried is not None:
                run.handling.buried(conn, run.job)
            return held

        try:
            return await self._db.write(bury)
        except (Unavailable, StorageFull):
            raise
        except Exception:
            # Left alive it would come back for ever, to fail here again.
            log.exception("job.burial_failed", job=run.job.id, name=run.job.name)
            return await self._db.write(rows.bury, lease, now, error)

    def cancel(self, job: str, reason: str) -> None:
        """Cancel a job's handler, telling it why; what it does from now on is not written down."""
        run = self._held.get(job)
        if run is None or run.settling or run.reason:
            return
        run.reason = reason
        if run.task is not None:
            run.task.cancel(reason)
        elif run in self._backlog:
            self._backlog.remove(run)
            del self._held[job]

    async def drain(self, seconds: float) -> None:
        """Let what runs finish for so long, cancel the rest, and give all leases back."""
        self._open = False
        self._backlog.clear()
        await self._wait(seconds)
        for job in self.ids():
            self.cancel(job, DRAINING)
        await self._wait(_TIDYING)
        left = self.ids()
        for run in self._held.values():
            if run.task is not None:
                run.task.cancel(DRAINING)
        self._held.clear()
        if left:
            log.info("queue.given_back", jobs=len(left))
            try:
                await self._db.write(rows.give_back, left, self._owner, self._now())
            except (Unavailable, StorageFull) as error:
                log.warning("queue.not_given_back", jobs=len(left), reason=error.detail)

    async def _wait(self, seconds: float) -> None:
        tasks = {run.task for run in self._held.values() if run.task and not run.task.done()}
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
