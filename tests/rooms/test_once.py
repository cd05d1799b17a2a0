"""Doing a thing once by the caller's own key."""

import asyncio

import pytest
import sqlalchemy as sa

from parlour.kit.clock import DAY, HOUR, SetClock
from parlour.kit.db import Database
from parlour.kit.errors import Conflict
from parlour.kit.once import Asked, OnceDatabase, Repeated, Reused, answers, forget
from parlour.kit.tokens import Keyring
from parlour.workspaces import workspaces

KEYS = Keyring(["a secret key of enough characters"])
ASKED = Asked.of("key_a", "order-1", b"POST /x", b"{}")


def insert(conn: sa.Connection, slug: str) -> str:
    values = {"id": f"wsp_{slug}", "slug": slug, "created_at": 1}
    conn.execute(sa.insert(workspaces), values)
    return slug


def count(conn: sa.Connection) -> int:
    return conn.execute(sa.select(sa.func.count()).select_from(workspaces)).scalar_one()


class Counter:
    """Each call makes a row of another name: a second one would be seen."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, conn: sa.Connection) -> str:
        self.calls += 1
        return insert(conn, f"s{self.calls}")


def once(db: Database, clock: SetClock, asked: Asked = ASKED) -> OnceDatabase:
    return OnceDatabase(db, KEYS, clock, asked, answer=lambda made: f"made {made}".encode())


@pytest.fixture
def clock() -> SetClock:
    return SetClock(1_795_000_000_000)


async def test_the_second_time_gets_the_first_answer(db: Database, clock: SetClock) -> None:
    """API-05"""
    assert await once(db, clock).write(insert, "one") == "one"
    with pytest.raises(Repeated) as repeated:
        await once(db, clock).write(insert, "two")
    assert repeated.value.answer == b"made one"
    with pytest.raises(Repeated):
        await once(db, clock).look()
    assert await db.read(count) == 1


async def test_at_the_same_time_it_is_done_once(db: Database, clock: SetClock) -> None:
    """API-05: concurrent same key → one effect."""
    counter = Counter()
    outcomes = await asyncio.gather(
        *(once(db, clock).write(counter) for _ in range(8)), return_exceptions=True
    )
    done = [each for each in outcomes if isinstance(each, str)]
    repeated = [each for each in outcomes if isinstance(each, Repeated)]
    assert (len(done), len(repeated)) == (1, 7)
    assert {each.answer for each in repeated} == {f"made {done[0]}".encode()}
    assert await db.read(count) == 1


async def test_another_request_under_the_same_key_is_refused(db: Database, clock: SetClock) -> None:
    await once(db, clock).write(insert, "one")
    other = Asked.of("key_a", "order-1", b"POST /x", b'{"more":1}')
    with pytest.raises(Reused):
        await once(db, clock, other).write(insert, "two")
    with pytest.raises(Reused):
        await once(db, clock, other).look()


async def test_keys_of_different_callers_never_meet(db: Database, clock: SetClock) -> None:
    await once(db, clock).write(insert, "one")
    theirs = Asked.of("key_b", "order-1", b"POST /x", b"{}")
    assert await once(db, clock, theirs).write(insert, "two") == "two"


async def test_what_failed_may_be_tried_again(db: Database, clock: SetClock) -> None:
    def fails(_conn: sa.Connection) -> str:
        raise Conflict("not now")

    with pytest.raises(Conflict):
        await once(db, clock).write(fails)
    assert await once(db, clock).write(insert, "one") == "one"


async def test_an_answer_is_kept_for_a_day_and_sealed(db: Database, clock: SetClock) -> None:
    await once(db, clock).write(insert, "one")

    def stored(conn: sa.Connection) -> list[str]:
        return list(conn.execute(sa.select(answers.c.answer)).scalars())

    assert "made one" not in (await db.read(stored))[0]
    clock.forward(23 * HOUR)
    with pytest.raises(Repeated):
        await once(db, clock).look()
    clock.forward(HOUR)
    await once(db, clock).look()
    assert await once(db, clock).write(insert, "two") == "two"
    assert len(await db.read(stored)) == 1
    with pytest.raises(Repeated) as repeated:
        await once(db, clock).look()
    assert repeated.value.answer == b"made two"


async def test_a_key_of_yesterday_is_good_again(db: Database, clock: SetClock) -> None:
    await once(db, clock).write(insert, "one")
    clock.forward(DAY)
    other = Asked.of("key_a", "order-1", b"POST /y", b"{}")
    assert await once(db, clock, other).write(insert, "two") == "two"
    with pytest.raises(Reused):
        await once(db, clock).look()


async def test_a_request_leaves_the_answers_of_others_alone(db: Database, clock: SetClock) -> None:
    """However many are too old: deleting them is the hourly tidying's work, not a caller's."""

    def kept(conn: sa.Connection) -> int:
        return conn.execute(sa.select(sa.func.count()).select_from(answers)).scalar_one()

    await once(db, clock).write(insert, "one")
    clock.forward(2 * DAY)
    theirs = Asked.of("key_b", "order-1", b"POST /x", b"{}")
    await once(db, clock, theirs).write(insert, "two")
    assert await db.read(kept) == 2
    await db.write(forget, clock.now())
    assert await db.read(kept) == 1
    with pytest.raises(Repeated):
        await once(db, clock, theirs).look()


def test_parts_do_not_run_into_each_other() -> None:
    assert Asked.of("s", "k", b"ab", b"c") != Asked.of("s", "k", b"a", b"bc")
