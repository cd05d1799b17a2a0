"""Fixtures of the stories: an office, where an instance is managed over HTTP."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import aiohttp
import pytest

if TYPE_CHECKING:
    from tests.rig.keeper import Keeper
    from tests.rig.managing import Api, Office
    from tests.rig.server import Server


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
