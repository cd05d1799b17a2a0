"""Fixtures of all tests: storage on both set-ups, a server as a process, a model, a browser."""

import asyncio
import gc
import shutil
import socket
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest
import pytest_asyncio

from parlour.kit import observe
from tests.rig.compiling import compile_once
from tests.rig.model import FakeModel
from tests.rig.server import Server
from tests.rig.services import Postgres, Redis, be_patient
from tests.rig.storage import POSTGRES, SQLITE, Storage, in_ci, look_around, wanted_engines
from tests.rig.waiting import plain_client

if TYPE_CHECKING:
    from parlour.config import Settings
    from parlour.kit.db import Database
    from tests.rig.browser import Browser, Program

pytest_plugins = ["tests.rig.visiting"]

MACHINE = look_around()

# As programs write their logs. What structlog does by itself draws each failure with the source and
# all variables around it: seconds for one that is a thousand calls deep.
observe.configure("info", machine=True)
compile_once()


def pytest_configure(config: pytest.Config) -> None:
    if in_ci() and MACHINE.missing:
        raise pytest.UsageError(f"CI tests everything, and there is no {MACHINE.missing} here")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that touches storage once on each set-up, or on those its mark names."""
    if "engine" not in metafunc.fixturenames:
        return
    absent = [name for name in MACHINE.missing if name != "chromium"]
    skip = [pytest.mark.skip(reason=f"not here: {', '.join(absent)}")] if absent else []
    only = metafunc.definition.get_closest_marker("only_on")
    wanted = [each for each in wanted_engines() if only is None or each in only.args]
    metafunc.parametrize(
        "engine",
        [pytest.param(each, marks=skip if each == POSTGRES else []) for each in wanted],
        scope="session",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
            # The browser outlives the test, and so must the loop on which it is spoken to.
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            if MACHINE.chromium is None:
                item.add_marker(pytest.mark.skip(reason="not here: chromium"))
    # What takes long is begun first, so that no process is left with it at the end.
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """Spare the garbage collector the tests and modules, which stay until the end."""
    gc.collect()
    gc.freeze()
    # Of the many small things that statements are built of hardly any are left over.
    gc.set_threshold(20_000, 10, 10)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if MACHINE.missing and terminalreporter.stats.get("skipped"):
        terminalreporter.write_sep(
            "!", f"NOT TESTED HERE, because missing: {', '.join(MACHINE.missing)}", red=True
        )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if in_ci() and exitstatus == pytest.ExitCode.OK and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def _pure_tests_reach_nothing(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rules are pure: a test of them that opens a connection is in the wrong folder."""
    if "rules" in request.path.parts:

        def refuse(*_address: object) -> None:
            raise AssertionError("a test of pure rules opened a connection")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(sqlite3, "connect", refuse)


# Storage


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for the whole run; ask for `storage` to get a database in it."""
    be_patient()
    server = Postgres()
    yield server
    server.close()


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    """A Redis server for the whole run."""
    server = Redis()
    yield server
    server.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    from parlour.kit.db import migrate

    path = tmp_path_factory.mktemp("template") / "parlour.db"
    asyncio.run(migrate("", path))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """A migrated PostgreSQL database, to be copied."""
    from parlour.kit.db import migrate

    name = postgres.create()
    asyncio.run(migrate(postgres.url(name), Path()))
    return name


@pytest.fixture
def storage(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Storage]:
    """A fresh, migrated storage of the test's own; the test runs once on each set-up."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    if engine == SQLITE:
        shutil.copy(request.getfixturevalue("sqlite_template"), data_dir / "parlour.db")
        yield Storage(SQLITE, data_dir)
        return
    server: Postgres = request.getfixturevalue("postgres")
    bus: Redis = request.getfixturevalue("redis")
    name = server.lend(request.getfixturevalue("postgres_template"))
    yield Storage(POSTGRES, data_dir, server.url(name), bus.fresh())
    server.take_back(name)


@pytest.fixture
def empty_storage(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Storage]:
    """A storage nobody has migrated yet: no SQLite file, an empty PostgreSQL database."""
    data_dir = tmp_path / "data"
    if engine == SQLITE:
        yield Storage(SQLITE, data_dir)
        return
    server: Postgres = request.getfixturevalue("postgres")
    bus: Redis = request.getfixturevalue("redis")
    name = server.create()
    yield Storage(POSTGRES, data_dir, server.url(name), bus.fresh())
    server.drop(name)


@pytest.fixture
def database_url(storage: Storage) -> str:
    """The database's address; "" on SQLite, whose file is `storage.sqlite_path`."""
    return storage.database_url


@pytest.fixture
def settings(storage: Storage) -> "Settings":
    """Settings of a process on this storage; `dataclasses.replace` makes others of them."""
    from parlour.config import load

    return load({**storage.environment, "PARLOUR_ALLOW_NETWORKS": "127.0.0.0/8"})


@pytest.fixture
async def db(storage: Storage) -> "AsyncIterator[Database]":
    """The open database of this test."""
    from parlour.kit.db import open_database

    database = await open_database(storage.database_url, storage.sqlite_path)
    yield database
    await database.close()


# Programs


@pytest.fixture
def server(storage: Storage, tmp_path: Path) -> Iterator[Server]:
    """Parlour serving on a free port, as a program of its own."""
    running = Server(storage, tmp_path)
    running.start()
    yield running
    running.close()


@pytest.fixture
def model() -> Iterator[FakeModel]:
    """A model server; `model.plays(...)` says how it answers."""
    fake = FakeModel()
    yield fake
    fake.close()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client without cookies or compression surprises: what is sent is what is seen."""
    async with plain_client() as session:
        yield session


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> "AsyncIterator[Program]":
    """The Chromium of this run; ask for `browser` to have one to yourself."""
    from tests.rig.browser import Program

    assert MACHINE.chromium is not None
    program = Program(MACHINE.chromium)
    yield program
    await program.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: "Program") -> "AsyncIterator[Browser]":
    """A real Chromium; at the end of the test its pages must have asked for nothing elsewhere."""
    made = await chromium.browser()
    try:
        yield made
        made.check()
    finally:
        await made.leave()
