"""Making, editing, publishing, switching and deleting agents."""

import asyncio
from dataclasses import replace

import pytest
import sqlalchemy as sa

from parlour import events
from parlour.agents import keeping, readying, store
from parlour.agents.keeping import Wish
from parlour.kit.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from parlour.kit.queue.rows import jobs
from parlour.rights import Who
from parlour.tools import Tools
from tests.rooms.conftest import Maker

CONFIG = {"base_url": "http://127.0.0.1:8099/v1", "model": "m"}


async def told(tools: Tools, agent_id: str) -> list[str]:
    def read(conn: sa.Connection) -> list[str]:
        columns = events.events.c
        wanted = sa.select(columns.kind).where(columns.agent_id == agent_id).order_by(columns.id)
        return list(conn.execute(wanted).scalars())

    return await tools.db.read(read)


async def waiting(tools: Tools) -> list[dict[str, object]]:
    def read(conn: sa.Connection) -> list[dict[str, object]]:
        wanted = sa.select(jobs.c.payload).where(jobs.c.name == keeping.PREPARE)
        return list(conn.execute(wanted).scalars())

    return await tools.db.read(read)


async def test_a_new_agent_is_published_and_live(tools: Tools, owner: Who) -> None:
    wish = Wish("helper", "openai", CONFIG, {"welcome_message": "Hé 😀"})
    made = await keeping.create(tools, owner, wish, trusted=True, publish=True)
    found = await tools.db.read(store.find, owner.workspace_id, "helper")
    assert found == made.agent
    assert (found.live, found.published, found.draft.display_name) == (True, 1, "helper")
    version = await tools.db.read(store.version, found.id, 1)
    assert version.content == found.draft
    assert await told(tools, found.id) == ["agent.created", "agent.published"]
    assert await waiting(tools) == [{"agent": found.id}]


async def test_a_draft_is_reached_by_nobody(tools: Tools, owner: Who) -> None:
    wish = Wish("helper", "openai", CONFIG)
    made = await keeping.create(tools, owner, wish, trusted=True, publish=False)
    assert (made.agent.live, made.agent.published) == (False, None)
    assert await waiting(tools) == []
    with pytest.raises(Conflict):
        await readying.refresh(tools, made.agent)


async def test_a_name_is_taken_once(tools: Tools, owner: Who) -> None:
    wish = Wish("helper", "openai", CONFIG)
    outcomes = await asyncio.gather(
        *(keeping.create(tools, owner, wish, trusted=True, publish=True) for _ in range(6)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, Conflict) for each in outcomes) == 5
    assert len(await tools.db.read(store.every, owner.workspace_id)) == 1


@pytest.mark.parametrize(
    "name", ["", "A", "a b", "a/b", "..", "-a", "a-", "é", "a" * 65, "a\n", "a\0", "%"]
)
async def test_names_that_do_not_fit_a_path(tools: Tools, owner: Who, name: str) -> None:
    with pytest.raises(Invalid):
        await keeping.create(tools, owner, Wish(name, "openai", CONFIG), trusted=True, publish=True)
    with pytest.raises(NotFound):
        await tools.db.read(store.find, owner.workspace_id, name)


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({"display_name": " "}, "display_name"),
        ({"display_name": "x" * 81}, "display_name"),
        ({"display_name": "a\nb"}, "display_name"),
        ({"description": "x" * 161}, "description"),
        ({"welcome_message": "a\0b"}, "welcome_message"),
        ({"starters": ["x"] * 7}, "starters"),
        ({"starters": ["fine", ""]}, "starters[1]"),
        ({"starters": "x"}, "starters"),
        ({"placeholder": 5}, "placeholder"),
    ],
)
async def test_texts_that_do_not_fit(
    tools: Tools, owner: Who, texts: dict[str, object], field: str
) -> None:
    wish = Wish("helper", "openai", CONFIG, texts)
    with pytest.raises(Invalid) as refused:
        await keeping.create(tools, owner, wish, trusted=True, publish=True)
    assert [each.field for each in refused.value.errors] == [field]
    assert await tools.db.read(store.every, owner.workspace_id) == []


async def test_visitors_get_an_edit_once_it_is_published(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    agent = await make_agent(welcome_message="before")
    edited = await keeping.edit(
        tools, owner, agent, None, {"welcome_message": "after"}, trusted=True
    )
    old = await tools.db.read(store.version, agent.id, 1)
    assert old.content.welcome_message == "before"
    published = await keeping.publish(tools, owner, edited.agent)
    assert published.published == 2
    new = await tools.db.read(store.version, agent.id, 2)
    assert new.content.welcome_message == "after"
    numbers = [each.number for each in await tools.db.read(store.every_version, agent.id)]
    assert numbers == [2, 1]


async def test_what_is_published_is_not_published_again(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    agent = await make_agent()
    assert (await keeping.publish(tools, owner, agent)).published == 1
    assert await told(tools, agent.id) == ["agent.created", "agent.published"]


async def test_publishing_takes_the_newest_draft_not_the_caller_s(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    agent = await make_agent()
    await keeping.edit(tools, owner, agent, None, {"description": "newer"}, trusted=True)
    await keeping.publish(tools, owner, agent)  # as it was read before the edit
    content = (await tools.db.read(store.version, agent.id, 2)).content
    assert content.description == "newer"


async def test_many_publish_at_once(tools: Tools, owner: Who, make_agent: Maker) -> None:
    agent = await make_agent()
    edited = await keeping.edit(tools, owner, agent, None, {"description": "x"}, trusted=True)
    done = await asyncio.gather(*(keeping.publish(tools, owner, edited.agent) for _ in range(8)))
    assert {each.published for each in done} == {2}


async def test_of_two_edits_at_once_one_is_told(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    """API-06"""
    agent = await make_agent()
    outcomes = await asyncio.gather(
        *(
            keeping.edit(tools, owner, agent, None, {"description": f"{n}"}, trusted=True)
            for n in range(6)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(each, Stale) for each in outcomes) == 5


async def test_a_deleted_agent_s_name_is_free(tools: Tools, owner: Who, make_agent: Maker) -> None:
    """LNK-15: the new one is another agent, so old links stay dead."""
    agent = await make_agent("helper")
    await keeping.delete(tools, owner, agent)
    with pytest.raises(NotFound):
        await tools.db.read(store.find, owner.workspace_id, "helper")
    for again in (
        keeping.delete(tools, owner, agent),
        keeping.publish(tools, owner, agent),
        keeping.switch(tools, owner, agent, live=True),
        keeping.edit(tools, owner, agent, None, {}, trusted=True),
    ):
        with pytest.raises(NotFound):
            await again
    new = await make_agent("helper")
    assert new.id != agent.id


async def test_switching_tells_only_of_changes(tools: Tools, owner: Who, make_agent: Maker) -> None:
    agent = await make_agent()
    await keeping.switch(tools, owner, agent, live=True)
    await keeping.switch(tools, owner, agent, live=False)
    await keeping.switch(tools, owner, agent, live=False)
    assert (await told(tools, agent.id))[2:] == ["agent.offline"]


async def test_a_key_for_one_agent_sees_that_one_and_makes_none(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    """API-07"""
    mine, other = await make_agent("mine"), await make_agent("other")
    scoped = replace(owner, agent_id=mine.id)
    seen = await tools.db.read(store.every, owner.workspace_id, mine.id)
    assert [each.id for each in seen] == [mine.id]
    with pytest.raises(NotFound):
        await tools.db.read(store.find, owner.workspace_id, other.name, mine.id)
    wish = Wish("third", "openai", CONFIG)
    with pytest.raises(NotAllowed):
        await keeping.create(tools, scoped, wish, trusted=False, publish=True)


async def test_agents_come_in_pages(tools: Tools, owner: Who, make_agent: Maker) -> None:
    names = ["a", "b", "c", "d"]
    for name in reversed(names):
        await make_agent(name)
    first = await tools.db.read(store.every, owner.workspace_id, limit=2)
    rest = await tools.db.read(store.every, owner.workspace_id, after="b", limit=5)
    assert [each.name for each in (*first, *rest)] == names
