"""The disk is full, the file is gone or not to be written: refused clearly, nothing pretended."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.rig import oracles, plays
from tests.rig.model import FakeModel
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import SQLITE, Storage, in_ci
from tests.rig.visiting import QUICK, visiting
from tests.rig.waiting import eventually

pytestmark = pytest.mark.faults


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB; only root can make one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    made = subprocess.run(mount, capture_output=True, check=False) if os.geteuid() == 0 else None
    if made is None or made.returncode != 0:
        assert not in_ci(), "CI tests what happens when a disk is full, and must be root for that"
        pytest.skip("not here: the right to mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_stops_writing_and_nothing_else(
    small_disk: Path,
    sqlite_template: Path,
    nursery: Nursery,
    tmp_path: Path,
    model: FakeModel,
    http: aiohttp.ClientSession,
) -> None:
    """DSK-01: 507 or 503 and no false word, reading goes on, room brings all of it back."""
    data = small_disk / "data"
    data.mkdir()
    shutil.copy(sqlite_template, data / "parlour.db")
    server = Server(Storage(SQLITE, data), tmp_path, nursery, **QUICK).start()
    model.plays(plays.reply("One two three."))
    async with visiting(server, model, http) as visit:
        vera = visit.visitor()
        assert (await vera.say("Before")).status == 202
        before = await vera.settled()
        vera.faulty = True
        with (
            (small_disk / "filler").open("wb", buffering=0) as filler,
            contextlib.suppress(OSError),
        ):
            while True:
                filler.write(b"x" * 65_536)
        n, acknowledged = 0, list[int]()
        answer = await vera.say("Full 0", message_id="m0")
        while answer.status == 202:
            acknowledged.append(n)
            n += 1
            answer = await vera.say(f"Full {n} " + "x" * 7000, message_id=f"m{n}")
        assert (answer.status, answer.code) in {(507, "storage_full"), (503, "unavailable")}
        assert (await vera.page()).status == 200
        assert (await vera.history())[: len(before)] == before
        ready = await vera.ask("GET", "/readyz")
        assert (ready.status, ready.json["detail"][:16]) == (503, "the disk is full")
        (small_disk / "filler").unlink()

        async def ready_again() -> bool:
            return (await vera.ask("GET", "/readyz")).status == 200

        await eventually(ready_again)
        again = await vera.say("After", message_id=f"m{n}")
        assert again.status == 202
        await vera.settled(within=60)
        stored = [m.text for m in await visit.keeper.messages(visit.link) if m.seq % 2]
        assert [text[:7].strip() for text in stored] == [
            "Before",
            *(f"Full {n}"[:7] for n in acknowledged),
            "After",
        ]
    assert server.stop() == 0
    oracles.check_database_file(data / "parlour.db")
    oracles.check_gives_nothing_away(answer.text)


@pytest.fixture
def sqlite_server(sqlite_template: Path, tmp_path: Path, nursery: Nursery) -> Iterator[Server]:
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(sqlite_template, data / "parlour.db")
    server = Server(Storage(SQLITE, data), tmp_path, nursery, **QUICK)
    yield server
    server.close()


@pytest.mark.parametrize("how", ["removed", "replaced"])
async def test_a_database_file_taken_away_under_us(
    sqlite_server: Server, model: FakeModel, http: aiohttp.ClientSession, how: str
) -> None:
    """DSK-04: no acknowledgement into a file that is nowhere, and no new, empty one."""
    server = sqlite_server.start()
    path = server.storage.sqlite_path
    async with visiting(server, model, http) as visit:
        vera = visit.visitor()
        assert (await vera.say("Before")).status == 202
        await vera.settled()
    vera.faulty = True
    aside = path.with_name("aside.db")
    path.rename(aside)
    if how == "replaced":
        path.write_bytes(b"")
    answer = await vera.say("Into nothing")
    assert (answer.status, answer.code) == (503, "unavailable")
    oracles.check_gives_nothing_away(answer.text)
    page = await vera.ask("POST", f"/chat/{vera.token}", data={"message": "Into nothing"})
    assert page.status == 503
    assert path.exists() == (how == "replaced")
    assert (await vera.ask("GET", "/healthz")).status == 200
    ready = await vera.ask("GET", "/readyz")
    assert (ready.status, ready.code) == (503, "not_ready")
    aside.rename(path)
    assert (await vera.say("Again")).status == 202
    await vera.settled()
    assert [text for role, text in await vera.history() if role == "user"] == ["Before", "Again"]


@pytest.mark.long
async def test_a_database_that_may_not_be_written(
    sqlite_server: Server, model: FakeModel, http: aiohttp.ClientSession
) -> None:
    """DSK-04: reading goes on, writing is refused; root may write anything, so SQLite refuses."""
    server = sqlite_server.start()
    async with visiting(server, model, http) as visit:
        vera = visit.visitor()
        assert (await vera.say("Before")).status == 202
        before = await vera.settled()
    vera.faulty = True
    # Another program holds the only right to write for longer than anybody waits.
    with contextlib.closing(sqlite3.connect(server.storage.sqlite_path)) as hog:
        hog.execute("BEGIN IMMEDIATE")
        answer = await vera.say("Meanwhile", message_id="m1")
        assert (answer.status, answer.code) == (503, "unavailable")
        assert await vera.history() == before
        hog.rollback()
    assert (await vera.say("Meanwhile", message_id="m1")).status == 202
    assert len(await vera.settled()) == 4


@pytest.fixture
def frozen_data(sqlite_server: Server) -> Iterator[Server]:
    """A server whose data folder can only be read; root alone can arrange that for root."""
    folder = str(sqlite_server.storage.data_dir)
    bound = os.geteuid() == 0 and not _run("mount", "--bind", folder, folder)
    if not bound:
        assert not in_ci(), "CI tests what happens when a folder is read-only, and must be root"
        pytest.skip("not here: the right to mount a folder read-only")
    assert _run("mount", "-o", "remount,ro,bind", folder) == 0
    yield sqlite_server
    assert _run("umount", "-l", folder) == 0


def _run(*command: str) -> int:
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_a_folder_that_may_not_be_written(frozen_data: Server) -> None:
    """DSK-04: said at the start, before anybody is let in."""
    refused(frozen_data, "cannot be written")


def refused(server: Server, *says: str) -> None:
    """The program must not start, and say why in one line, without a trace."""
    done = server.run("serve", "--port", "0")
    assert done.returncode == 1, done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert len(lines) == 1, done.stderr
    for word in says:
        assert word in lines[0], lines[0]
    assert "Traceback" not in done.stderr
    assert "Listening" not in done.stdout


def test_a_second_server_on_the_same_folder(sqlite_server: Server) -> None:
    """DSK-09."""
    sqlite_server.start()
    refused(sqlite_server, "another server is already using", "stop it", "PARLOUR_DATA_DIR")
    assert sqlite_server.running.process.poll() is None


def test_a_second_server_on_the_same_database(own_server: Callable[..., Server]) -> None:
    """DSK-09 for PostgreSQL: without Redis there can be only one; with it, more are welcome."""
    first = own_server(PARLOUR_REDIS_URL="")
    if first.storage.engine == SQLITE:
        refused(first, "another server is already using")
        return
    refused(first, "another process is using this database", "PARLOUR_REDIS_URL")
    first.stop()
    one, two = own_server(), own_server()
    assert one.url != two.url


def test_a_folder_that_lost_its_database(tmp_path: Path, nursery: Nursery) -> None:
    """DSK-05: a key without its database is no fresh instance."""
    data = tmp_path / "data"
    server = Server(Storage(SQLITE, data), tmp_path, nursery)
    server.environment.pop("PARLOUR_SECRET_KEY")
    server.start()
    server.stop()
    for file in data.glob("parlour.db*"):
        file.unlink()
    refused(server, "is here but", "restore a backup")
    assert not (data / "parlour.db").exists()


def test_a_folder_that_lost_its_key(tmp_path: Path, nursery: Nursery) -> None:
    """DSK-05: a database without its key is no instance either."""
    data = tmp_path / "data"
    server = Server(Storage(SQLITE, data), tmp_path, nursery)
    server.environment.pop("PARLOUR_SECRET_KEY")
    server.start()
    server.stop()
    (data / "instance.key").unlink()
    refused(server, "is here but", "PARLOUR_SECRET_KEY")
    assert not (data / "instance.key").exists()


def test_a_newer_database(sqlite_server: Server) -> None:
    """MIG-04: refused, and not a byte of it is changed."""
    path = sqlite_server.storage.sqlite_path
    with contextlib.closing(sqlite3.connect(path)) as later:
        later.execute("UPDATE alembic_version SET version_num = '9999_from_the_future'")
        later.commit()
        later.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.read_bytes()
    refused(sqlite_server, "9999_from_the_future", "newer")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 200, b"SQLite format 3\0" + b"x" * 5000]
)
def test_a_database_that_is_none(sqlite_server: Server, content: bytes) -> None:
    sqlite_server.storage.sqlite_path.write_bytes(content)
    refused(sqlite_server, "damaged")
    assert sqlite_server.storage.sqlite_path.read_bytes() == content
