"""The rig itself: both set-ups are real, fresh for every test, and end with the run."""

from sqlalchemy import Connection, text

from parlour.kit.db import Database
from tests.rig.services import Postgres
from tests.rig.storage import SQLITE, Storage


def _make_table(conn: Connection) -> None:
    conn.execute(text("CREATE TABLE mark (id INTEGER)"))


async def test_every_test_gets_a_storage_of_its_own(db: Database, storage: Storage) -> None:
    await db.write(_make_table)
    assert db.kind == ("sqlite" if storage.engine == SQLITE else "postgresql")


async def test_and_finds_nothing_of_the_test_before(db: Database) -> None:
    await db.write(_make_table)


def test_postgres_is_durable(postgres: Postgres) -> None:
    postgres.execute("DO $$ BEGIN ASSERT current_setting('fsync') = 'on'; END $$")
