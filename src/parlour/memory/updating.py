"""Bringing a memory up to date, in the background: what was said since goes into it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
import structlog

from parlour import events
from parlour.agents import store as agents
from parlour.agents.contract import Backend, BackendFailure, Writer
from parlour.agents.sharing import sharing_of
from parlour.budgets import model, spending
from parlour.budgets.model import Spent
from parlour.kit.clock import Moment
from parlour.kit.errors import Invalid, NotFound, Unavailable
from parlour.kit.queue import Job
from parlour.memory import asking, rules, store
from parlour.memory.extracting import extracted
from parlour.memory.store import Line, Memory, Recalled
from parlour.rights import Who
from parlour.tools import Tools

log = structlog.get_logger("parlour.memory")

UPDATE: Final = "memory.update"
"""The job that brings one memory up to date."""

_NEWEST: Final = 60
_LONGEST: Final = 2_000
"""Characters of one message that are taken in."""
_PASSING: Final = frozenset({"unreachable", "rate_limited", "timeout"})

BackendOf = Callable[[Tools, str, int], Awaitable[Backend]]
"""Makes the backend of an agent's version."""


@dataclass(frozen=True, slots=True)
class _Work:
    """A memory that is being brought up to date, and what shall go into it."""

    memory: Memory
    until: Moment
    said: list[Line]


def counted(
    conn: sa.Connection, tools: Tools, recalled: Recalled, workspace_id: str, notes: str | None
) -> None:
    """Count a reply that came, for its visitor; every so many of them bring the memory up to date.

    `notes`: what the agent noted in it for itself, None where it noted nothing. What was deleted
    while the reply was written stays so.
    """
    if recalled.person is None:
        return
    found = store.count(conn, recalled.person, workspace_id, recalled.began_at)
    if notes is not None and found.wiped == recalled.wiped:
        kept = rules.tidied([notes], rules.NOTES_WORDS)
        store.note(conn, found.memory_id, kept, tools.clock.now())
    if rules.due(found.replies):
        job = {"memory": found.memory_id}
        tools.queue.enqueue(conn, UPDATE, job, key=f"{UPDATE}:{found.memory_id}")


async def update(tools: Tools, backend_of: BackendOf, job: Job) -> None:
    """Bring the memory up to date that a job names. Done twice, it comes to the same.

    Raises:
        Unavailable: the agent's model is away just now; later it may be there.
    """
    work = await _begun(tools, job.payload["memory"])
    if work is None or not work.said:
        return
    agent = await tools.db.read(agents.by_id, work.memory.agent_id)
    if agent is None or agent.published is None:
        return
    try:
        backend = await backend_of(tools, agent.id, agent.published)
    except (BackendFailure, Invalid, NotFound) as error:
        log.warning("memory.no_backend", agent=agent.id, error=str(error))
        return
    if isinstance(backend, Writer):
        await _by_model(tools, backend, work, job)
        return
    said = [each.text for each in work.said if each.author_kind == "visitor"]
    summary = extracted(work.memory.summary, said)
    await tools.db.write(_keep, tools, work, job, {"summary": summary})


async def _begun(tools: Tools, memory_id: str) -> _Work | None:
    """Begin; None where nothing may be remembered any more."""
    begun = await tools.db.write(store.begin, memory_id)
    if begun is None:
        return None
    agent = await tools.db.read(agents.by_id, begun.agent_id)
    if agent is None or not sharing_of(agent.sharing).memory:
        return None
    now = tools.clock.now()
    after = max(begun.upto_at, sharing_of(agent.sharing).memory_since)

    def read(conn: sa.Connection) -> list[Line]:
        return store.said(conn, begun, after, now, newest=_NEWEST)

    said, room = await tools.db.browse(read), tools.settings.prompt_chars
    kept: list[Line] = []
    for each in reversed(said):
        line = Line(each.author_kind, each.text[:_LONGEST])
        room -= len(line.text)
        if room < 0:
            break
        kept.append(line)
    return _Work(begun, now, kept[::-1])


async def _by_model(tools: Tools, writer: Writer, work: _Work, job: Job) -> None:
    """Have the agent's model write it, within the agent's budget."""
    asked = asking.material(work.memory, work.said)
    charged = f"{work.memory.id}.{work.memory.epoch}"
    if not await tools.db.write(_reserve, tools, work.memory, charged):
        log.info("memory.no_budget", agent=work.memory.agent_id)
        return
    cost = 0
    values: dict[str, Any] | None = None
    try:
        answer, usage = await asking.answered(writer, asked)
        own = model.estimate([asking.INSTRUCTIONS, asked, answer])
        cost = model.cost(own, None if usage is None else usage.input_tokens + usage.output_tokens)
        found = rules.read(answer)
        if found is not None:
            values = {"summary": found[0], "notes": found[1]}
        else:
            log.warning("memory.not_understood", agent=work.memory.agent_id)
    except BackendFailure as failure:
        # What it quotes may be what was said: the code is all that is told.
        log.warning("memory.not_written", agent=work.memory.agent_id, code=failure.code)
        if failure.code in _PASSING:
            raise Unavailable("the agent's model did not answer") from None
    finally:
        await tools.db.write(_settle, work.memory, charged, cost, tools.clock.now())
    if values is not None:
        await tools.db.write(_keep, tools, work, job, values)


def _reserve(conn: sa.Connection, tools: Tools, memory: Memory, charged: str) -> bool:
    """Reserve what one reply may cost in the budget of the agent; False: nothing is left of it."""
    agent = agents.by_id(conn, memory.agent_id)
    terms = sharing_of(None if agent is None else agent.sharing)
    found = model.budget("agent", memory.agent_id, terms.budget_tokens, terms.budget_period)
    if found is None:
        return True
    tokens = terms.turn_tokens or tools.settings.turn_tokens
    left = spending.reserve(conn, charged, [found], tokens, tools.clock.now())
    return not isinstance(left, Spent)


def _settle(conn: sa.Connection, memory: Memory, charged: str, cost: int, now: Moment) -> None:
    over = spending.settle(conn, spending.release(conn, charged), cost, now)
    if over:
        spending.tell(conn, over, memory.workspace_id, now)


def _keep(conn: sa.Connection, tools: Tools, work: _Work, job: Job, values: dict[str, Any]) -> None:
    """Keep it, unless it was deleted meanwhile, and have done with the job in the same breath."""
    now, memory = tools.clock.now(), work.memory
    if store.keep(conn, memory, now, upto_at=work.until, **values):
        who = Who("system", memory.agent_id, "memory", memory.workspace_id)
        told = {"memory": memory.id}
        events.record(
            conn, events.Kind.MEMORY_UPDATED, who, now, agent_id=memory.agent_id, data=told
        )
    tools.queue.finish(conn, job)
