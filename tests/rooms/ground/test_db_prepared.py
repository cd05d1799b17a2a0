"""Prepared statements: the same answers as SQLAlchemy's own, on both engines."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, NoResultFound

from parlour.kit.db import Database, Json, Prepared, Remembered, Row, Updating, inserting
from tests.rig.scratch import scratch
from tests.rig.storage import Storage

things = sa.Table(
    "things",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(40), nullable=False),
    sa.Column("good", sa.Boolean, nullable=False),
    sa.Column("data", Json),
    sa.Column("at", sa.BigInteger),
)
ADD = inserting(things, "id name good data")
ALL = Prepared(sa.select(things).order_by(things.c.id))
NAMED = Prepared(
    sa.select(things.c.id, sa.literal("x").label("mark"))
    .where(things.c.name == sa.bindparam("wanted"), things.c.good.is_(sa.true()))
    .order_by(things.c.id)
    .limit(2)
)
AMONG = Prepared(
    sa.select(things.c.id).where(things.c.id.in_([sa.bindparam("one"), sa.literal(3)]))
)
CHANGE = Updating(things, things.c.id == sa.bindparam("thing"))


@pytest.fixture
async def db(empty_storage: Storage) -> AsyncIterator[Database]:
    async with scratch(empty_storage.database_url, empty_storage.sqlite_path, [things]) as database:

        def fill(conn: sa.Connection) -> None:
            ADD.run(conn, id=1, name="a", good=True, data={"deep": [1, None, "é"]})
            more = [{"id": n, "name": "b", "good": n != 3, "data": None} for n in (2, 3, 4, 5)]
            ADD.run_each(conn, more)

        await database.write(fill)
        yield database


async def test_rows_come_as_sqlalchemy_would_give_them(db: Database) -> None:
    def read(conn: sa.Connection) -> tuple[list[Any], list[Any]]:
        return ALL.all(conn), list(conn.execute(sa.select(things).order_by(things.c.id)))

    ours, theirs = await db.read(read)
    assert [tuple(row) for row in ours] == [tuple(row) for row in theirs]
    assert (ours[0].good, ours[0].data, ours[1].data, ours[0].at) == (
        True,
        {"deep": [1, None, "é"]},
        None,
        None,
    )


async def test_fixed_values_stay_and_given_ones_change(db: Database) -> None:
    assert [row.id for row in await db.read(NAMED.all, wanted="b")] == [2, 4]
    assert (await db.read(NAMED.one, wanted="a")).mark == "x"
    assert sorted(row.id for row in await db.read(AMONG.all, one=5)) == [3, 5]
    assert await db.read(NAMED.first, wanted="nobody") is None
    with pytest.raises(NoResultFound):
        await db.read(NAMED.one, wanted="nobody")


async def test_updates_say_how_many_and_take_any_columns(db: Database) -> None:
    assert await db.write(CHANGE.run, {"name": "c", "data": {"n": 1}}, thing=4) == 1
    assert await db.write(CHANGE.run, {"good": False}, thing=4) == 1
    assert await db.write(CHANGE.run, {"good": False}, thing=99) == 0
    row = (await db.read(ALL.all))[3]
    assert (row.name, row.good, row.data) == ("c", False, {"n": 1})


async def test_errors_are_sqlalchemys_and_quote_nobody(db: Database) -> None:
    """The unit is undone, whoever wrote the row is not quoted, and the next unit is well."""
    with pytest.raises(IntegrityError) as caught:
        await db.write(ADD.run, id=1, name="canary", good=True, data=None)
    if db.kind == "sqlite":
        assert "canary" not in str(caught.value)
    assert await db.write(ADD.run, id=6, name="d", good=True, data=None) == 1


async def test_a_value_that_is_missing_is_an_error(db: Database) -> None:
    with pytest.raises(KeyError):
        await db.read(NAMED.all)


async def test_what_is_made_of_columns_is_made_anew_when_one_changes(db: Database) -> None:
    """What stands behind the cut changes nothing; PostgreSQL makes it anew each time."""
    made = list[Any]()

    def make(row: Row) -> Row:
        made.append((row.name, row.good, row.data))
        return row

    remembers = await db.read(lambda conn: conn.dialect.name == "sqlite")

    columns = things.c.name, things.c.good, things.c.data, things.c.at
    wanted = sa.select(*columns).where(things.c.id == sa.bindparam("thing"))
    door = Remembered(wanted, 3, make)

    async def found(thing: int) -> tuple[Any, Any]:
        seen = await db.read(door.find, thing=thing)
        assert seen is not None
        return seen[0], seen[1].at

    first, at = await found(1)
    assert (first.data, at) == ({"deep": [1, None, "é"]}, None)
    await db.write(CHANGE.run, {"at": 7}, thing=1)
    assert await found(1) == (first, 7)
    first_made = [("a", True, {"deep": [1, None, "é"]})]
    assert made == first_made * (1 if remembers else 2)
    made.clear()
    await db.write(CHANGE.run, {"data": {"deep": []}}, thing=1)
    await db.write(CHANGE.run, {"good": False}, thing=1)
    assert (await found(1))[0].data == {"deep": []}
    assert ((await found(2))[0] is (await found(4))[0]) == remembers, "whose ever they are"
    assert made == [("a", False, {"deep": []}), *[("b", True, None)] * (1 if remembers else 2)]
    assert await db.read(door.find, thing=99) is None
