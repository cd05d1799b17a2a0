"""Fixtures of confirming an address: a link that asks for one, and somebody before it."""

import pytest

from parlour import entrance
from parlour.agents import sharing
from parlour.agents.model import Agent
from parlour.kit.clock import SetClock
from parlour.links import keeping as links
from parlour.links.store import Link
from parlour.rights import Who
from parlour.tools import Tools
from tests.rig.confirming import START, Browser
from tests.rooms.conftest import Maker


@pytest.fixture
def clock(tools: Tools) -> SetClock:
    """A clock that the test moves."""
    tools.clock = SetClock(START)
    return tools.clock


@pytest.fixture
async def agent(make_agent: Maker, owner: Who, tools: Tools) -> Agent:
    made = await make_agent()
    await sharing.change(tools, owner, made, {"verify": "required"})
    return made


@pytest.fixture
async def link(tools: Tools, owner: Who, agent: Agent) -> Link:
    return await links.create(tools, owner, agent.id, links.Wish())


@pytest.fixture
def vera(tools: Tools, link: Link, clock: SetClock) -> Browser:
    """The first visitor; `replace` makes others of them."""
    assert clock.now() == START
    return Browser(tools, link.token(tools.keys), session=entrance.start_of(tools, link.id))
