"""Making agents ready to answer, such as by reading their documents, and forgetting them."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from parlour.agents import files, store
from parlour.agents.backends import KINDS
from parlour.agents.keeping import PREPARE, kind_of
from parlour.agents.library import store as library
from parlour.agents.model import Agent
from parlour.kit.clock import SECOND
from parlour.kit.errors import Conflict
from parlour.pictures import store as pictures
from parlour.tools import Tools

_PAUSE = SECOND
"""How long a preparation that goes on is left alone before the next one takes over."""


async def prepare(tools: Tools, work: Mapping[str, Any]) -> None:
    """Do what `PREPARE` asks for; nothing stays of an agent that is deleted meanwhile."""
    agent = await tools.db.read(store.by_id, work["agent"])
    if agent is None:  # a run that broke off may have left something
        await forget(tools, work)
    elif agent.published is not None:
        content = (await tools.db.read(store.version, agent.id, agent.published)).content
        kind = kind_of(content.backend)
        if kind.prepare is not None:
            try:
                config = kind.load(content.config)
                await kind.prepare(config, agent.id, await _sibling(tools, agent), tools)
            finally:
                # `FORGET` may have been through before this began to write.
                if await tools.db.read(store.by_id, agent.id) is None:
                    await forget(tools, work)


async def forget(tools: Tools, work: Mapping[str, Any]) -> None:
    """Do what `FORGET` asks for."""
    for kind in KINDS.values():
        if kind.forget is not None:
            await kind.forget(work["agent"], tools)
    while await tools.db.write(files.drop_all, work["agent"]):
        pass
    await tools.db.write(pictures.drop_all, work["agent"])


async def _sibling(tools: Tools, agent: Agent) -> str:
    """Return whose library may hold the same documents: a preview's agent, or its preview."""
    if agent.draft_of is not None:
        return agent.draft_of
    preview = await tools.db.read(store.preview_of, agent.id)
    return "" if preview is None else preview.id


async def refresh(tools: Tools, agent: Agent) -> None:
    """Have an agent made ready again, such as after its documents changed.

    What is asked for while it is being made ready waits as one, and is begun after that: a run
    that goes on may have passed what has changed since. Conflict while nothing of it is published,
    because a draft is not made ready.
    """
    if agent.published is None:
        raise Conflict("publish the agent first", code="not_published")

    def unit(conn: sa.Connection) -> None:
        state = library.state_of(conn, agent.id)
        # The key names the run that this one comes after, so it is free once that one has begun.
        after = "" if state is None else state.run
        going_on = state is not None and state.state == "indexing"
        tools.queue.enqueue(
            conn,
            PREPARE,
            {"agent": agent.id},
            key=f"{PREPARE}:{agent.id}:{after}",
            run_at=tools.clock.now() + _PAUSE if going_on else None,
        )

    await tools.db.write(unit)
