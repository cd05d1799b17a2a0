"""Fixtures of the visit: a server that stands for many tests, its owner, its visitors."""

import contextlib
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tests.rig import plays
from tests.rig.model import FakeModel
from tests.rig.nursery import Nursery
from tests.rig.server import Link, Server
from tests.rig.storage import SQLITE, Storage
from tests.rig.visitor import Visitor

if TYPE_CHECKING:
    from parlour.agents.model import Agent
    from tests.rig.keeper import Keeper

QUICK = {
    # Deadlines that a test can wait for, and an honest client on a busy machine can keep.
    "PARLOUR_HEADER_TIMEOUT": "5",
    "PARLOUR_BODY_TIMEOUT": "5",
    # All tests come from one address, and many of them with tokens that open nothing.
    "PARLOUR_WRONG_TOKENS_PER_MINUTE": "1000000",
    "PARLOUR_NOTES_PER_HOUR": "0",
    # How many of them meet on one server depends on how many processes there are.
    "PARLOUR_CODES_PER_PLACE": "1000000",
    "PARLOUR_VISITOR_FILES_PER_HOUR": "0",
}


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where servers of tests are born, imported and ready."""
    made = Nursery()
    yield made
    made.close()


@pytest.fixture(scope="session")
def make_storage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Storage]:
    """Make fresh, migrated storages that live as long as the run and its database servers."""

    def make(engine: str) -> Storage:
        data_dir = tmp_path_factory.mktemp("standing") / "data"
        data_dir.mkdir()
        if engine == SQLITE:
            template: Path = request.getfixturevalue("sqlite_template")
            shutil.copy(template, data_dir / "parlour.db")
            return Storage(SQLITE, data_dir)
        postgres = request.getfixturevalue("postgres")
        name = postgres.create(request.getfixturevalue("postgres_template"))
        redis = request.getfixturevalue("redis")
        return Storage(engine, data_dir, postgres.url(name), redis.url)

    return make


@pytest.fixture(scope="session")
def standing(
    engine: str, make_storage: Callable[[str], Storage], nursery: Nursery
) -> Iterator[Server]:
    """A server for all tests that do it no harm. Ask for `house`, which watches over it."""
    storage = make_storage(engine)
    server = Server(storage, storage.data_dir.parent, nursery, **QUICK)
    server.start()
    yield server
    server.close()


@pytest.fixture
def house(standing: Server) -> Iterator[Server]:
    """The standing server; whatever a test did to it, it must still be the same, unbroken (O1)."""
    pid, said = standing.pid, len(standing.output)
    yield standing
    assert standing.running.process.poll() is None, standing.output[said:]
    assert standing.pid == pid
    check_unbroken(standing.output[said:])


def check_unbroken(output: str) -> None:
    """Nothing in the log says that something happened which nobody had foreseen."""
    signs = ("request.broke", "turn.broke", "Traceback", "never retrieved")
    lines = output.splitlines()
    broken = [n for n, line in enumerate(lines) if any(sign in line for sign in signs)]
    told = ["\n".join(lines[max(0, n - 10) : n + 60]) for n in broken[:3]]
    assert not broken, "\n\n".join(["the log says:", *told])
    failed = [line for line in output.splitlines() if '"job.failed"' in line]
    # A job whose database went away is foreseen: it is repeated. So is one of the clock's that a
    # test has killed twenty times, with its process: the next minute brings another.
    foreseen = ('"error":"unavailable:', '"error":"given_up: its process died or stalled')
    assert [line for line in failed if not any(each in line for each in foreseen)] == []


@pytest.fixture
async def keeper(house: Server) -> "AsyncIterator[Keeper]":
    """The owner of the standing server's instance."""
    from tests.rig.keeper import keeping

    async with keeping(house.storage, house.url) as made:
        yield made


@dataclass
class Visit:
    """A link to an agent whose model does as the test says, and people who come by it."""

    server: Server
    keeper: "Keeper"
    model: FakeModel
    agent: "Agent"
    link: Link
    http: aiohttp.ClientSession
    people: list[Visitor] = field(default_factory=list)

    def visitor(self, link: Link | None = None) -> Visitor:
        """Somebody new, on this link or another one."""
        made = Visitor(self.http, self.server.url, (link or self.link).token)
        self.people.append(made)
        return made

    async def another_link(self, **wish: Any) -> Link:
        link = await self.keeper.link(self.agent, **wish)
        self.server.keep_secret(link.token)
        return link

    def check_secrets(self) -> None:
        """O3: no session of anybody stands in the server's log."""
        for person in self.people:
            for secret in person.cookies.values():
                self.server.keep_secret(secret)


async def visit_of(
    server: Server, keeper: "Keeper", model: FakeModel, http: aiohttp.ClientSession
) -> Visit:
    """Make an agent and a link."""
    agent = await keeper.model_agent(model.base_url, display_name="Heron")
    link = await keeper.link(agent)
    server.keep_secret(link.token)
    return Visit(server, keeper, model, agent, link, http)


@pytest.fixture
async def visit(
    house: Server, keeper: "Keeper", model: FakeModel, http: aiohttp.ClientSession
) -> AsyncIterator[Visit]:
    """A fresh agent and link on the standing server."""
    async with visiting_house(house, keeper, model, http) as made:
        yield made


@pytest.fixture
def own_server(
    storage: Storage, tmp_path: Path, nursery: Nursery
) -> Iterator[Callable[..., Server]]:
    """Start servers of this test's own, to be treated badly; the settings are `PARLOUR_…`."""
    made: list[Server] = []

    def start(**settings: str) -> Server:
        server = Server(storage, tmp_path, nursery, **{**QUICK, **settings})
        made.append(server)
        return server.start()

    yield start
    for server in made:
        server.close()


@contextlib.asynccontextmanager
async def visiting_house(
    house: Server, keeper: "Keeper", model: FakeModel, http: aiohttp.ClientSession
) -> AsyncIterator[Visit]:
    """Keep an agent and a link on the standing server."""
    model.plays(plays.reply("One two three."))
    made = await visit_of(house, keeper, model, http)
    yield made
    made.check_secrets()


@contextlib.asynccontextmanager
async def visiting(
    server: Server, model: FakeModel, http: aiohttp.ClientSession
) -> AsyncIterator[Visit]:
    """Keep an agent and a link on a server of one's own."""
    from tests.rig.keeper import keeping

    async with keeping(server.storage, server.url) as keeper:
        made = await visit_of(server, keeper, model, http)
        yield made
        made.check_secrets()
