"""Fixtures of the stories: an office, where an instance is managed over HTTP."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest

if TYPE_CHECKING:
    from tests.rig.keeper import Keeper
    from tests.rig.managing import Api, Office
    from tests.rig.nursery import Nursery
    from tests.rig.server import Server
    from tests.rig.shell import Shell
    from tests.rig.storage import Storage


@pytest.fixture
async def office(
    house: "Server", keeper: "Keeper", http: aiohttp.ClientSession
) -> "AsyncIterator[Office]":
    """A workspace of the test's own on the standing server."""
    from tests.rig.managing import office_of

    made = await office_of(keeper, http)
    yield made
    for secret in made.secrets:
        house.keep_secret(secret)


@pytest.fixture
async def api(office: "Office") -> "Api":
    """The owner's program."""
    return await office.api()


@pytest.fixture
async def another_office(office: "Office") -> "AsyncIterator[Office]":
    """Another workspace on the same server."""
    from tests.rig.managing import office_of

    made = await office_of(office.keeper, office.http)
    yield made
    office.secrets += made.secrets


@pytest.fixture
def own_server(storage: "Storage", tmp_path: Path, nursery: "Nursery") -> "Iterator[Server]":
    """A server of the test's own, whose instance nobody else changes."""
    from tests.rig.server import Server

    running = Server(storage, tmp_path, nursery)
    running.start()
    yield running
    running.close()


@pytest.fixture
def own_shell(tmp_path: Path, nursery: "Nursery") -> "Shell":
    """A terminal for an instance that is not there yet."""
    from tests.rig.shell import Shell

    return Shell.on(tmp_path / "data", nursery)
