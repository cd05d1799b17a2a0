"""SQLite when the disk is full, the file is gone, another program locks it, or power fails us."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from parlour.kit.db.sqlite import SqliteDatabase
from parlour.kit.errors import StorageFull, Unavailable
from tests.rig.waiting import PATIENCE

pytestmark = pytest.mark.faults

notes = sa.Table(
    "notes",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)


def add(conn: sa.Connection, id_: int, size: int = 10) -> int:
    conn.execute(sa.insert(notes).values(id=id_, text="x" * size))
    return id_


def count(conn: sa.Connection) -> int:
    return int(conn.execute(sa.select(sa.func.count()).select_from(notes)).scalar_one())


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    path = tmp_path / "parlour.db"
    path.touch()
    database = SqliteDatabase(path)
    await database.write(notes.metadata.create_all)
    yield database
    await database.close()


async def test_a_connection_never_makes_a_file(tmp_path: Path) -> None:
    """DSK-04: not even one that is opened in the very moment in which the file is taken away."""
    path = tmp_path / "odd % # ? é.db"
    path.touch()
    database = SqliteDatabase(path)
    await database.write(notes.metadata.create_all)
    assert await database.browse(count) == 0
    path.unlink()
    with pytest.raises(sa.exc.OperationalError):
        database.engine.connect()
    assert not path.exists()
    await database.close()


async def test_a_full_disk_refuses_writes_keeps_reads_and_recovers(file: SqliteDatabase) -> None:
    """The engine's own limit stands in for the disk: the same error at the same place."""
    for n in range(5):
        await file.write(add, n, 2000)

    def limit(pages: int) -> None:
        connect = file.engine.connect

        def smaller(**_options: object) -> sa.Connection:
            conn = connect()
            conn.exec_driver_sql(f"PRAGMA max_page_count={pages}")
            return conn

        file.engine.connect = smaller  # type: ignore[method-assign]

    limit(12)
    # The writer's connection has to be made anew to see the limit.
    with pytest.raises(Exception, match="nowhere"):
        await file.write(lambda conn: conn.execute(sa.text("SELECT 1 FROM nowhere")))
    ends = await asyncio.gather(
        *(file.write(add, 100 + n, 3000) for n in range(20)), return_exceptions=True
    )
    kept = [end for end in ends if isinstance(end, int)]
    full = [end for end in ends if isinstance(end, StorageFull)]
    assert len(kept) + len(full) == 20, ends
    assert full
    assert await file.read(count) == 5 + len(kept)
    limit(1_000_000)
    assert await file.write(add, 999, 3000) == 999
    assert await file.browse(count) == 6 + len(kept)


async def test_a_file_that_is_gone_is_not_written_into_the_void(file: SqliteDatabase) -> None:
    await file.write(add, 1)
    moved = file.path.with_name("moved.db")
    file.path.rename(moved)
    with pytest.raises(Unavailable):
        await file.write(add, 2)
    with pytest.raises(Unavailable):
        await file.browse(count)
    assert not file.path.exists(), "a new one, which takes the log of the old one for its own"
    file.path.touch()  # another file in its place is not it either
    with pytest.raises(Unavailable):
        await file.write(add, 3)
    with pytest.raises(Unavailable):
        await file.browse(count)
    assert file.path.stat().st_size == 0
    file.path.unlink()
    moved.rename(file.path)
    assert await file.write(add, 4) == 4
    assert await file.read(count) == 2


async def test_a_lock_of_another_program_is_waited_for(file: SqliteDatabase) -> None:
    other = sqlite3.connect(file.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(file.write(add, 1))
    await asyncio.sleep(0.2)
    assert not writing.done()
    assert await file.read(count) == 0  # readers do not wait
    other.execute("COMMIT")
    other.close()
    assert await asyncio.wait_for(writing, PATIENCE) == 1


async def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "parlour.db"
    path.write_bytes(b"this was a database once" * 1000)
    with pytest.raises(Exception, match=r"damaged|not a database"):
        SqliteDatabase(path)


WRITER = """
import asyncio, sys
from pathlib import Path
import sqlalchemy as sa
from parlour.kit.db.sqlite import SqliteDatabase

async def main():
    db = SqliteDatabase(Path(sys.argv[1]))
    first = int(sys.argv[2])
    def add(conn, n):
        conn.execute(sa.text("INSERT INTO notes VALUES (:n, 'a')"), {"n": 2 * n})
        conn.execute(sa.text("INSERT INTO notes VALUES (:n, 'b')"), {"n": 2 * n + 1})
        return n
    async def many(k):
        n = first + k
        while True:
            await db.write(add, n)
            sys.stdout.write(f"{n}\\n")
            sys.stdout.flush()
            n += 16
    await asyncio.gather(*(many(k) for k in range(16)))

asyncio.run(main())
"""


async def test_kill_9_loses_nothing_acknowledged_and_leaves_no_half(file: SqliteDatabase) -> None:
    """CRH-01, CRH-02: sixteen writers in a group commit, killed at a random moment, again."""
    first = 0
    for round_ in range(6):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", WRITER, str(file.path), str(first)),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        acknowledged = [int(await process.stdout.readline())]
        await asyncio.sleep(0.05 + 0.037 * round_)
        os.kill(process.pid, signal.SIGKILL)
        rest = await process.stdout.read()
        await process.wait()
        # The last line may have been cut in the middle.
        acknowledged += [int(line) for line in rest.decode().split("\n")[:-1]]

        def stored(conn: sa.Connection) -> list[int]:
            return list(conn.execute(sa.select(notes.c.id)).scalars())

        found = set(await file.read(stored))
        assert {2 * n for n in acknowledged} <= found
        assert {2 * n + 1 for n in acknowledged} <= found
        assert {id_ ^ 1 for id_ in found} == found, "half of a transaction"
        first = max(found) // 2 + 1
    integrity = await file.read(lambda conn: conn.exec_driver_sql("PRAGMA integrity_check").all())
    assert integrity == [("ok",)]


async def test_the_log_of_writes_shrinks_when_a_long_reader_has_gone(file: SqliteDatabase) -> None:
    """DSK-08: while somebody reads the past it has to grow; after that it is bounded again."""
    log, bound = Path(f"{file.path}-wal"), 64 << 20
    reader = file.engine.connect()
    reader.exec_driver_sql("BEGIN")
    assert count(reader) == 0
    for n in range(18):
        await file.write(add, n, 4 << 20)
    assert log.stat().st_size > bound
    assert count(reader) == 0
    reader.close()
    for n in range(2):
        await file.write(add, 100 + n)
    assert log.stat().st_size <= bound
    assert await file.browse(count) == 20
