"""Upgrades that break off leave the database as it was; on SQLite a copy of it is kept before."""

import asyncio
import os
import shutil
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.util import await_only

from parlour.kit.db import former, known_revisions, migrate, schema
from parlour.kit.db.sqlite import make_engine
from parlour.kit.errors import StorageFull
from tests.rig.storage import POSTGRES, SQLITE, Storage

pytestmark = pytest.mark.faults

OLD = "0012_uses"
KILLED = """
import asyncio, os, pathlib, sys
import sqlalchemy as sa
from parlour.kit.db import migrate

url, path, last = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
seen = 0

@sa.event.listens_for(sa.Engine, "before_cursor_execute")
def killed(*_):
    global seen
    seen += 1
    if seen == last:
        os.kill(os.getpid(), 9)

asyncio.run(migrate(url, path))
"""


def begin_old(conn: sa.Connection) -> None:
    """Make the schema of an earlier version, with a row in it."""
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    config.attributes["connection"] = conn
    command.upgrade(config, OLD)
    conn.execute(sa.text("INSERT INTO workspaces (id, slug, created_at) VALUES ('w', 'old', 1)"))


async def old_one(storage: Storage) -> None:
    if storage.engine == SQLITE:
        storage.data_dir.mkdir(exist_ok=True)
        storage.sqlite_path.touch()
        engine = make_engine(storage.sqlite_path)
        with engine.begin() as conn:
            begin_old(conn)
        engine.dispose()
        return
    from parlour.kit.db.postgres import run_alone

    await run_alone(storage.database_url, begin_old)


async def tables(storage: Storage) -> dict[str, object]:
    """What there is: the revision, the tables, the row."""

    def look(conn: sa.Connection) -> dict[str, object]:
        slug = conn.scalar(sa.text("SELECT slug FROM workspaces WHERE id = 'w'"))
        names = sorted(sa.inspect(conn).get_table_names())
        return {"at": schema.current_revision(conn), "tables": names, "slug": slug}

    if storage.engine == SQLITE:
        engine = make_engine(storage.sqlite_path)
        with engine.connect() as conn:
            found = look(conn)
        engine.dispose()
        return found
    from parlour.kit.db.postgres import run_alone

    return dict(await run_alone(storage.database_url, look))


async def test_an_upgrade_that_is_killed_changes_nothing(empty_storage: Storage) -> None:
    """MIG-02, MIG-05: never half, at whichever statement; then the next one does it all."""
    storage = empty_storage
    await old_one(storage)
    before = await tables(storage)
    assert (before["at"], before["slug"]) == (OLD, "old")
    for last in (15, 60, 110):
        given = (storage.database_url, str(storage.sqlite_path), str(last))
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, *given)
        assert await process.wait() == -9
        assert await tables(storage) == before
    assert await migrate(storage.database_url, storage.sqlite_path)
    after = await tables(storage)
    assert (after["at"], after["slug"]) == (known_revisions()[-1], "old")
    if storage.engine == SQLITE:
        (copy,) = former.copies(storage.sqlite_path)
        assert copy.name == f"parlour.db.before-{OLD}"
        assert copy.stat().st_mode & 0o777 == 0o600
        with closing(sqlite3.connect(copy)) as kept:
            assert kept.execute("SELECT version_num FROM alembic_version").fetchone() == (OLD,)
            assert kept.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert not await migrate(storage.database_url, storage.sqlite_path), "and once is enough"


@pytest.mark.only_on(POSTGRES)
async def test_an_upgrade_that_meets_others_in_a_deadlock_is_done_again(storage: Storage) -> None:
    """MIG-06: whoever serves meanwhile has locks in an order of their own."""
    from parlour.kit.db.postgres import run_alone

    rival = await asyncpg.connect(storage.database_url)
    # It waits for longer than the upgrade does, which is so the one to be broken off.
    await rival.execute("SET deadlock_timeout = '60s'")
    met, tried, loop = asyncio.Event(), list[int](), asyncio.get_running_loop()
    waiting: list[asyncio.Task[None]] = []

    async def stand_in_the_way() -> None:
        async with rival.transaction():
            await rival.execute("LOCK TABLE links")
            met.set()
            await rival.execute("LOCK TABLE agents")

    def upgrade(conn: sa.Connection) -> str:
        tried.append(1)
        conn.execute(sa.text("LOCK TABLE agents"))
        if len(tried) == 1:
            loop.call_soon(lambda: waiting.append(asyncio.create_task(stand_in_the_way())))
            await_only(met.wait())
        conn.execute(sa.text("LOCK TABLE links"))
        return "done"

    assert await run_alone(storage.database_url, upgrade, tries=3) == "done"
    assert len(tried) == 2
    await asyncio.gather(*waiting)
    await rival.close()


@pytest.mark.only_on(SQLITE)
async def test_without_room_for_a_copy_nothing_is_changed(
    empty_storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MIG-05: said before anything is done, with how much is needed."""
    await old_one(empty_storage)
    path = empty_storage.sqlite_path
    before = path.read_bytes()
    full = shutil.disk_usage(path.parent)._replace(free=1 << 20)
    with monkeypatch.context() as little:
        little.setattr(shutil, "disk_usage", lambda _: full)
        with pytest.raises(StorageFull, match="Nothing was changed"):
            await migrate("", path)
    assert path.read_bytes() == before
    assert former.copies(path) == []


def test_a_copy_is_not_kept_for_long(tmp_path: Path) -> None:
    path = tmp_path / "parlour.db"
    made = [tmp_path / f"parlour.db.before-{name}" for name in ("0001", "0002.part")]
    for days, each in enumerate(made):
        each.touch()
        at = time.time() - 6.5 * 86_400 - days * 86_400
        os.utime(each, (at, at))
    assert former.drop(path, older_than_days=former.KEPT_DAYS) == 1
    assert former.copies(path) == made[:1]
