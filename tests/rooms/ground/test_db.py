"""Units of work: all of one or nothing, each for itself, on both engines alike."""

import asyncio
import threading
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from parlour.kit.db import Database, after_commit, insert_or_ignore, once_certain
from parlour.kit.errors import Conflict, Unavailable
from tests.rig.waiting import PATIENCE
from tests.rooms.ground.conftest import notes


def add(conn: sa.Connection, id_: int, text: str | None = None) -> int:
    conn.execute(sa.insert(notes).values(id=id_, text=text or f"note {id_}"))
    return id_


def ids(conn: sa.Connection) -> list[int]:
    return list(conn.execute(sa.select(notes.c.id).order_by(notes.c.id)).scalars())


def add_then(error: BaseException, *kept: int) -> Any:
    def unit(conn: sa.Connection) -> None:
        for id_ in kept:
            add(conn, id_)
        raise error

    return unit


async def test_what_was_written_is_read(noted: Database) -> None:
    assert await noted.write(add, 1) == 1
    assert await noted.read(ids) == [1]
    assert await noted.browse(ids) == [1]


async def test_a_failing_unit_leaves_nothing(noted: Database) -> None:
    with pytest.raises(Conflict):
        await noted.write(add_then(Conflict("no"), 1, 2))
    assert await noted.read(ids) == []


async def test_a_failing_unit_in_a_crowd_fails_alone(noted: Database) -> None:
    """Group commit: fifty transactions at once, a third of them fail in three ways."""
    await noted.write(add, 1000)
    calls = []
    for n in range(50):
        if n % 9 == 0:
            calls.append(noted.write(add_then(Conflict("no"), n)))
        elif n % 9 == 3:
            calls.append(noted.write(add_then(RuntimeError("bug"), n, n + 500)))
        elif n % 9 == 6:
            calls.append(noted.write(add, 1000))
        else:
            calls.append(noted.write(add, n))
    ends = await asyncio.gather(*calls, return_exceptions=True)
    for n, end in enumerate(ends):
        expected: Any = {0: Conflict, 3: RuntimeError, 6: IntegrityError}.get(n % 9, int)
        assert isinstance(end, expected), (n, end)
    kept = [n for n in range(50) if n % 9 not in {0, 3, 6}]
    assert await noted.read(ids) == [*kept, 1000]


async def test_a_broken_statement_in_a_crowd_fails_alone(noted: Database) -> None:
    def bad(conn: sa.Connection) -> None:
        add(conn, 77)
        conn.execute(sa.text("SELECT nonsense FROM nowhere"))

    ends = await asyncio.gather(
        *(noted.write(add, n) for n in range(10)),
        noted.write(bad),
        *(noted.write(add, n) for n in range(10, 20)),
        return_exceptions=True,
    )
    assert [isinstance(end, Exception) for end in ends] == [n == 10 for n in range(21)]
    assert await noted.read(ids) == list(range(20))


async def test_a_caught_failure_does_not_spoil_the_unit(noted: Database) -> None:
    def careful(conn: sa.Connection) -> bool:
        added = conn.execute(insert_or_ignore(conn, notes), {"id": 1, "text": "x"}).rowcount
        again = conn.execute(insert_or_ignore(conn, notes), {"id": 1, "text": "y"}).rowcount
        add(conn, 2)
        return (added, again) == (1, 0)

    assert await noted.write(careful)
    assert await noted.read(ids) == [1, 2]


async def test_after_commit_comes_after_and_in_order_and_before_the_caller(
    noted: Database,
) -> None:
    told: list[str] = []
    loop_thread = threading.get_ident()

    def say(what: str) -> None:
        assert threading.get_ident() == loop_thread
        assert asyncio.get_running_loop()
        told.append(what)

    def unit(conn: sa.Connection, id_: int) -> None:
        add(conn, id_)
        after_commit(conn, lambda: say(f"{id_} first"))
        after_commit(conn, lambda: say(f"{id_} second"))

    await noted.write(unit, 1)
    assert told == ["1 first", "1 second"]
    told.clear()
    await asyncio.gather(*(noted.write(unit, n) for n in range(2, 30)))
    for n in range(2, 30):
        assert told.index(f"{n} second") > told.index(f"{n} first")
    assert len(told) == 56


async def test_what_was_rolled_back_is_not_announced(noted: Database) -> None:
    told: list[str] = []

    def unit(conn: sa.Connection, error: Exception | None) -> None:
        after_commit(conn, lambda: told.append("told"))
        if error is not None:
            raise error

    ends = await asyncio.gather(
        noted.write(unit, ValueError("no")),
        noted.write(unit, None),
        noted.write(unit, Conflict("no")),
        return_exceptions=True,
    )
    assert [type(end) for end in ends] == [ValueError, type(None), Conflict]
    assert told == ["told"]
    # Nor later, by whoever uses the connection next.
    await noted.write(ids)
    await noted.read(ids)
    assert told == ["told"]


async def test_what_is_remembered_waits_until_it_is_certain(noted: Database) -> None:
    remembered: list[int] = []

    def look(conn: sa.Connection) -> None:
        once_certain(conn, lambda: remembered.append(len(ids(conn))))

    def add_and_look(conn: sa.Connection, id_: int, error: Exception | None = None) -> int:
        add(conn, id_)
        once_certain(conn, lambda: remembered.append(id_))
        before = len(remembered)
        if error is not None:
            raise error
        return before

    with pytest.raises(Conflict):
        await noted.write(add_and_look, 1, Conflict("no"))
    assert await noted.write(add_and_look, 2) == 0
    assert remembered == [2]
    # A read is certain at once, also on a connection that has written before.
    await noted.read(look)
    await noted.browse(look)
    assert remembered == [2, 1, 1]


async def test_an_announcement_that_fails_does_not_undo_the_rest(noted: Database) -> None:
    told: list[int] = []

    def boom() -> None:
        raise RuntimeError("a bug in an announcement")

    def unit(conn: sa.Connection, id_: int) -> int:
        add(conn, id_)
        after_commit(conn, boom)
        after_commit(conn, lambda: told.append(id_))
        return id_

    assert await asyncio.gather(*(noted.write(unit, n) for n in range(5))) == list(range(5))
    assert sorted(told) == list(range(5))
    assert await noted.write(add, 99) == 99


async def test_a_cancelled_caller_harms_nobody(noted: Database) -> None:
    """The write happens or not, as a whole; the connection serves the next one."""
    for n in range(60):
        task = asyncio.create_task(noted.write(add, n))
        other = asyncio.create_task(noted.read(ids))
        await asyncio.sleep(0.0003 * (n % 7))
        task.cancel()
        other.cancel()
        await asyncio.gather(task, other, return_exceptions=True)
        assert await noted.write(add, 1000 + n) == 1000 + n
    found = await noted.read(ids)
    assert [id_ for id_ in found if id_ >= 1000] == list(range(1000, 1060))


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
async def test_a_unit_that_raises_anything_ends_itself_only(
    noted: Database, error: BaseException
) -> None:
    """CRH-14: not the writer thread, not the process."""
    with pytest.raises((type(error), RuntimeError)):
        await noted.write(add_then(error, 1))
    assert await noted.write(add, 2) == 2
    assert await noted.read(ids) == [2]


async def test_reading_changes_nothing(noted: Database) -> None:
    """A unit that writes belongs into `write`; elsewhere it is refused, not lost."""
    with pytest.raises(Exception, match=r"(?i)read.?only|cannot be written|no changes"):
        await noted.browse(add, 1)
    assert await noted.read(ids) == []


async def test_a_long_read_sees_one_moment_and_holds_up_nobody(noted: Database) -> None:
    await noted.write(add, 1)
    began, go = threading.Event(), threading.Event()

    def slow(conn: sa.Connection) -> tuple[list[int], list[int]]:
        first = ids(conn)
        began.set()
        assert go.wait(PATIENCE), "the loop was held up, which is to set it"
        return first, ids(conn)

    reading = asyncio.create_task(noted.browse(slow))
    while not began.is_set():
        await asyncio.sleep(0.001)
    assert await asyncio.wait_for(noted.write(add, 2), PATIENCE / 2) == 2
    assert await noted.read(ids) == [1, 2]
    go.set()
    assert await reading == ([1], [1])


async def test_closing_finishes_what_was_begun(noted: Database) -> None:
    writing = [asyncio.create_task(noted.write(add, n)) for n in range(20)]
    await asyncio.sleep(0)
    await noted.close()
    ends = await asyncio.gather(*writing, return_exceptions=True)
    assert all(isinstance(end, int | Unavailable) for end in ends), ends
    if noted.kind == "sqlite":
        assert ends == list(range(20))
        with pytest.raises(Unavailable):
            await noted.write(add, 99)
        with pytest.raises(Unavailable):
            await noted.read(ids)
        with pytest.raises(Unavailable):
            await noted.browse(ids)
    await noted.close()


async def test_closing_holds_up_nobody_while_a_long_read_ends(noted: Database) -> None:
    begun, end = threading.Event(), threading.Event()

    def long(_conn: sa.Connection) -> bool:
        begun.set()
        return end.wait(PATIENCE)

    reading = asyncio.create_task(noted.browse(long))
    assert await asyncio.to_thread(begun.wait, PATIENCE)
    closing = asyncio.create_task(noted.close())
    await asyncio.sleep(0.2)
    end.set()  # by the loop, which must be free to do so
    await closing
    assert await reading is True


async def test_an_error_does_not_quote_what_was_stored(noted: Database) -> None:
    await noted.write(add, 1, "a visitor's own words")
    with pytest.raises(IntegrityError) as failed:
        await noted.write(add, 1, "a visitor's own words")
    assert "visitor's" not in str(failed.value).split("DETAIL")[0]
