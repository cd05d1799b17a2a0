"""Uploaded documents: whole or not at all, within bounds, read out of the database (INP-06)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from parlour import events
from parlour.agents import files, keeping, readying, store, uploading, versions
from parlour.agents.library import store as library
from parlour.agents.library.searching import search
from parlour.agents.model import Agent
from parlour.kit.clock import HOUR
from parlour.kit.errors import Conflict, Invalid, NotFound, Problem, TooLarge
from parlour.rights import Who
from parlour.tools import Tools

DOORS = b"# Doors\n\nTurn the brass key twice to the left."
ROSES = b"# Garden\n\nRoses want sun and a deep hole."


async def chunks(content: bytes, piece: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), piece):
        yield content[start : start + piece]


async def rows(tools: Tools) -> tuple[int, int]:
    """How many files and pieces there are."""

    def count(conn: sa.Connection) -> tuple[int, int]:
        tables = (files.files, files.parts)
        counts = [sa.select(sa.func.count()).select_from(table) for table in tables]
        found = [conn.execute(each).scalar_one() for each in counts]
        return found[0], found[1]

    return await tools.db.read(count)


@pytest.fixture
async def agent(tools: Tools, owner: Who) -> Agent:
    """A draft that waits for its documents."""
    wish = keeping.Wish("handbook", "documents", {})
    return (await keeping.create(tools, owner, wish, trusted=False, publish=False)).agent


async def up(tools: Tools, owner: Who, agent: Agent, name: str, content: bytes) -> uploading.Added:
    return await uploading.add(tools, owner, agent, name, chunks(content))


async def now(tools: Tools, agent: Agent) -> Agent:
    found = await tools.db.read(store.by_id, agent.id)
    assert found is not None
    return found


async def names(tools: Tools, agent: Agent) -> list[str]:
    listed = await tools.db.read(uploading.listed, await now(tools, agent))
    return [each.document.name for each in listed]


async def found(tools: Tools, agent: Agent, question: str) -> list[str]:
    return [hit.path for hit in (await search(tools, agent.id, question)).hits]


async def test_what_is_uploaded_answers_once_it_is_published(
    tools: Tools, owner: Who, agent: Agent
) -> None:
    long = b"# Long\n\n" + b"Words about walls and windows. " * 40_000
    for name, content in (("doors.md", DOORS), ("long.txt", long)):
        added = await up(tools, owner, agent, name, content)
        assert (added.document.size, added.replaced) == (len(content), False)
        assert await tools.db.read(files.content, added.document.file) == content
    assert (await rows(tools))[1] > 5, "a large one lies in pieces"
    published = await keeping.publish(tools, owner, await now(tools, agent))
    await readying.prepare(tools, {"agent": agent.id})
    assert await found(tools, agent, "how do I turn the brass key?") == ["doors.md"]
    listed = await tools.db.read(uploading.listed, published)
    assert [(each.published, each.problem) for each in listed] == [(True, ""), (True, "")]


async def test_a_draft_without_documents_is_not_published(
    tools: Tools, owner: Who, agent: Agent
) -> None:
    with pytest.raises(Conflict, match="upload at least one document first"):
        await keeping.publish(tools, owner, agent)
    wish = keeping.Wish("other", "documents", {})
    with pytest.raises(Invalid):
        await keeping.create(tools, owner, wish, trusted=False, publish=True)


async def test_the_same_name_again_replaces(tools: Tools, owner: Who, agent: Agent) -> None:
    await up(tools, owner, agent, "a.md", DOORS)
    again = await up(tools, owner, agent, "a.md", ROSES)
    assert again.replaced
    assert await rows(tools) == (1, 1), "what no version names is gone"
    await up(tools, owner, agent, "b.md", ROSES)
    assert await rows(tools) == (1, 1), "the same content is kept once"
    assert await names(tools, agent) == ["a.md", "b.md"]


async def test_two_at_once_do_not_sweep_each_other_away(
    tools: Tools, owner: Who, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CON-03: one has arrived and is not named yet while another one is being named."""
    write, waiting = tools.db.write, [("b.md", ROSES)]

    async def crossed(unit: Any, *args: Any) -> Any:
        if unit is uploading._attach and waiting:
            await up(tools, owner, agent, *waiting.pop())
        return await write(unit, *args)

    monkeypatch.setattr(tools.db, "write", crossed)
    await up(tools, owner, agent, "a.md", DOORS)
    kept = (await tools.db.read(uploading.listed, await now(tools, agent)))[:2]
    assert [await tools.db.read(files.content, each.document.file) for each in kept] == [
        DOORS,
        ROSES,
    ]


async def test_what_was_swept_away_while_it_came_is_not_named(
    tools: Tools, owner: Who, agent: Agent
) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"words " * 200_000
        await tools.db.write(files.drop_broken, tools.clock.now() + 2 * HOUR)

    with pytest.raises(Conflict):
        await uploading.add(tools, owner, agent, "a.md", slow())
    assert await names(tools, agent) == []
    assert await rows(tools) == (0, 0)


async def test_removing_takes_the_passages_away(tools: Tools, owner: Who, agent: Agent) -> None:
    await up(tools, owner, agent, "a.md", DOORS)
    await up(tools, owner, agent, "b.md", ROSES)
    await keeping.publish(tools, owner, await now(tools, agent))
    await readying.prepare(tools, {"agent": agent.id})
    await uploading.remove(tools, owner, agent, "b.md")
    assert await found(tools, agent, "what do roses want?") == ["b.md"], "visitors notice nothing"
    await keeping.publish(tools, owner, await now(tools, agent))
    await readying.prepare(tools, {"agent": agent.id})
    assert await found(tools, agent, "what do roses want?") == []
    assert (await rows(tools))[0] == 2, "an earlier version can be brought back"
    with pytest.raises(NotFound):
        await uploading.remove(tools, owner, agent, "b.md")
    await versions.roll_back(tools, owner, agent, 1)
    await readying.prepare(tools, {"agent": agent.id})
    assert await found(tools, agent, "what do roses want?") == ["b.md"]
    assert await names(tools, agent) == ["a.md", "b.md"], "the draft follows"
    await keeping.delete(tools, owner, agent)
    await readying.forget(tools, {"agent": agent.id})
    assert await rows(tools) == (0, 0)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.md", b""),
        ("blank.txt", b" \n\t "),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(500)),
        ("notes.md", b"PK\x03\x04" + bytes(range(32)) * 40),
        ("fake.pdf", b"This is no PDF."),
        ("", b"words"),
        ("../..", b"words"),
        ("a\0b.md", b"words"),
    ],
)
async def test_what_is_no_document_leaves_nothing(
    tools: Tools, owner: Who, agent: Agent, name: str, content: bytes
) -> None:
    with pytest.raises(Invalid):
        await up(tools, owner, agent, name, content)
    assert await rows(tools) == (0, 0)
    assert (await now(tools, agent)).draft == agent.draft


async def test_a_document_that_breaks_off_leaves_nothing(
    tools: Tools, owner: Who, agent: Agent
) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield DOORS * 40_000
        raise Problem("the upload broke off")

    with pytest.raises(Problem, match="broke off"):
        await uploading.add(tools, owner, agent, "a.md", broken())
    assert await rows(tools) == (0, 0)
    stalled = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        yield DOORS * 40_000
        stalled.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(uploading.add(tools, owner, agent, "a.md", stalling()))
    await stalled.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await rows(tools) == (0, 0)
    assert await names(tools, agent) == []


async def test_what_a_killed_server_left_is_swept_away(
    tools: Tools, owner: Who, agent: Agent
) -> None:
    moment = tools.clock.now()
    await tools.db.write(files.begin, "fil_dead", agent.id, moment)
    await tools.db.write(files.add, "fil_dead", [files.Piece("fil_dead", 0, b"half")], moment)
    await tools.db.write(files.drop_broken, moment + HOUR - 1)
    assert await rows(tools) == (1, 1), "it may still be coming"
    await tools.db.write(files.drop_broken, moment + HOUR + 1)
    assert await rows(tools) == (0, 0)


async def test_the_caps(tools: Tools, owner: Who, agent: Agent) -> None:
    """One byte over each of them."""
    small = replace(tools.settings, upload_file_bytes=100, upload_agent_bytes=150, upload_files=2)
    names = ("clock", "keys", "db", "queue", "bus", "http", "limits", "mail")
    kept = {name: getattr(tools, name) for name in names}
    bounded = Tools(settings=small, **kept)
    await up(bounded, owner, agent, "a.md", b"x" * 100)
    with pytest.raises(TooLarge, match="larger than 100 bytes"):
        await up(bounded, owner, agent, "b.md", b"x" * 101)
    with pytest.raises(TooLarge, match="all documents together"):
        await up(bounded, owner, agent, "b.md", b"y" * 51)
    await up(bounded, owner, agent, "b.md", b"y" * 50)
    current = await now(tools, agent)
    with pytest.raises(Conflict, match="at most 2 documents"):
        await up(bounded, owner, current, "c.md", b"z")
    assert (await rows(tools))[0] == 2


async def test_many_at_once_are_all_there(tools: Tools, owner: Who, agent: Agent) -> None:
    """Uploads race for the draft; none overwrites another's, and the form beside is not stale."""
    seen = agent.seen
    wanted = [f"{n}.md" for n in range(12)]
    await asyncio.gather(*(up(tools, owner, agent, name, DOORS + name.encode()) for name in wanted))
    assert await names(tools, agent) == sorted(wanted)
    assert (await now(tools, agent)).seen == seen


async def test_a_broken_one_is_told_and_the_others_answer(
    tools: Tools, owner: Who, agent: Agent
) -> None:
    await up(tools, owner, agent, "doors.md", DOORS)
    await up(tools, owner, agent, "torn.pdf", b"%PDF-1.7\nbroken off here")
    await keeping.publish(tools, owner, await now(tools, agent))
    await readying.prepare(tools, {"agent": agent.id})
    listed = await tools.db.read(uploading.listed, await now(tools, agent))
    told = {each.document.name: each.problem for each in listed}
    assert told["doors.md"] == ""
    assert told["torn.pdf"] != ""
    state = await tools.db.read(library.state_of, agent.id)
    assert state is not None
    assert state.state == "ready"
    await uploading.remove(tools, owner, agent, "doors.md")
    await keeping.publish(tools, owner, await now(tools, agent))
    with pytest.raises(Invalid, match="nothing in the uploaded documents can be read"):
        await readying.prepare(tools, {"agent": agent.id})
    assert await found(tools, agent, "how do I turn the brass key?") == [], "removed is removed"


async def test_an_agent_answers_from_one_place(
    tools: Tools, owner: Who, agent: Agent, tmp_path: Path
) -> None:
    (tmp_path / "a.md").write_bytes(DOORS)
    await up(tools, owner, agent, "b.md", ROSES)
    with pytest.raises(Invalid, match="remove the uploaded documents first"):
        await keeping.edit(
            tools, owner, await now(tools, agent), {"path": str(tmp_path)}, {}, trusted=True
        )
    kept = await keeping.edit(
        tools, owner, await now(tools, agent), {"documents": 1}, {"description": "x"}, trusted=False
    )
    assert kept.agent.draft.config["uploads"], "what is shown is taken back"
    folder = keeping.Wish("folder", "documents", {"path": str(tmp_path)})
    made = await keeping.create(tools, owner, folder, trusted=True, publish=False)
    with pytest.raises(Conflict, match="answers from a folder"):
        await up(tools, owner, made.agent, "c.md", DOORS)


async def test_every_upload_is_written_down(tools: Tools, owner: Who, agent: Agent) -> None:
    await up(tools, owner, agent, "a.md", DOORS)
    await uploading.remove(tools, owner, agent, "a.md")

    def told(conn: sa.Connection) -> list[tuple[str, object]]:
        columns = events.events.c
        wanted = sa.select(columns.kind, columns.data).where(columns.agent_id == agent.id)
        return [(row[0], row[1]) for row in conn.execute(wanted.order_by(columns.id))]

    assert (await tools.db.read(told))[1:] == [
        ("document.uploaded", {"name": "a.md"}),
        ("document.removed", {"name": "a.md"}),
    ]
