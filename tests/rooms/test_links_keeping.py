"""Making, changing and revoking links."""

import asyncio

import pytest
import sqlalchemy as sa

from parlour import events
from parlour.kit.clock import DAY, HOUR
from parlour.kit.errors import Invalid, NotFound, Stale
from parlour.links import keeping, store, uses
from parlour.links.rules import Kind
from parlour.rights import Who
from parlour.tools import Tools
from tests.rooms.conftest import Maker


async def told(tools: Tools, link_id: str) -> list[str]:
    def read(conn: sa.Connection) -> list[str]:
        columns = events.events.c
        wanted = sa.select(columns.kind).where(columns.link_id == link_id).order_by(columns.id)
        return list(conn.execute(wanted).scalars())

    return await tools.db.read(read)


async def test_a_link_is_made_with_its_event(tools: Tools, owner: Who, make_agent: Maker) -> None:
    agent = await make_agent()
    link = await keeping.create(tools, owner, agent.id, keeping.Wish(name="Für Ana 😀"))
    assert await tools.db.read(store.find, agent.id, link.id) == link
    assert link.kind is Kind.PERMANENT
    assert link.created_by == "command line"
    opened = tools.keys.open_link(link.token(tools.keys))
    assert opened is not None
    assert (opened.link_id, opened.expires) == (link.id, 0)
    assert await told(tools, link.id) == ["link.created"]


async def test_the_token_carries_the_end(tools: Tools, owner: Who, make_agent: Maker) -> None:
    agent = await make_agent()
    wish = keeping.Wish(kind=Kind.TEMPORARY, hours=2)
    link = await keeping.create(tools, owner, agent.id, wish)
    opened = tools.keys.open_link(link.token(tools.keys))
    assert opened is not None
    assert opened.expires * 1000 == link.expires_at
    assert link.expires_at is not None
    assert abs(link.expires_at - tools.clock.now() - 2 * HOUR) < 5_000


async def test_what_is_absent_stays(tools: Tools, owner: Who, make_agent: Maker) -> None:
    agent = await make_agent()
    wish = keeping.Wish(name="one", welcome_message="Hello", enabled=False)
    link = await keeping.create(tools, owner, agent.id, wish)
    changed = await keeping.change(tools, owner, link, {"name": None, "enabled": True})
    found = await tools.db.read(store.find, agent.id, link.id)
    assert found == changed
    assert (found.name, found.welcome_message, found.enabled) == (None, "Hello", True)
    assert found.updated_at > link.updated_at


async def test_an_end_comes_earlier_and_back_never_later(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    agent = await make_agent()
    wish = keeping.Wish(kind=Kind.TEMPORARY, hours=24)
    link = await keeping.create(tools, owner, agent.id, wish)
    soon = tools.clock.now() + HOUR
    assert (await keeping.change(tools, owner, link, {"expires_at": soon})).expires_at == soon
    back = await keeping.change(tools, owner, link, {"expires_at": None})
    assert back.expires_at == link.expires_at
    with pytest.raises(Invalid):
        await keeping.change(tools, owner, link, {"expires_at": soon + 2 * DAY})


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "a\nb", "a\0b"])
async def test_names_that_do_not_fit(
    tools: Tools, owner: Who, make_agent: Maker, name: str
) -> None:
    agent = await make_agent()
    with pytest.raises(Invalid):
        await keeping.create(tools, owner, agent.id, keeping.Wish(name=name))
    assert await tools.db.read(store.of_agents, [agent.id]) == []


async def test_a_revoked_link_is_gone(tools: Tools, owner: Who, make_agent: Maker) -> None:
    agent = await make_agent()
    link = await keeping.create(tools, owner, agent.id, keeping.Wish())
    await keeping.revoke(tools, owner, link)
    with pytest.raises(NotFound):
        await tools.db.read(store.find, agent.id, link.id)
    with pytest.raises(NotFound):
        await keeping.change(tools, owner, link, {"enabled": True})
    with pytest.raises(NotFound):
        await keeping.revoke(tools, owner, link)
    assert not await tools.db.write(uses.spend, link.id, tools.clock.now())
    assert await told(tools, link.id) == ["link.created", "link.revoked"]


async def test_a_change_that_nobody_saw_is_not_lost(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    """API-06"""
    agent = await make_agent()
    link = await keeping.create(tools, owner, agent.id, keeping.Wish(name="first"))
    seen = link.updated_at
    outcomes = await asyncio.gather(
        *(keeping.change(tools, owner, link, {"name": f"n{n}"}, seen) for n in range(8)),
        return_exceptions=True,
    )
    made = [each for each in outcomes if not isinstance(each, BaseException)]
    assert len(made) == 1
    assert sum(isinstance(each, Stale) for each in outcomes) == 7
    assert await tools.db.read(store.find, agent.id, link.id) == made[0]


async def test_links_are_listed_newest_first(tools: Tools, owner: Who, make_agent: Maker) -> None:
    agent, other = await make_agent(), await make_agent()
    made = []
    for n in range(3):
        made.append(await keeping.create(tools, owner, agent.id, keeping.Wish(name=f"{n}")))
        await asyncio.sleep(0.002)
    await keeping.create(tools, owner, other.id, keeping.Wish())
    assert await tools.db.read(store.of_agents, [agent.id]) == made[::-1]
    assert len(await tools.db.read(store.of_agents, [agent.id, other.id])) == 4


@pytest.mark.parametrize("link_id", ["", "lnk_", "' OR 1=1 --", "lnk_%%%%%%%%%%%", "lnk_\0", "é"])
async def test_odd_ids_find_nothing(
    tools: Tools, owner: Who, make_agent: Maker, link_id: str
) -> None:
    """INP-07"""
    agent = await make_agent()
    await keeping.create(tools, owner, agent.id, keeping.Wish())
    with pytest.raises(NotFound):
        await tools.db.read(store.find, agent.id, link_id)
    with pytest.raises(NotFound):
        await tools.db.read(store.of_workspace, owner.workspace_id, link_id)
