"""A server whose parts go away says so at once, and says when they are back."""

import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import psutil  # type: ignore[import-untyped]
import pytest

from parlour.kit.db import migrate
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.services import Postgres, Redis
from tests.rig.storage import POSTGRES, Storage, look_around
from tests.rig.waiting import eventually

ABSENT = set(look_around().missing) & {"postgresql", "redis-server"}
pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(bool(ABSENT), reason=f"not here: {', '.join(ABSENT)}"),
]


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    made = Postgres()
    yield made
    made.close()


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    made = Redis()
    yield made
    made.close()


@pytest.mark.long
async def test_ready_only_while_everything_answers(
    own_postgres: Postgres,
    own_redis: Redis,
    nursery: Nursery,
    tmp_path: Path,
    http: aiohttp.ClientSession,
) -> None:
    name = own_postgres.create()
    await migrate(own_postgres.url(name), Path())
    storage = Storage(POSTGRES, tmp_path / "data", own_postgres.url(name), own_redis.url)
    server = Server(storage, tmp_path, nursery)
    server.start()

    async def status(path: str) -> int:
        began = time.monotonic()
        async with http.get(server.url + path) as answer:
            assert time.monotonic() - began < 30, "not for ever, whatever is away"
            return answer.status

    async def says(wanted: int) -> bool:
        return await status("/readyz") == wanted

    try:
        await eventually(lambda: says(200))
        for program in (own_postgres.program, own_redis.program):
            # Frozen: connections stay, and nobody answers.
            whole = [psutil.Process(program.pid)]
            whole += whole[0].children(recursive=True)
            for process in whole:
                process.suspend()
            try:
                await eventually(lambda: says(503))
                assert await status("/healthz") == 200
            finally:
                for process in whole:
                    process.resume()
            await eventually(lambda: says(200))
    finally:
        server.close()
