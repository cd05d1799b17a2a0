"""PostgreSQL when sessions are killed, it crashes, freezes, or takes no writes."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator

import psutil  # type: ignore[import-untyped]
import pytest
import sqlalchemy as sa

from parlour.kit.db import after_commit, postgres
from parlour.kit.db.postgres import PostgresDatabase, run_alone
from parlour.kit.errors import Unavailable
from tests.rig.services import Postgres
from tests.rig.storage import look_around
from tests.rig.waiting import eventually

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif("postgresql" in look_around().missing, reason="not here: postgresql"),
]

notes = sa.Table(
    "notes",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("text", sa.Text, nullable=False),
)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of this module's own, to be killed."""
    own = Postgres(durable=True)
    yield own
    own.close()


@pytest.fixture
async def db(server: Postgres) -> AsyncIterator[PostgresDatabase]:
    name = server.create()
    await run_alone(server.url(name), notes.metadata.create_all)
    database = PostgresDatabase(server.url(name), pool=4)
    yield database
    await database.close()
    server.drop(name)


def add(conn: sa.Connection, id_: int, text: str = "x") -> int:
    conn.execute(sa.insert(notes).values(id=id_, text=text))
    return id_


def ids(conn: sa.Connection) -> set[int]:
    return set(conn.execute(sa.select(notes.c.id)).scalars())


def pid(conn: sa.Connection) -> int:
    return int(conn.execute(sa.text("SELECT pg_backend_pid()")).scalar_one())


async def test_killed_sessions_are_replaced_unnoticed(
    server: Postgres, db: PostgresDatabase
) -> None:
    """CRH-04: those that wait in the pool."""
    before = set(await asyncio.gather(*(db.read(pid) for _ in range(4))))
    for each in before:
        server.execute(f"SELECT pg_terminate_backend({each})")
    assert await asyncio.gather(*(db.write(add, n) for n in range(8))) == list(range(8))
    assert await db.read(ids) == set(range(8))
    assert await db.read(pid) not in before


async def test_a_session_killed_in_a_transaction_runs_it_again(
    server: Postgres, db: PostgresDatabase
) -> None:
    told, tries = list[int](), list[int]()

    def unit(conn: sa.Connection) -> None:
        after_commit(conn, lambda: told.append(1))
        tries.append(pid(conn))
        add(conn, 1)
        if len(tries) == 1:
            server.execute(f"SELECT pg_terminate_backend({tries[0]})")
            time.sleep(0.1)
        add(conn, 2)

    await db.write(unit)
    assert len(tries) == 2
    assert told == [1]
    assert await db.read(ids) == {1, 2}


async def test_a_deadlock_is_undone_and_run_again(db: PostgresDatabase) -> None:
    """CRH-07."""
    await db.write(add, 1)
    await db.write(add, 2)
    tries: list[int] = []
    there = sa.text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
    )

    def update(conn: sa.Connection, first: int, second: int) -> None:
        tries.append(first)
        is_first_try = tries.count(first) == 1
        for id_ in (first, second):
            conn.execute(sa.update(notes).where(notes.c.id == id_).values(text=str(first)))
            if is_first_try and id_ == first:
                # Each has one row, and says so, before either asks for the other's.
                conn.execute(sa.text("SELECT pg_advisory_lock(:id)"), {"id": id_})
                while conn.execute(there).scalar_one() < 2:
                    conn.execute(sa.text("SELECT pg_sleep(0.01)"))

    await asyncio.gather(db.write(update, 1, 2), db.write(update, 2, 1))
    assert len(tries) == 3


async def test_a_serialization_failure_is_run_again(db: PostgresDatabase) -> None:
    """CRH-07."""
    await db.write(add, 1, "0")

    def increment(conn: sa.Connection) -> None:
        conn.execute(sa.text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"))
        text = conn.execute(sa.select(notes.c.text)).scalar_one()
        conn.execute(sa.text("SELECT pg_sleep(0.02)"))
        conn.execute(sa.update(notes).values(text=str(int(text) + 1)))

    ends = await asyncio.gather(*(db.write(increment) for _ in range(3)), return_exceptions=True)
    done = [end for end in ends if end is None]
    assert all(isinstance(end, Unavailable) for end in ends if end is not None)
    total = await db.read(lambda conn: conn.execute(sa.select(notes.c.text)).scalar_one())
    assert int(total) == len(done) >= 2


async def test_a_server_that_takes_no_writes_says_so(db: PostgresDatabase) -> None:
    """CRH-06: as a standby would after a failover; nothing is acknowledged falsely."""

    def read_only(conn: sa.Connection) -> None:
        conn.execute(sa.text("SET TRANSACTION READ ONLY"))
        add(conn, 1)

    with pytest.raises(Unavailable, match="no changes"):
        await db.write(read_only)
    assert await db.read(ids) == set()
    assert await db.write(add, 1) == 1


async def test_a_migration_takes_as_long_as_it_takes(
    server: Postgres, db: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MIG: it has none of the deadlines of those whom somebody waits for."""
    monkeypatch.setattr(postgres, "_COMMAND_DEADLINE", 1)

    def slow(conn: sa.Connection) -> str:
        conn.execute(sa.text("SELECT pg_sleep(2)"))
        return "done"

    url = server.url(server.create())
    hurried = PostgresDatabase(url)
    with pytest.raises(Unavailable):
        await hurried.write(slow)
    await hurried.close()
    assert await run_alone(url, slow) == "done"


@pytest.mark.parametrize("error", [FileNotFoundError("the backup is gone"), TimeoutError("mine")])
async def test_what_breaks_beside_the_database_is_not_blamed_on_it(
    server: Postgres, error: Exception
) -> None:
    def breaks(_conn: sa.Connection) -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        await run_alone(server.url("postgres"), breaks)
    assert raised.value is error
    with pytest.raises(Unavailable):
        await run_alone("postgresql://nobody@127.0.0.1:1/none", ids)


async def test_a_crash_loses_nothing_acknowledged_and_is_got_over(
    server: Postgres, db: PostgresDatabase
) -> None:
    """CRH-04."""
    acknowledged: set[int] = set()
    refused: list[BaseException] = []
    stop = asyncio.Event()

    async def write(start: int) -> None:
        n = start
        while not stop.is_set():
            try:
                acknowledged.add(await db.write(add, n))
            except Unavailable as error:
                refused.append(error)
                await asyncio.sleep(0.05)
            n += 10

    writing = [asyncio.create_task(write(n)) for n in range(8)]
    await eventually(lambda: acknowledged)
    await asyncio.to_thread(server.crash)
    with pytest.raises(Unavailable):
        await db.read(ids)
    await eventually(lambda: refused)
    server.start_again()  # on this thread: the server dies with the one that started it
    before = len(acknowledged)
    await eventually(lambda: len(acknowledged) >= before + 50)
    stop.set()
    await asyncio.gather(*writing)
    assert acknowledged <= await db.read(ids)


@pytest.mark.long
async def test_a_frozen_server_is_not_waited_for_when_reading(
    server: Postgres, db: PostgresDatabase
) -> None:
    """CRH-05: it is there, and does not answer."""
    await asyncio.gather(*(db.read(ids) for _ in range(4)))
    main = psutil.Process(server.program.pid)
    frozen = [main, *main.children(recursive=True)]
    for each in frozen:
        each.send_signal(signal.SIGSTOP)
    try:
        for _ in range(2):
            began = time.monotonic()
            reads = (db.read(ids) for _ in range(6))
            ends = await asyncio.gather(*reads, return_exceptions=True)
            assert all(isinstance(end, Unavailable) for end in ends), ends
            assert time.monotonic() - began < 30
    finally:
        for each in frozen:
            each.send_signal(signal.SIGCONT)
    async with asyncio.timeout(60):
        while True:
            try:
                assert await db.write(add, 7) == 7
                break
            except Unavailable:
                await asyncio.sleep(0.1)
    assert await db.read(ids) == {7}
