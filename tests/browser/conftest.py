"""Fixtures of tests in a browser: a stage that plays the server, and what lives on its loop.

A browser is spoken to on one loop for the whole run. Whatever is asynchronous here runs on that
one: `@on_the_browser_s_loop` instead of `@pytest.fixture`.
"""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from parlour.web import pages
from tests.browser.stage import Play, Stage
from tests.rig.browser import on_the_browser_s_loop
from tests.rig.keeper import Keeper, keeping
from tests.rig.model import FakeModel
from tests.rig.server import Server
from tests.rig.visiting import Visit, visiting_house
from tests.rig.waiting import plain_client

FACE = pages.Face(
    name="Postgres Handbook",
    initial="P",
    subtitle="AI assistant · answers from the manual",
    welcome="I answer from the manual and show you the page each time.",
    starters=("Explain VACUUM and VACUUM FULL", "Choose between B-tree, GIN and BRIN"),
    placeholder="Ask about PostgreSQL",
    privacy="Kept 30 days, then deleted.",
)


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A stage on a free port."""
    standing = Stage()
    standing.start()
    yield standing
    standing.stop()


@pytest.fixture
def play(stage: Stage) -> Play:
    """An empty conversation at `/chat/tok`; the test says what the agent does."""
    made = stage.plays["tok"] = Play("tok", FACE)
    return made


@on_the_browser_s_loop
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that keeps no cookies."""
    async with plain_client() as session:
        yield session


@on_the_browser_s_loop
async def keeper(house: Server) -> AsyncIterator[Keeper]:
    """The owner of the standing server's instance."""
    async with keeping(house.storage, house.url) as made:
        yield made


@on_the_browser_s_loop
async def visit(
    house: Server, keeper: Keeper, model: FakeModel, http: aiohttp.ClientSession
) -> AsyncIterator[Visit]:
    """A fresh agent and link on the standing server."""
    async with visiting_house(house, keeper, model, http) as made:
        yield made
