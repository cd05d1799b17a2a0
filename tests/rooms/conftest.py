"""Fixtures of the rooms' tests: the tools of a process, and who acts."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from parlour.rights import Who
from parlour.staff import passwords
from tests.rig.nursery import quick_hasher

if TYPE_CHECKING:
    from parlour.agents.model import Agent
    from parlour.config import Settings
    from parlour.tools import Tools


@pytest.fixture(autouse=True)
def _passwords_are_hashed_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """That it takes its time is tested by itself, in the rules."""
    monkeypatch.setattr(passwords, "_hasher", quick_hasher)
    monkeypatch.setattr(passwords, "NOBODYS", quick_hasher().hash("nobody's"))


@pytest.fixture
async def tools(settings: "Settings") -> "AsyncIterator[Tools]":
    """What a process holds, on this test's storage; nothing runs jobs."""
    from tests.rig.opening import opened_migrated

    async with opened_migrated(settings) as opened:
        yield opened


@pytest.fixture
async def owner(tools: "Tools") -> Who:
    """The owner of the default workspace."""
    from parlour import rights, workspaces

    return rights.host((await workspaces.ensure_default(tools)).id)


@dataclass
class Maker:
    """Makes agents for tests that are about something else."""

    tools: "Tools"
    owner: Who
    count: int = field(default=0)

    async def __call__(self, name: str = "", **texts: Any) -> "Agent":
        from parlour.agents import keeping

        self.count += 1
        config = {"base_url": "http://127.0.0.1:8099/v1", "model": "fake"}
        wish = keeping.Wish(name or f"agent{self.count}", "openai", config, texts)
        made = await keeping.create(self.tools, self.owner, wish, trusted=True, publish=True)
        return made.agent


@pytest.fixture
def make_agent(tools: "Tools", owner: Who) -> Maker:
    """Make a published agent."""
    return Maker(tools, owner)
