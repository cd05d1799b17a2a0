"""A new version comes in while people write: one process after another, nothing is lost."""

import asyncio
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from parlour.kit.db import known_revisions, schema
from tests.faults.test_crash import Writer, check_kept, more_said
from tests.rig import plays
from tests.rig.model import FakeModel
from tests.rig.nursery import Nursery
from tests.rig.processes import Program
from tests.rig.server import Server
from tests.rig.storage import POSTGRES
from tests.rig.visiting import QUICK, check_unbroken, visiting

pytestmark = [pytest.mark.faults, pytest.mark.only_on(POSTGRES)]

LATER = "9999_later"
MIGRATION = f'''"""What a later version adds."""

import sqlalchemy as sa
from alembic import op

revision = "{LATER}"
down_revision = "{known_revisions()[-1]}"


def upgrade() -> None:
    """Add what may be added while a process of the version before serves."""
    op.add_column("messages", sa.Column("mood", sa.Text()))
    op.add_column("conversations", sa.Column("warm", sa.Boolean, nullable=False,
                                             server_default=sa.true()))
    op.add_column("turns", sa.Column("paid", sa.Integer, nullable=False, server_default="0"))
    op.create_table("moods", sa.Column("id", sa.Text, primary_key=True))
    op.create_index("messages_mood", "messages", ["mood"])
'''
PROGRAM = """
import sys, time
from pathlib import Path
from parlour.kit.db import schema
import alembic.command, parlour.main.serving
from parlour.cli import main

schema.MIGRATIONS = Path(sys.argv.pop(1))
while not Path(sys.argv[1]).exists():
    time.sleep(0.05)
del sys.argv[1]
sys.exit(main())
"""
"""It has imported what takes long before it is wanted: visitors wait for a start, not for that."""


@dataclass
class Later:
    """The program as a later version, which brings the database on: ready to start."""

    migrations: Path
    waiting: dict[str, Program] = field(default_factory=dict)

    def ready(self, node: Server) -> None:
        """Have it stand by to take the place of a node."""
        port = node.url.rpartition(":")[2]
        command = [sys.executable, "-c", PROGRAM, str(self.migrations), self._sign(node)]
        self.waiting[port] = Program(
            [*command, "serve", "--port", port], env=node.environment, cwd=node.folder
        )

    def start(self, node: Server) -> None:
        port = node.url.rpartition(":")[2]
        node.program = self.waiting.pop(port)
        Path(self._sign(node)).touch()
        node.program.wait_for("Listening on", within=90)

    def _sign(self, node: Server) -> str:
        return str(self.migrations / f"now-{node.url.rpartition(':')[2]}")


@pytest.fixture
def later(tmp_path: Path) -> Iterator[Later]:
    folder = tmp_path / "migrations"
    shutil.copytree(schema.MIGRATIONS, folder)
    (folder / "versions" / f"{LATER}.py").write_text(MIGRATION)
    made = Later(folder)
    yield made
    for each in made.waiting.values():
        each.kill9()


async def revision(url: str) -> str:
    conn = await asyncpg.connect(url)
    try:
        return str(await conn.fetchval("SELECT version_num FROM alembic_version"))
    finally:
        await conn.close()


async def leave_what_is_new(url: str) -> None:
    """Write what only the later version knows: a job, an event of a kind, a column."""
    conn = await asyncpg.connect(url)
    try:
        await conn.execute(
            "INSERT INTO jobs (id, name, payload, failures, epoch, due, created_at)"
            " VALUES ('job_later', 'moods.read', '{}', 0, 0, 1, 1)"
        )
        await conn.execute("UPDATE messages SET mood = 'good'")
        copied = ", ".join(
            row["column_name"]
            for row in await conn.fetch(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_name = 'events' AND column_name NOT IN ('id', 'kind')"
            )
        )
        await conn.execute(
            f"INSERT INTO events (kind, {copied})"
            f" SELECT 'mood.changed', {copied} FROM events ORDER BY id DESC LIMIT 1"
        )
    finally:
        await conn.close()


async def refused(node: Server) -> None:
    """The version before neither serves nor runs a command."""
    with pytest.raises(AssertionError, match=f"revision {LATER}"):
        await asyncio.to_thread(node.start)
    ran = await asyncio.to_thread(node.run, "agent", "list")
    assert (ran.returncode, LATER in ran.stderr) == (1, True)


@pytest.mark.long
async def test_a_later_version_comes_in_while_people_write(
    own_server: Callable[..., Server],
    model: FakeModel,
    http: aiohttp.ClientSession,
    later: Later,
    nursery: Nursery,
    tmp_path: Path,
) -> None:
    """MIG-04, MIG-06: what runs goes on until it is stopped, and is refused when it starts again.

    MIG-07: so is the version before, whoever starts it: nothing makes a schema older.
    """
    model.plays(plays.reply("A reply of several words that takes a while.", per_second=30))
    one = own_server()
    beside = replace(one.storage, data_dir=tmp_path / "two")
    two = Server(beside, tmp_path, nursery, **QUICK).start()
    later.ready(one)
    later.ready(two)
    url = one.storage.database_url
    async with visiting(one, model, http) as visit:
        chance = random.Random(1)
        links = [await visit.another_link(name=f"Writer {n}") for n in range(4)]
        writers = [Writer(visit.visitor(link), chance) for link in links]
        for each in writers[1::2]:
            each.person.url = two.url
        writing = [asyncio.create_task(each.write()) for each in writers]
        watching = [asyncio.create_task(each.watch()) for each in writers[:2]]
        await more_said(writers)
        # The first goes, and comes back as the later version, which changes the database.
        assert await asyncio.to_thread(one.stop) == 0
        await asyncio.to_thread(later.start, one)
        assert await revision(url) == LATER
        await leave_what_is_new(url)
        for side in (writers[::2], writers[1::2]):
            await more_said(side)
            await more_said(side)
        assert two.running.process.poll() is None, "what ran goes on"
        async with http.get(f"{two.url}/readyz") as answer:
            assert answer.status == 200
        # Then the second; the version before does not start any more.
        assert await asyncio.to_thread(two.stop) == 0
        await refused(two)
        await asyncio.to_thread(later.start, two)
        await more_said(writers[1::2])
        for each in writers:
            each.leaving.set()
        await asyncio.gather(*writing)
        assert not any(task.done() for task in watching), [task.result() for task in watching]
        for task in watching:
            task.cancel()
        await check_kept(visit, writers)
    for node in (one, two):
        check_unbroken(node.output)
    assert await asyncio.to_thread(two.stop) == 0
    two.close()
