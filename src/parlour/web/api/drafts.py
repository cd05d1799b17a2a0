"""Drafts of agents for programs: compare, discard, roll back, and ask before keeping."""

import msgspec
from litestar import Response, get, post

from parlour import transcripts
from parlour.agents import files, store, trial, versions
from parlour.kit.errors import NotFound
from parlour.links import store as links
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web.api import asking, shapes
from parlour.web.api.agents import Config, find
from parlour.web.api.draft_shapes import Trial, trial_shown
from parlour.web.api.shapes import AgentShown
from parlour.web.api.strict import Strict
from parlour.web.gates import key

_SEE = {"gate": key(Permission.AGENTS_SEE)}
_MANAGE = {"gate": key(Permission.AGENTS_MANAGE)}


class AgentFootprint(msgspec.Struct, frozen=True):
    """What ends or goes when an agent is deleted."""

    links: int
    conversations: int
    documents: int
    versions: int


class RollBack(Strict, frozen=True):
    """Which version to bring back."""

    version: int


class Try(Strict, frozen=True):
    """How a backend would be set up."""

    backend: str
    config: Config


class TryDraft(Strict, frozen=True):
    """How an agent's backend would be set up; absent: as its draft. Secrets left out stay."""

    config: Config | None = None


class Changes(msgspec.Struct, frozen=True):
    """What a draft has that visitors do not get yet, in words; empty when it has nothing new."""

    changes: list[str]


@get("/api/agents/{name:str}/changes", opt=_SEE)
async def changes(tools: Tools, who: Who, name: str) -> Changes:
    """Tell what the draft has that visitors do not get yet."""
    return Changes(await tools.db.read(versions.unpublished, await find(tools, who, name)))


@post("/api/agents/{name:str}/discard", opt=_MANAGE, status_code=200)
async def discard(tools: Tools, who: Who, name: str) -> Response[AgentShown]:
    """Give up the draft's changes: it is again as what visitors get."""
    found = await versions.discard(tools, who, await find(tools, who, name))
    return asking.tagged(shapes.agent(found, manages=True), found.updated_at)


@post("/api/agents/{name:str}/rollback", opt=_MANAGE, status_code=200)
async def roll_back(tools: Tools, who: Who, name: str, data: RollBack) -> Response[AgentShown]:
    """Make an earlier version what visitors get, as the next version."""
    agent = await find(tools, who, name)
    found = await versions.roll_back(tools, who, agent, data.version)
    return asking.tagged(shapes.agent(found, manages=True), found.updated_at)


@get("/api/agents/{name:str}/footprint", opt=_SEE)
async def footprint(tools: Tools, who: Who, name: str) -> AgentFootprint:
    """Tell what ends or goes when the agent is deleted."""
    agent = await find(tools, who, name)
    counted = await tools.db.browse(links.count_of_agents, who.workspace_id)
    return AgentFootprint(
        links=counted.get(agent.id, (0, 0))[0],
        conversations=await tools.db.browse(transcripts.count_of_agent, agent.id),
        documents=await tools.db.read(files.count, agent.id),
        versions=await tools.db.read(store.count_of_versions, agent.id),
    )


@post("/api/agents/{name:str}/test", opt=_MANAGE, status_code=200)
async def try_agent(tools: Tools, who: Who, name: str, data: TryDraft | None = None) -> Trial:
    """Ask an agent's backend one question, as its draft or this config sets it up."""
    agent = await find(tools, who, name)
    if agent.draft.backend == "documents":
        raise NotFound(f"{name} asks no server: its documents are read when it is published")
    config = None if data is None else data.config
    return trial_shown(await trial.ask_draft(tools, agent, config))


@post("/api/backends/test", opt=_MANAGE, status_code=200)
async def try_backend(tools: Tools, who: Who, data: Try) -> Trial:
    """Ask a backend that is set up like this one question, before an agent is made of it."""
    del who
    if data.backend == "documents":
        raise NotFound("documents ask no server")
    return trial_shown(await trial.ask(tools, data.backend, data.config, trusted=False))


HANDLERS = [changes, discard, roll_back, footprint, try_agent, try_backend]
