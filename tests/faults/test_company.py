"""Processes on one PostgreSQL database: many with Redis or one without, whatever breaks."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from parlour.kit import company
from parlour.kit.company import kept
from parlour.kit.errors import Unavailable
from tests.rig.processes import PARLOUR, Program
from tests.rig.server import Server
from tests.rig.services import Postgres, Redis, started
from tests.rig.storage import POSTGRES, Storage, look_around
from tests.rig.waiting import PATIENCE

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif("postgresql" in look_around().missing, reason="not here: postgresql"),
]

LOCK = company._ONE_PROCESS


@dataclass
class Rival:
    """Somebody at the database who can throw others out."""

    url: str
    admin: asyncpg.Connection
    own: asyncpg.Connection

    async def throw_out(self) -> None:
        """Break the connection of whoever holds the lock."""
        holding = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
        here = f"{holding} AND database = (SELECT oid FROM pg_database WHERE datname = $1)"
        [row] = await self.admin.fetch(here, self.url.rpartition("/")[2])
        await self.admin.execute("SELECT pg_terminate_backend($1)", row["pid"])

    async def take_over(self) -> None:
        """Stand in line for the lock and throw out whoever has it: there is no moment between."""
        waiting = asyncio.ensure_future(self.own.execute("SELECT pg_advisory_lock($1)", LOCK))
        async with asyncio.timeout(PATIENCE):
            while not await self.admin.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                await asyncio.sleep(0.01)
            await self.throw_out()
            await waiting


@pytest.fixture
async def rival(postgres: Postgres, postgres_template: str) -> AsyncIterator[Rival]:
    name = postgres.create(postgres_template)
    url = postgres.url(name)
    made = Rival(url, await asyncpg.connect(url), await asyncpg.connect(url))
    yield made
    await made.admin.close()
    await made.own.close()
    postgres.drop(name)


async def test_many_with_redis_or_one_without(rival: Rival) -> None:
    """Whoever comes second is told why it does not fit, whichever of the two it is."""
    async with kept(rival.url, shared=True), kept(rival.url, shared=True):
        with pytest.raises(Unavailable, match="set PARLOUR_REDIS_URL"):
            async with kept(rival.url, shared=False):
                pass
    async with kept(rival.url, shared=False):
        for shared, said in ((True, "without PARLOUR_REDIS_URL"), (False, "another process")):
            with pytest.raises(Unavailable, match=said):
                async with kept(rival.url, shared=shared):
                    pass
    async with kept(rival.url, shared=True):
        pass


async def test_a_lock_whose_connection_broke_is_taken_again(
    rival: Rival, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(company, "_CHECK", 0.1)
    async with kept(rival.url, shared=False) as lost:
        await rival.throw_out()

        async def held() -> bool:
            return not await rival.admin.fetchval("SELECT pg_try_advisory_lock_shared($1)", LOCK)

        async with asyncio.timeout(PATIENCE):
            while not await held():
                await rival.admin.execute("SELECT pg_advisory_unlock_shared($1)", LOCK)
                await asyncio.sleep(0.15)
        assert not lost.is_set()


async def test_a_lock_that_another_took_is_lost(
    rival: Rival, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(company, "_CHECK", 0.1)
    async with kept(rival.url, shared=True) as lost:
        await rival.take_over()
        await asyncio.wait_for(lost.wait(), PATIENCE)


async def test_a_server_whose_place_was_taken_stops_with_one_line(
    rival: Rival, tmp_path: Path
) -> None:
    server = Server(Storage(POSTGRES, tmp_path / "data", rival.url), tmp_path)
    server.start()
    await rival.take_over()
    status = await asyncio.to_thread(server.running.process.wait, PATIENCE)
    assert status == 1
    line = server.running.wait_for("^parlour: the connection to the database broke").string
    assert "another process is using this database" in line
    server.running.kill9()


async def test_a_worker_tells_how_it_is_where_it_was_told_to(
    rival: Rival, redis: Redis, tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    """And nothing else is behind that door."""
    together = replace(Storage(POSTGRES, tmp_path / "data", rival.url), redis_url=redis.url)
    environment = dict(Server(together, tmp_path).environment)
    environment["PARLOUR_METRICS_TOKEN"] = "measured"

    def launched(port: int) -> Program:
        given = environment | {"PARLOUR_WORKER_PORT": str(port)}
        return Program([str(PARLOUR), "worker"], env=given, cwd=tmp_path)

    worker, port = await asyncio.to_thread(started, launched, "worker.ready")
    url, known = f"http://127.0.0.1:{port}", {"Authorization": "Bearer measured"}
    for path, headers, status in (
        ("/healthz", {}, 200),
        ("/readyz", {}, 200),
        ("/metrics", {}, 401),
        ("/metrics", known, 200),
        ("/studio", {}, 404),
        ("/openapi.json", {}, 404),
    ):
        async with http.get(url + path, headers=headers) as answer:
            assert answer.status == status, path
            told = await answer.text()
        assert ("parlour_replies_under_way" in told) == (path == "/metrics" and status == 200)
    assert await asyncio.to_thread(worker.stop) == 0


async def test_a_worker_does_not_join_a_server_without_redis(
    rival: Rival, redis: Redis, tmp_path: Path
) -> None:
    """The worker has Redis; the server would never hear of what it does."""
    alone = Storage(POSTGRES, tmp_path / "data", rival.url)
    environment = dict(Server(replace(alone, redis_url=redis.url), tmp_path).environment)
    async with kept(rival.url, shared=False):
        worker = Program([str(PARLOUR), "worker"], env=environment, cwd=tmp_path)
        worker.wait_for("^parlour: a process without PARLOUR_REDIS_URL is using")
        assert worker.process.wait(PATIENCE) == 1
