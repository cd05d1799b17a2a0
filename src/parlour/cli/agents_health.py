"""Whether every agent could answer: its settings, its documents, the server behind it."""

from collections.abc import AsyncIterator
from typing import Any, Final

from parlour import workspaces
from parlour.agents import store
from parlour.agents.backends import KINDS
from parlour.agents.library import store as library
from parlour.agents.model import Agent
from parlour.cli.base import counted
from parlour.cli.findings import Finding, Level
from parlour.kit.errors import Problem
from parlour.kit.http import Blocked, Deadlines, RequestFailed
from parlour.tools import Tools

_PATIENCE: Final = Deadlines(connect=3, first_byte=3, idle=3, total=3)
_ADDRESSES: Final = {"openai": "base_url", "webhook": "url"}


async def every(tools: Tools) -> AsyncIterator[Finding]:
    """Look at the agents of every workspace."""
    for workspace in await tools.db.read(workspaces.every):
        for agent in await tools.db.read(store.every, workspace.id):
            level, told = await _one(tools, agent)
            yield Finding(f"agent {agent.name}", level, told)


async def _one(tools: Tools, agent: Agent) -> tuple[Level, str]:
    if agent.published is None:
        return "good", "a draft"
    content = (await tools.db.read(store.version, agent.id, agent.published)).content
    kind = KINDS[content.backend]
    settings = kind.load(content.config)
    # One that is offline keeps nobody waiting.
    trouble: Level = "bad" if agent.live else "odd"
    try:
        await kind.check(settings, tools, trusted=True)
        told = await _answers(tools, agent.id, content.backend, settings)
    except (Problem, Blocked, RequestFailed) as error:
        return trouble, str(error)
    return "good", told


async def _answers(tools: Tools, agent_id: str, backend: str, settings: Any) -> str:
    """Say that it can answer; Problem, Blocked or RequestFailed when it cannot."""
    if backend == "documents":
        state = await tools.db.read(library.state_of, agent_id)
        if state is None or not state.generation:
            raise Problem("its documents have not been read yet")
        if state.state == "failed":
            raise Problem(f"its documents could not be read again: {state.error}")
        return f"{counted(state.documents, 'document')}, {len(state.skipped):,} skipped"
    if (field := _ADDRESSES.get(backend)) is None:
        return "can be called"
    # Any answer at all will do: that the server is there is what is asked.
    url = getattr(settings, field)
    async with tools.http.stream("GET", url, deadlines=_PATIENCE) as response:
        return f"its server answers ({response.status})"
