"""Libraries on a real database: reading a folder and keeping up with it, searching, opening."""

import asyncio
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from parlour.agents.library import apart, indexing, store, tables
from parlour.agents.library.folder import listed
from parlour.agents.library.helper import Not, Read
from parlour.agents.library.indexing import forget, index
from parlour.agents.library.opening import passage
from parlour.agents.library.searching import search
from parlour.kit.errors import Conflict, Invalid, NotFound

if TYPE_CHECKING:
    from parlour.tools import Tools

ME = "agt_library"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small handbook of a house."""
    house = tmp_path / "house"
    (house / "rooms").mkdir(parents=True)
    (house / "doors.md").write_text(
        "# Doors\n\nA door keeps the wind out.\n\n## Locking a door\n\nTurn the brass key twice "
        "to the left.\n\n```\nturn --twice key\n```\n\n## Painting\n\nSand it first, then paint."
    )
    (house / "rooms" / "kitchen.html").write_text(
        "<title>Kitchen</title><h1>Kitchen</h1><p>The stove burns wood and coal.</p>"
        '<p>See <a href="../doors.md#painting">colours for wood</a>.</p>'
    )
    (house / "garden.txt").write_text("Garden\n======\n\nRoses want sun and a deep hole.\n")
    (house / ".secret.md").write_text("# Hidden\n\nThe spare key lies under the mat.")
    return house


async def found(tools: "Tools", question: str, agent_id: str = ME) -> list[str]:
    return [hit.path for hit in (await search(tools, agent_id, question)).hits]


def everything(conn: sa.Connection, table: sa.Table) -> Sequence[Any]:
    return conn.execute(table.select()).all()


async def test_a_folder_is_read_and_searched(tools: "Tools", folder: Path) -> None:
    told: list[tuple[int, int, str]] = []
    report = await index(tools, ME, folder, lambda *step: told.append(step))
    assert (report.documents, report.read, report.removed, report.skipped) == (3, 3, 0, ())
    assert told[0] == (0, 3, "doors.md")
    assert told[-1] == (3, 3, "")
    assert (await found(tools, "how do I lock the door?"))[0] == "doors.md"
    assert (await found(tools, "what does the stove burn"))[0] == "rooms/kitchen.html"
    assert (await found(tools, "planting rosses"))[0] == "garden.txt"
    assert await found(tools, "spare under mat") == []
    state = await tools.db.read(store.state_of, ME)
    assert state is not None
    assert (state.state, state.done, state.total, state.documents) == ("ready", 3, 3, 3)


async def test_only_what_changed_is_read_again(tools: "Tools", folder: Path) -> None:
    await index(tools, ME, folder)
    before = await tools.db.browse(store.living, ME)
    assert (await index(tools, ME, folder)).read == 0
    (folder / "garden.txt").write_text("Garden\n======\n\nTulips come back every spring.\n")
    os.utime(folder / "doors.md")  # a new date, the same content
    report = await index(tools, ME, folder)
    assert (report.documents, report.read) == (3, 1)
    assert (await found(tools, "tulips in spring"))[0] == "garden.txt"
    assert await found(tools, "roses") == []
    after = await tools.db.browse(store.living, ME)
    assert {row.id for row in before} & {row.id for row in after} == {
        row.id for row in before if row.path != "garden.txt"
    }


async def test_what_is_gone_from_the_folder_is_gone(tools: "Tools", folder: Path) -> None:
    await index(tools, ME, folder)
    (folder / "garden.txt").unlink()
    report = await index(tools, ME, folder)
    assert (report.documents, report.removed) == (2, 1)
    assert await found(tools, "roses") == []
    assert len(await tools.db.browse(everything, tables.documents)) == 2


async def test_what_the_folder_names_is_left_out(tools: "Tools", folder: Path) -> None:
    for name in ("drafts/doors.md", "deep/drafts/x.md", "notes.old.md", "a/b.md", "b.md", "c.md"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# Of {name}\n\nWords.\n")
    (folder / ".parlourignore").write_text("# not ready\ndrafts/\n*.old.md\n\na/b.md\nC.md\n")
    paths = {each.path for each in listed(folder).files}
    assert {"b.md", "c.md"} <= paths
    assert paths.isdisjoint({"drafts/doors.md", "deep/drafts/x.md", "notes.old.md", "a/b.md"})
    before = (await index(tools, ME, folder)).documents
    (folder / ".parlourignore").unlink()
    assert (await index(tools, ME, folder)).documents == before + 4


async def test_files_that_cannot_be_read_are_told(tools: "Tools", folder: Path) -> None:
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing of the kind")
    (folder / "empty.md").touch()
    (folder / "noise.txt").write_bytes(bytes(range(256)) * 8)
    (folder / "away.md").symlink_to("/etc/hostname")
    (folder / "nowhere.md").symlink_to("not-there")
    (folder / "again.md").symlink_to(folder / "doors.md")
    report = await index(tools, ME, folder)
    assert dict(report.skipped) == {
        "away.md": "it is a link out of the folder",
        "broken.pdf": "it is a broken PDF",
        "empty.md": "it is empty",
        "noise.txt": "it is not text",
        "nowhere.md": "it is a link to nothing",
    }
    assert report.documents == 4


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda _path: None, "there is no folder"),
        (lambda path: path.mkdir(), "there is no Markdown, text, HTML or PDF file to read in"),
        (lambda path: path.write_text("x"), "is not a folder"),
        (lambda path: (path.mkdir(), (path / "a.md").touch()), "nothing in"),
    ],
)
async def test_nothing_to_read(tools: "Tools", tmp_path: Path, make: object, told: str) -> None:
    path = tmp_path / "there"
    make(path)  # type: ignore[operator]
    with pytest.raises(Invalid) as problem:
        await index(tools, ME, path)
    assert told in str(problem.value)
    state = await tools.db.read(store.state_of, ME)
    assert state is not None
    assert state.state == "failed"
    assert told in state.error


async def test_two_agents_with_one_folder_are_apart(tools: "Tools", folder: Path) -> None:
    await index(tools, ME, folder)
    await index(tools, "agt_other", folder)
    await forget(tools, ME)
    assert await found(tools, "lock the door") == []
    assert (await found(tools, "lock the door", "agt_other"))[0] == "doors.md"
    assert await tools.db.read(store.state_of, ME) is None
    for table in (tables.documents, tables.postings, tables.maps):
        rows = await tools.db.browse(everything, table)
        assert {row.agent_id for row in rows} == {"agt_other"}


async def test_a_passage_opens_in_its_section_with_the_quote_marked(
    tools: "Tools", folder: Path
) -> None:
    await index(tools, ME, folder)
    hit = (await search(tools, ME, "how do I lock the door?")).hits[0]
    opened = await passage(tools, ME, hit.passage, "Turn the brass key twice to the left.")
    assert (opened.title, opened.path, opened.headings) == (
        "Doors",
        "doors.md",
        ("Doors", "Locking a door"),
    )
    assert [(block.text.split("\n")[0], block.marked) for block in opened.blocks] == [
        ("Turn the brass key twice to the left.", True),
        ("```", False),
    ]
    with pytest.raises(NotFound):
        await passage(tools, "agt_other", hit.passage)
    for wrong in (
        "",
        "x",
        "doc_x.1",
        "doc_x.1.no.md",
        "doc_x.-1.doors.md",
        "a.1.\0",
        "a.9é.doors.md",
    ):
        with pytest.raises(NotFound):
            await passage(tools, ME, wrong)


async def test_an_old_citation_opens_where_its_words_are_now(tools: "Tools", folder: Path) -> None:
    await index(tools, ME, folder)
    hit = (await search(tools, ME, "how do I lock the door?")).hits[0]
    text = (folder / "doors.md").read_text()
    (folder / "doors.md").write_text("# News\n\nThis comes first now.\n\n" + text)
    await index(tools, ME, folder)
    opened = await passage(tools, ME, hit.passage, "Turn the brass key twice to the left.")
    assert opened.changed
    assert [block.text for block in opened.blocks if block.marked] == [
        "Turn the brass key twice to the left."
    ]


async def test_a_run_that_is_overtaken_writes_nothing_more(tools: "Tools", folder: Path) -> None:
    overtaken = asyncio.Event()

    def progress(done: int, _total: int, _name: str) -> None:
        if done == 1 and not overtaken.is_set():
            overtaken.set()

    first = asyncio.create_task(index(tools, ME, folder, progress))
    await overtaken.wait()
    report = await index(tools, ME, folder)
    with pytest.raises(Conflict):
        await first
    assert report.documents == 3
    assert (await found(tools, "lock the door"))[0] == "doors.md"


@pytest.mark.parametrize("by", [index, forget])
async def test_a_run_that_is_overtaken_before_it_builds_spoils_nothing(
    tools: "Tools", folder: Path, monkeypatch: pytest.MonkeyPatch, by: Any
) -> None:
    real, others = indexing._build, [by]

    async def build(*args: Any) -> None:
        if others:
            overtakes = others.pop()
            await (index(tools, ME, folder) if overtakes is index else forget(tools, ME))
            (folder / "garden.txt").write_text("Garden\n======\n\nTulips.\n")
        await real(*args)

    monkeypatch.setattr(indexing, "_build", build)
    with pytest.raises(Conflict):
        await index(tools, ME, folder)
    assert await found(tools, "planting roses") == (["garden.txt"] if by is index else [])
    await index(tools, ME, folder)
    assert await found(tools, "tulips") == ["garden.txt"]


async def test_searching_goes_on_while_reading(tools: "Tools", folder: Path) -> None:
    await index(tools, ME, folder)
    shutil.rmtree(folder / "rooms")
    (folder / "doors.md").write_text("# Doors\n\nAll doors have been taken out.")
    seen: list[list[str]] = []
    searches: list[asyncio.Task[None]] = []

    async def look() -> None:
        seen.append(await found(tools, "lock with the brass key"))

    await index(tools, ME, folder, lambda *_: searches.append(asyncio.create_task(look())))
    await asyncio.gather(*searches)
    assert seen[0] == ["doors.md"]
    assert await found(tools, "brass key twice") == []


async def test_a_run_that_broke_off_is_finished_by_the_next(
    tools: "Tools", folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_args: object) -> None:
        raise RuntimeError("pulled the plug")

    await index(tools, ME, folder)
    (folder / "garden.txt").write_text("Garden\n\nTulips come back every spring.")
    with monkeypatch.context() as patched:
        patched.setattr(indexing, "_build", broken)
        with pytest.raises(RuntimeError):
            await index(tools, ME, folder)
    assert (await found(tools, "roses"))[0] == "garden.txt"  # still as it was
    report = await index(tools, ME, folder)
    assert report.read == 0
    assert (await found(tools, "tulips"))[0] == "garden.txt"


async def test_a_file_that_hangs_or_kills_the_reader_is_skipped(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(folder / "pipe.md")  # reading it waits for ever
    monkeypatch.setattr(apart, "_READ_SECONDS", 1.5)
    async with apart.Helper() as helper:
        answer = await helper.read(Read(str(folder), "pipe.md", ""))
        assert answer == Not("reading it takes longer than 2 seconds")
        monkeypatch.setattr(apart, "_READ_SECONDS", 60)
        assert (await helper.read(Read(str(folder), "doors.md", ""))).title == "Doors"  # type: ignore[union-attr]
        assert await helper.read(Read(str(folder), "../../etc/hostname.md", "")) != answer


@pytest.mark.parametrize(
    "question",
    [
        "'; DROP TABLE library_terms; --",
        'NEAR("key" "door", 2) AND * NOT -',
        "100% _%_ %s %n {{7*7}} ${x} $(id)",
        "key " * 4000,
        "k" * 8000,
        "😀 🗝️",
        "كيف أقفل الباب؟",
        "如何锁门",
        "\x00",
        "",
    ],
)
async def test_any_question_is_a_question(tools: "Tools", folder: Path, question: str) -> None:
    """INP-07: no error, no effect."""
    await index(tools, ME, folder)
    await found(tools, question)
    assert (await found(tools, "how do I lock the door?"))[0] == "doors.md"


async def test_other_scripts_are_found(tools: "Tools", folder: Path) -> None:
    (folder / "zh.md").write_text("# 门\n\n如何锁门:把钥匙向左转两次。")
    (folder / "ar.md").write_text("# الباب\n\nأدر المفتاح مرتين إلى اليسار لقفل الباب.")
    await index(tools, ME, folder)
    assert (await found(tools, "锁门的钥匙"))[0] == "zh.md"
    assert (await found(tools, "كيف أدير المفتاح؟"))[0] == "ar.md"
