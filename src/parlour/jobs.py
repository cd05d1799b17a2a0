"""Which job name runs which function, and who hears of events that other processes caused."""

import asyncio

import structlog

from parlour import events, insights, retention
from parlour.agents import keeping, readying
from parlour.chat.runner import Runner
from parlour.chat.turns import RUN
from parlour.kit.clock import HOUR, MINUTE, SECOND
from parlour.kit.errors import Problem
from parlour.tools import Tools

log = structlog.get_logger("parlour.jobs")

TIDY = "house.tidy"
COUNT = "insights.count"

_TAIL_EVERY = 1.0
_OVERLAP = 10 * SECOND
"""How long after a younger event an older one may still appear: the longest transaction."""


def register(tools: Tools, runner: Runner) -> None:
    """Tell the queue who does what."""
    tools.queue.handle(RUN, runner.run, attempts=5, backoff=1.0, buried=runner.buried)
    tools.queue.handle(keeping.PREPARE, lambda job: readying.prepare(tools, job.payload))
    tools.queue.handle(keeping.FORGET, lambda job: readying.forget(tools, job.payload))
    tools.queue.handle(TIDY, lambda _job: retention.tidy_up(tools))
    tools.queue.every(TIDY, HOUR / SECOND)
    tools.queue.handle(COUNT, lambda _job: insights.count(tools))
    tools.queue.every(COUNT, MINUTE / SECOND)


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
            for event in found:
                if event.id not in seen:
                    _hand_on(tools, event)
            seen = {event.id for event in found}
        await asyncio.sleep(_TAIL_EVERY)


def _hand_on(tools: Tools, event: events.Event) -> None:
    # Every process reads the events: telling the others of each would be once too often.
    if event.link_id:
        tools.bus.publish_here(f"link:{event.link_id}", event.kind)
    elif event.agent_id:
        tools.bus.publish_here(f"agent:{event.agent_id}", event.kind)
