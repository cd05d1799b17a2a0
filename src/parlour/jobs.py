"""Which job name runs which function, and who hears of events that other processes caused."""

import asyncio
import contextlib

import structlog

from parlour import (
    calling,
    events,
    insights,
    memory,
    privacy,
    reports,
    retention,
    sharing,
    takeover,
    webhooks,
)
from parlour.agents import keeping, readying
from parlour.chat import handing, resuming, turns
from parlour.chat.runner import Runner
from parlour.conversations import erasing, handoffs, hints, holds
from parlour.entrance import noting
from parlour.forgetting import sweeping
from parlour.insights import opened
from parlour.kit import steady
from parlour.kit.clock import HOUR, MINUTE, SECOND
from parlour.kit.errors import Problem
from parlour.kit.queue import Job
from parlour.staff import people
from parlour.tools import Tools
from parlour.verification import sending

log = structlog.get_logger("parlour.jobs")

TIDY = "house.tidy"
COUNT = "insights.count"
RENEW = "insights.renew"
SHARES = "sharing.tidy"
DELIVERED = "webhooks.tidy"
WATCH = "reports.look"
DIGESTS = "reports.hand_out"

_TAIL_EVERY = 1.0
_KEPT_EVERY = 60.0
_OF_ONE = (events.Kind.SHARE_REVOKED, events.Kind.CONVERSATION_ERASED)
_OF_STAFF = (
    *(events.Kind.PERSON_CHANGED, events.Kind.PERSON_DISABLED),
    *(events.Kind.SESSION_ENDED, events.Kind.KEY_REVOKED),
)
_OVERLAP = 10 * SECOND
"""How long after a younger event an older one may still appear: the longest transaction."""


def register(tools: Tools, runner: Runner) -> None:
    """Tell the queue who does what."""
    tools.queue.handle(turns.RUN, runner.run, attempts=5, backoff=1.0, buried=runner.buried)
    tools.queue.handle(
        resuming.RESUME, lambda job: resuming.resume(tools, job.payload["conversation"])
    )
    tools.queue.handle(holds.LAPSE, lambda job: takeover.lapse(tools, job.payload["conversation"]))
    tools.queue.handle(keeping.PREPARE, lambda job: readying.prepare(tools, job.payload))
    tools.queue.handle(keeping.FORGET, lambda job: _forget_agent(tools, job))
    tools.queue.handle(
        memory.UPDATE,
        lambda job: memory.update(tools, keeping.backend_of, job),
        attempts=4,
        backoff=15.0,
    )
    tools.queue.handle(sending.SEND, lambda job: sending.send(tools, job), attempts=7, backoff=5.0)
    tools.queue.handle(noting.GATHER, lambda job: noting.gather(tools, job))
    tools.queue.handle(noting.TELL, lambda job: noting.tell(tools, job), attempts=7, backoff=5.0)
    tools.queue.handle(
        handing.SHARE,
        lambda job: sharing.make_for_agent(
            tools, job.payload["conversation"], job.payload["arguments"]
        ),
    )
    tools.queue.handle(handoffs.TELL, lambda job: calling.tell(tools, job))
    tools.queue.handle(
        calling.SEND,
        lambda job: calling.send(tools, job),
        attempts=8,
        backoff=5.0,
        buried=calling.buried,
    )
    tools.queue.handle(webhooks.DELIVER, lambda job: webhooks.deliver(tools, job))
    tools.queue.handle(
        webhooks.NOTICE, lambda job: webhooks.notice(tools, job), attempts=7, backoff=5.0
    )
    tools.queue.handle(DELIVERED, lambda _job: webhooks.tidy(tools))
    tools.queue.every(DELIVERED, HOUR / SECOND)
    tools.queue.handle(SHARES, lambda _job: sharing.tidy(tools))
    tools.queue.every(SHARES, MINUTE / SECOND)
    tools.queue.handle(erasing.SCRUB, lambda _job: tools.db.scrub())
    tools.queue.handle(TIDY, lambda _job: retention.tidy_up(tools))
    tools.queue.every(TIDY, HOUR / SECOND)
    tools.queue.handle(sweeping.SWEEP, lambda _job: sweeping.sweep(tools))
    tools.queue.every(sweeping.SWEEP, HOUR / SECOND)
    tools.queue.handle(COUNT, lambda _job: insights.read_on(tools))
    tools.queue.every(COUNT, MINUTE / SECOND)
    tools.queue.handle(RENEW, lambda _job: insights.renew(tools))
    tools.queue.every(RENEW, MINUTE / SECOND)
    _report(tools)


def _report(tools: Tools) -> None:
    tools.queue.handle(WATCH, lambda _job: reports.look(tools))
    tools.queue.every(WATCH, MINUTE / SECOND)
    tools.queue.handle(DIGESTS, lambda _job: reports.hand_out(tools))
    tools.queue.every(DIGESTS, 5 * MINUTE / SECOND)
    tools.queue.handle(reports.TELL, lambda job: reports.tell(tools, job), attempts=7, backoff=5.0)
    tools.queue.handle(reports.SEND, lambda job: reports.send(tools, job), attempts=7, backoff=5.0)


async def _forget_agent(tools: Tools, job: Job) -> None:
    await readying.forget(tools, job.payload)
    await memory.forget_agent(tools, job.payload["agent"])


async def tail(tools: Tools) -> None:
    """Hand every watched event on to whoever in this process follows its link or agent.

    Links and agents are changed by other processes too, the command line among them, which cannot
    reach this process's bus; the rows can be seen by everybody. Rows may be committed out of
    order, so each reading overlaps the one before it.
    """
    seen: set[int] = set()
    while True:
        try:
            found = await tools.db.read(events.since, tools.clock.now() - _OVERLAP)
        except Problem as error:
            log.warning("events.unread", error=str(error))
        else:
            unseen = [event for event in found if event.id not in seen]
            for event in unseen:
                _hand_on(tools, event)
            if any(event.kind in events.LESSENING for event in unseen):
                # No visitor waits for somebody who may not answer any more.
                with contextlib.suppress(Problem):
                    await sharing.tidy(tools)
            seen = {event.id for event in found}
        await asyncio.sleep(_TAIL_EVERY)


async def keep_openings(tools: Tools) -> None:
    """Write down every few seconds how often pages were opened, and what is left at the end."""
    try:
        while True:
            await asyncio.sleep(opened.KEPT_EVERY)
            await opened.keep(tools)
    finally:
        await opened.keep(tools)


async def hand_out(tools: Tools) -> None:
    """Hand every event out to the webhooks that want to know of it, soon after its commit."""
    while True:
        try:
            await webhooks.hand_out(tools)
        except Problem as error:
            log.warning("webhooks.not_handed_out", error=str(error))
        await asyncio.sleep(_TAIL_EVERY)


async def keep_time(tools: Tools) -> None:
    """Keep the latest moment once a minute, and go on from there if another process is ahead."""
    while True:
        with contextlib.suppress(Problem):
            mark = await tools.db.write(steady.keep, tools.clock.now())
            if isinstance(tools.clock, steady.SteadyClock):
                tools.clock.lift(mark, steady.LEAP)
        await asyncio.sleep(_KEPT_EVERY)


def _hand_on(tools: Tools, event: events.Event) -> None:
    # Every process reads the events: telling the others of each would be once too often.
    if event.actor_kind == "host" and event.conversation_id:
        tools.bus.publish_here(hints.all_of(event.workspace_id), event.conversation_id)
        tools.bus.publish_here(hints.topic(event.conversation_id), event.kind)
    elif event.kind in _OF_ONE and event.conversation_id:
        tools.bus.publish_here(hints.topic(event.conversation_id), event.kind)
    elif event.kind == events.Kind.PRIVACY_CHANGED:
        tools.bus.publish_here(privacy.topic(event.workspace_id), event.kind)
    elif event.kind in _OF_STAFF:
        whose = event.data.get("person") or event.data.get("key")
        tools.bus.publish_here(people.topic(str(whose)), event.kind)
    elif event.link_id:
        tools.bus.publish_here(f"link:{event.link_id}", event.kind)
    elif event.agent_id:
        tools.bus.publish_here(f"agent:{event.agent_id}", event.kind)
