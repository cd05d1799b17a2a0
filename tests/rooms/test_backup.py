"""Backing up while others write, and restoring into either engine, to the last character."""

import asyncio
import gzip
import random
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from parlour.agents import keeping as agents
from parlour.agents import uploading
from parlour.conversations.store import conversations, messages
from parlour.events import events
from parlour.kit.db import Database, archive, open_database
from parlour.kit.db.backup import Told, back_up, restore
from parlour.kit.errors import Conflict, Invalid
from parlour.links import keeping
from parlour.main import serving
from parlour.rights import Who
from parlour.tools import Tools
from parlour.visitors import visitors
from tests.rig.services import Postgres
from tests.rig.storage import POSTGRES, SQLITE, Storage, wanted_engines
from tests.rig.waiting import eventually
from tests.rooms.conftest import Maker

ROOMS = serving
TOLD = Told("0.1.0", 1_795_000_000_000)
HARD = 'é 😀 👩‍👩‍👧 \u202e "quotes" \\ \n\r\t \U0001f9d1\u200d\U0001f680 \ufffd ￿'
JSON = {"ключ": [1, 2.5, 1e300, -0.1, True, None, {"": HARD}], "big": 2**53 - 1}

Rows = dict[str, list[bytes]]


def contents(path: Path) -> Rows:
    """Every row of a backup, in an order that does not hang on an engine's way of sorting."""
    found: Rows = {}
    for table, rows in archive.rows(path):
        # What reading a database by itself writes down.
        if table != "instance_keys":
            found.setdefault(table, []).extend(
                orjson.dumps(row, option=orjson.OPT_SORT_KEYS) for row in rows
            )
    return {table: sorted(rows) for table, rows in found.items()}


@pytest.fixture
def elsewhere(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str], Storage]]:
    """Make another storage where nothing is yet."""
    made: list[str] = []

    def make(engine: str) -> Storage:
        folder = tmp_path / "elsewhere"
        if engine == SQLITE:
            folder.mkdir()
            return Storage(SQLITE, folder)
        server: Postgres = request.getfixturevalue("postgres")
        made.append(server.create())
        return Storage(POSTGRES, folder, server.url(made[-1]))

    yield make
    for name in made:
        request.getfixturevalue("postgres").drop(name)


async def talk(tools: Tools, owner: Who, make_agent: Maker) -> None:
    """Leave something in the tables that carry people's words."""
    agent = await make_agent(welcome_message="Hé 😀")
    link = await keeping.create(tools, owner, agent.id, keeping.Wish(name="Ünï 😀"))
    place = {"workspace_id": owner.workspace_id, "agent_id": agent.id, "link_id": link.id}

    def unit(conn: sa.Connection) -> None:
        conn.execute(sa.insert(visitors), {"id": "vis_1", "created_at": 1, **place})
        conn.execute(
            sa.insert(conversations),
            {
                "id": "cnv_1",
                "visitor_id": "vis_1",
                "created_at": 1,
                "last_message_at": 2,
                "message_count": 500,
                "last_seq": 500,
                "variables": JSON,
                **place,
            },
        )
        conn.execute(
            sa.insert(messages),
            [
                {
                    "conversation_id": "cnv_1",
                    "seq": n,
                    "id": f"msg_{n}",
                    "author_kind": "visitor",
                    "author_name": HARD,
                    "text": HARD * n,
                    "state": "done",
                    "created_at": 1_795_000_000_000 + n,
                    "citations": [JSON] if n % 2 else None,
                    "epoch": 0,
                    "superseded": n % 3 == 0,
                }
                for n in range(1, 501)
            ],
        )

    await tools.db.write(unit)
    wish = agents.Wish("handbook", "documents", {})
    reader = (await agents.create(tools, owner, wish, trusted=True, publish=False)).agent

    async def upload() -> AsyncIterator[bytes]:
        yield b"%PDF-1.7\n"
        yield random.Random(7).randbytes(700_000)

    await uploading.add(tools, owner, reader, "Hé 😀.pdf", upload())


async def opened(storage: Storage) -> Database:
    return await open_database(storage.database_url, storage.sqlite_path)


@pytest.mark.parametrize("target", wanted_engines())
async def test_every_row_comes_through(
    tools: Tools,
    owner: Who,
    make_agent: Maker,
    tmp_path: Path,
    elsewhere: Callable[[str], Storage],
    target: str,
) -> None:
    """MIG-11: SQLite and PostgreSQL in either direction; JSON, emoji, times and sequences exact."""
    await talk(tools, owner, make_agent)
    first, second = tmp_path / "first.pb", tmp_path / "second.pb"
    told = await back_up(tools.db, first, TOLD)
    other = elsewhere(target)
    await restore(other.database_url, other.sqlite_path, first, archive.read(first))
    there = await opened(other)
    try:
        again = await back_up(there, second, TOLD)
        assert contents(second) == contents(first)
        assert {n: t.rows for n, t in again.tables.items()} == {
            n: t.rows for n, t in told.tables.items()
        }
        assert await there.write(_next_event) > await tools.db.read(_newest_event)
    finally:
        await there.close()


def _newest_event(conn: sa.Connection) -> int:
    return int(conn.execute(sa.select(sa.func.max(events.c.id))).scalar_one())


def _next_event(conn: sa.Connection) -> int:
    values = {
        "workspace_id": "w",
        "kind": "k",
        "at": 1,
        "actor_kind": "a",
        "actor_id": "i",
        "data": {},
    }
    return int(conn.execute(sa.insert(events).returning(events.c.id), values).scalar_one())


async def test_a_backup_is_one_moment(
    tools: Tools, owner: Who, make_agent: Maker, tmp_path: Path
) -> None:
    """MIG-08: while others write, a row is in it with all that was written beside it, or not."""
    agent = await make_agent()
    stopped, written = asyncio.Event(), 0

    async def write() -> None:
        nonlocal written
        while not stopped.is_set():
            await keeping.create(tools, owner, agent.id, keeping.Wish(name=HARD[:1]))
            written += 1

    writers = [asyncio.create_task(write()) for _ in range(4)]
    found = []
    for n in range(3):
        before = written
        await eventually(lambda before=before: written > before + 4)  # type: ignore[misc]
        found.append(await back_up(tools.db, tmp_path / f"{n}.pb", TOLD))
    stopped.set()
    await asyncio.gather(*writers)
    for n, each in enumerate(found):
        rows = contents(tmp_path / f"{n}.pb")
        created = [row for row in rows["events"] if b'"link.created"' in row]
        assert len(created) == each.tables["links"].rows
    counts = [each.tables["links"].rows for each in found]
    assert counts == sorted(counts)
    assert 0 < counts[0] < counts[-1] <= written


async def test_restore_fills_only_what_is_empty(
    tools: Tools, owner: Who, storage: Storage, tmp_path: Path
) -> None:
    file = tmp_path / "a.pb"
    await back_up(tools.db, file, TOLD)
    with pytest.raises(Conflict):
        await restore(storage.database_url, storage.sqlite_path, file, archive.read(file))


@pytest.mark.parametrize("revision", ["0000_before", "9999_later"])
async def test_another_revision_is_told(
    tools: Tools, storage: Storage, tmp_path: Path, revision: str
) -> None:
    """MIG-04"""
    file = tmp_path / "a.pb"
    told = await back_up(tools.db, file, TOLD)
    other = archive.Contents(told.program, revision, told.at, told.columns, told.tables, told.key)
    with pytest.raises(Invalid, match=revision):
        await restore("", tmp_path / "none.db", file, other)
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("harm", ["cut", "flipped", "empty", "text", "missing", "plain gzip"])
async def test_a_harmed_backup_is_noticed(tools: Tools, tmp_path: Path, harm: str) -> None:
    file = tmp_path / "a.pb"
    await back_up(tools.db, file, TOLD)
    raw = file.read_bytes()
    half = len(raw) // 2
    harmed = {
        "cut": raw[:half],
        "flipped": raw[:half] + bytes([raw[half] ^ 0x10]) + raw[half + 1 :],
        "empty": b"",
        "text": b"dear diary",
        "missing": b"",
        "plain gzip": gzip.compress(b"x" * 10_000),
    }
    file.write_bytes(harmed[harm])
    if harm == "missing":
        file.unlink()
    with pytest.raises(Invalid):
        archive.read(file)


async def test_nothing_else_is_written_over(tools: Tools, tmp_path: Path) -> None:
    diary = tmp_path / "diary.txt"
    diary.write_text("dear diary")
    with pytest.raises(Conflict):
        await back_up(tools.db, diary, TOLD)
    assert diary.read_text() == "dear diary"
    file = tmp_path / "a.pb"
    await back_up(tools.db, file, TOLD)
    await back_up(tools.db, file, TOLD)
    assert sorted(each.name for each in tmp_path.glob("*.p*")) == ["a.pb"]
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []
    assert file.stat().st_mode & 0o777 == 0o600


async def test_the_key_is_in_it_only_when_asked_for(tools: Tools, tmp_path: Path) -> None:
    await back_up(tools.db, tmp_path / "a.pb", TOLD)
    await back_up(tools.db, tmp_path / "b.pb", Told("0.1.0", 1, key="the key"))
    assert archive.read(tmp_path / "a.pb").key == ""
    assert archive.read(tmp_path / "b.pb").key == "the key"
