"""Delivering: one job for each webhook tells it what is due, in order, and notes how it went."""

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from parlour import events
from parlour.events import Kind
from parlour.kit.clock import DAY, Moment
from parlour.kit.errors import Unavailable
from parlour.kit.http import Blocked, signed
from parlour.kit.queue import Job
from parlour.rights import Who
from parlour.tools import Tools
from parlour.webhooks import deliveries, payloads, rules, store
from parlour.webhooks.deliveries import Delivery
from parlour.webhooks.noticing import NOTICE
from parlour.webhooks.rules import State
from parlour.webhooks.store import Hook

DELIVER: Final = "webhooks.deliver"
"""The job that tells one webhook what is due."""

_WIDTH: Final = 8
"""Calls to one webhook at the same time."""
_SLICE: Final = 30.0
"""Seconds after which another webhook gets its turn."""
_MOST: Final = 32
"""Webhooks that one process tells at the same time: the chat keeps its workers."""
_PAUSE: Final = 1_000
_telling: set[str] = set()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try: what the program answered, or what was wrong."""

    status: int | None = None
    trouble: str | None = None
    asked: float | None = None
    """Seconds for which it wants to be left alone."""
    state: State | None = None
    """Set where nothing was sent, and nothing will be."""
    took_ms: int = 0

    @property
    def is_taken(self) -> bool:
        """Whether the program took it."""
        return self.status is not None and 200 <= self.status < 300


def begin(conn: sa.Connection, tools: Tools, hook_id: str, at: Moment | None = None) -> None:
    """Have a webhook told what is due, at once or at a moment, unless it is just being told."""
    tools.queue.enqueue(
        conn, DELIVER, {"webhook": hook_id}, key=f"webhook {hook_id}", run_at=at, sooner=True
    )


async def deliver(tools: Tools, job: Job) -> None:
    """Tell a webhook what is due, for a while; what is left is for the next such job."""
    hook_id = job.payload["webhook"]
    if len(_telling) >= _MOST or hook_id in _telling:
        await tools.db.write(_go_on, tools, job, tools.clock.now() + _PAUSE)
        return
    _telling.add(hook_id)
    try:
        until = time.monotonic() + _SLICE
        while time.monotonic() < until:
            hook, found = await tools.db.read(_next, hook_id, tools.clock.now())
            if hook is None or not found:
                break
            await asyncio.gather(*(_tell(tools, hook, each) for each in found))
    finally:
        _telling.discard(hook_id)
    await tools.db.write(_go_on, tools, job)


def _next(conn: sa.Connection, hook_id: str, now: Moment) -> tuple[Hook | None, list[Delivery]]:
    """Return what to tell now; of a webhook that fails one at a time, to see whether it is back."""
    hook = store.by_id(conn, hook_id)
    if hook is None or not hook.is_on or (hook.rests_until or 0) > now:
        return None, []
    return hook, deliveries.due(conn, hook_id, now, 1 if hook.failures else _WIDTH)


def _go_on(conn: sa.Connection, tools: Tools, job: Job, at: Moment = 0) -> None:
    """End this job, and have the next one begin when there is something to tell.

    The webhook is held, as it is where deliveries are added: none comes in between unseen.
    """
    hook = store.hold(conn, job.payload["webhook"])
    tools.queue.finish(conn, job)
    if hook is not None and hook.is_on:
        due = deliveries.next_due(conn, hook.id)
        if due is not None:
            begin(conn, tools, hook.id, max(due, hook.rests_until or 0, at))


async def _tell(tools: Tools, hook: Hook, one: Delivery) -> None:
    began = time.monotonic()
    document = await tools.db.read(payloads.document, hook, one)
    if document is None:
        outcome = Outcome(state=State.DROPPED, trouble="what it tells of is gone")
    else:
        outcome = await sent(tools, hook, one.id, document)
    took = round((time.monotonic() - began) * 1000)
    await tools.db.write(_settle, tools, one, outcome, took)


async def sent(tools: Tools, hook: Hook, id_: str, document: dict[str, Any]) -> Outcome:
    """Call a webhook with a signed document; return what came of it, whatever that is."""
    try:
        keys = secrets(tools, hook)
    except ValueError:
        return Outcome(trouble="its secret was sealed with a key that is gone: make a new one")
    body = orjson.dumps(document)
    try:
        answer = await signed.call(tools.http, hook.url, keys, id_, body)
    except (Unavailable, Blocked) as error:
        return Outcome(trouble=str(error)[:200])
    trouble = None if answer.is_taken else f"the program answered {answer.status}"
    return Outcome(answer.status, trouble, answer.retry_after)


def secrets(tools: Tools, hook: Hook) -> list[str]:
    """Open the secrets that are good now, the newest first; ValueError when that one is lost."""
    found = [tools.keys.unseal(hook.secret)]
    if hook.old_secret is not None and (hook.old_until or 0) > tools.clock.now():
        with contextlib.suppress(ValueError):
            found.append(tools.keys.unseal(hook.old_secret))
    return found


def _settle(conn: sa.Connection, tools: Tools, one: Delivery, outcome: Outcome, took: int) -> None:
    hook, now = store.hold(conn, one.webhook_id), tools.clock.now()
    if hook is None:
        return
    tried = one.attempts + 1
    told = {
        "attempts": tried,
        "status": outcome.status,
        "trouble": outcome.trouble,
        "took_ms": took,
        "tried_at": now,
    }
    if outcome.state is not None:
        deliveries.end(conn, one, outcome.state, now, trouble=outcome.trouble)
    elif outcome.is_taken:
        if deliveries.end(conn, one, State.DELIVERED, now, **told) and hook.trouble:
            store.change(
                conn, hook.id, failures=0, failing_since=None, rests_until=None, trouble=None
            )
    else:
        schedule = tools.settings.webhook_retries
        dice = random.random()  # noqa: S311 - spreads load, guards nothing
        wait = rules.wait(tried, schedule, dice, outcome.asked)
        if wait is None:
            deliveries.end(conn, one, State.FAILED, now, **told)
        else:
            deliveries.postpone(conn, one, now + wait, **told)
        _fails(conn, tools, hook, outcome)


def _fails(conn: sa.Connection, tools: Tools, hook: Hook, outcome: Outcome) -> None:
    """Note that a webhook fails, leave it alone for a while, or turn it off."""
    now, failures = tools.clock.now(), hook.failures + 1
    since = now if hook.failing_since is None else hook.failing_since
    values: dict[str, Any] = {
        "failures": failures,
        "failing_since": since,
        "rests_until": now + rules.rest(failures, tools.settings.webhook_retries, outcome.asked),
        "trouble": outcome.trouble,
    }
    why = None
    if outcome.status == signed.GONE:
        why = "its program said that it is gone (410)"
    elif rules.is_lasting(since, now, round(tools.settings.webhook_off_days * DAY)):
        why = f"it took nothing for {tools.settings.webhook_off_days:g} days"
    if why is not None and hook.is_on:
        values |= {"is_on": False, "off_why": why, "updated_at": max(now, hook.updated_at + 1)}
        events.wish(conn, hook.id, hook.workspace_id, ())
        house = Who("system", hook.id, "house", hook.workspace_id)
        data = {"webhook": hook.id, "name": hook.name, "why": why}
        events.record(conn, Kind.WEBHOOK_DISABLED, house, now, data=data)
        tools.queue.enqueue(conn, NOTICE, {"webhook": hook.id, "why": why})
    store.change(conn, hook.id, **values)
