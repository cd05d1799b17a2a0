"""Making agents ready: again after a change, and never for one that has been deleted."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from parlour.agents import keeping, readying, store
from parlour.agents.backends import KINDS
from parlour.agents.library import tables
from parlour.agents.library.apart import Helper
from parlour.agents.library.searching import search
from parlour.agents.model import Agent
from parlour.cli import preparing
from parlour.cli.base import Host
from parlour.kit.errors import Invalid, Problem
from parlour.kit.queue.rows import jobs
from parlour.rights import Who
from parlour.tools import Tools
from tests.rig.waiting import eventually


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two documents, read in this order."""
    house = tmp_path / "house"
    house.mkdir()
    (house / "a.md").write_text("# Doors\n\nTurn the brass key twice to the left.")
    (house / "b.md").write_text("# Garden\n\nRoses want sun and a deep hole.")
    return house


@pytest.fixture
async def agent(tools: Tools, owner: Who, folder: Path) -> Agent:
    """An agent of these documents; nobody has read them yet."""
    wish = keeping.Wish("handbook", "documents", {"path": str(folder)})
    return (await keeping.create(tools, owner, wish, trusted=True, publish=True)).agent


@pytest.fixture
async def working(tools: Tools) -> AsyncIterator[None]:
    """Jobs are run."""
    tools.queue.handle(keeping.PREPARE, lambda job: readying.prepare(tools, job.payload))
    tools.queue.handle(keeping.FORGET, lambda job: readying.forget(tools, job.payload))
    await tools.queue.start()
    yield
    await tools.queue.drain(5)


async def names_of_jobs(tools: Tools) -> list[str]:
    def read(conn: sa.Connection) -> list[str]:
        return list(conn.execute(sa.select(jobs.c.name).order_by(jobs.c.name)).scalars())

    return await tools.db.read(read)


async def left(tools: Tools, agent_id: str) -> list[str]:
    """The tables in which something of an agent's library stands."""

    def read(conn: sa.Connection) -> list[str]:
        kept = (tables.states, tables.documents, tables.postings, tables.maps)
        return [
            table.name
            for table in kept
            if conn.execute(sa.select(sa.func.count()).where(table.c.agent_id == agent_id)).scalar()
        ]

    return await tools.db.read(read)


async def test_what_changes_behind_a_reading_is_read_after_it(
    tools: Tools, agent: Agent, folder: Path, working: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder is asked to be read again while it is being read."""

    async def idle() -> bool:
        return not await names_of_jobs(tools)

    await eventually(idle)
    halfway, on = asyncio.Event(), asyncio.Event()
    read = Helper.read

    async def slow(self: Helper, wanted: Any) -> Any:
        if wanted.path == "b.md" and not halfway.is_set():
            halfway.set()
            await on.wait()
        return await read(self, wanted)

    monkeypatch.setattr(Helper, "read", slow)
    (folder / "b.md").write_text("# Garden\n\nTulips come back every spring, and lilies too.")
    await readying.refresh(tools, agent)
    await asyncio.wait_for(halfway.wait(), 20)
    (folder / "a.md").write_text("# Doors\n\nThe porcelain knob is turned to the right instead.")
    await readying.refresh(tools, agent)
    await readying.refresh(tools, agent)
    assert await names_of_jobs(tools) == [keeping.PREPARE] * 2  # the one that runs, and one more
    on.set()

    async def known() -> bool:
        return bool((await search(tools, agent.id, "porcelain knob")).hits)

    await eventually(known)
    await eventually(idle)


async def test_asking_often_is_asking_once(tools: Tools, agent: Agent) -> None:
    for _ in range(3):
        await readying.refresh(tools, agent)
    assert await names_of_jobs(tools) == [keeping.PREPARE] * 2  # that of its publishing, and one


@pytest.mark.parametrize("readable", [True, False])
async def test_nothing_is_read_for_an_agent_that_was_deleted_meanwhile(
    tools: Tools,
    owner: Who,
    agent: Agent,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    readable: bool,
) -> None:
    kind = KINDS["documents"]

    async def late(*given: Any) -> None:
        """The agent was found; before anything is written it is deleted and forgotten."""
        await keeping.delete(tools, owner, agent)
        await readying.forget(tools, {"agent": agent.id})
        if not readable:
            shutil.rmtree(folder)
        assert kind.prepare is not None
        await kind.prepare(*given)

    monkeypatch.setitem(KINDS, "documents", replace(kind, prepare=late))
    if readable:
        await readying.prepare(tools, {"agent": agent.id})
    else:
        with pytest.raises(Invalid):
            await readying.prepare(tools, {"agent": agent.id})
    assert await left(tools, agent.id) == []


async def test_a_deleted_agent_s_documents_are_forgotten(
    tools: Tools, owner: Who, agent: Agent, working: None
) -> None:
    async def read() -> bool:
        return not await names_of_jobs(tools)

    await eventually(read)
    assert await left(tools, agent.id) != []
    await keeping.delete(tools, owner, agent)
    await eventually(read)
    assert await left(tools, agent.id) == []


async def test_a_reading_that_broke_off_leaves_nothing_of_a_deleted_agent(
    tools: Tools, owner: Who, agent: Agent
) -> None:
    """Its process was killed before it could look; whoever runs it again clears it away."""
    await readying.prepare(tools, {"agent": agent.id})
    await keeping.delete(tools, owner, agent)
    assert await left(tools, agent.id) != []
    await readying.prepare(tools, {"agent": agent.id})
    assert await left(tools, agent.id) == []
    assert keeping.FORGET in await names_of_jobs(tools)


async def test_an_agent_that_is_deleted_while_a_command_reads_for_it(
    tools: Tools, owner: Who, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing stays of it, and the command says what went wrong first."""
    here = Host(tools, owner)
    seen: list[str] = []
    read = Helper.read

    async def deleted_meanwhile(helper: Helper, wanted: Any) -> Any:
        if not seen:
            found = (await tools.db.read(store.every, owner.workspace_id))[0]
            seen.append(found.id)
            await keeping.delete(tools, owner, found)
            await readying.forget(tools, {"agent": found.id})
        return await read(helper, wanted)

    monkeypatch.setattr(Helper, "read", deleted_meanwhile)
    wish = keeping.Wish("brief", "documents", {"path": str(folder)})
    with pytest.raises(Problem):
        await preparing.create(here, wish, publish=True, as_json=True)
    assert await left(tools, seen[0]) == []
