"""Widgets: the one that every agent has, others, how they look to visitors, and their links."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from parlour import entrance, events
from parlour.agents import keeping as agents
from parlour.agents import store as agent_rows
from parlour.agents import versions
from parlour.kit.errors import Conflict, Invalid, NotFound, Stale
from parlour.links import keeping as links
from parlour.links import store as link_rows
from parlour.links.rules import Kind
from parlour.rights import Who
from parlour.tools import Tools
from parlour.widgets import keeping, model, store
from parlour.widgets.model import Widget
from tests.rooms.conftest import Maker


async def kinds(tools: Tools, agent_id: str) -> list[str]:
    def read(conn: sa.Connection) -> list[str]:
        columns = events.events.c
        wanted = sa.select(columns.kind).where(
            columns.agent_id == agent_id, columns.kind.startswith("widget.")
        )
        return list(conn.execute(wanted.order_by(columns.id)).scalars())

    return await tools.db.read(read)


async def of(tools: Tools, who: Who, agent_id: str) -> list[Widget]:
    return (await tools.db.read(store.of_agents, who.workspace_id, [agent_id]))[agent_id]


async def test_every_agent_has_a_widget_from_the_start(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    agent = await make_agent()
    (first,) = await of(tools, owner, agent.id)
    assert first == model.first(owner.workspace_id, agent.id)
    assert first.is_first
    assert await tools.db.read(store.find, owner.workspace_id, agent.id, first.id) == first
    # A row for links to name changes nothing of it.
    await keeping.rooted(tools, first)
    await keeping.rooted(tools, first)
    assert await of(tools, owner, agent.id) == [first]
    assert await kinds(tools, agent.id) == []


async def test_the_first_is_changed_and_stays(tools: Tools, owner: Who, make_agent: Maker) -> None:
    agent = await make_agent()
    (first,) = await of(tools, owner, agent.id)
    changed = await keeping.change(tools, owner, first, {"accent": "#8A3B26"}, seen=0)
    assert (changed.accent, changed.updated_by) == ("8a3b26", "command line")
    assert await of(tools, owner, agent.id) == [changed]
    with pytest.raises(Stale, match="command line changed this widget meanwhile"):
        await keeping.change(tools, owner, first, {"name": "x"}, seen=0)
    with pytest.raises(Conflict):
        await keeping.delete(tools, owner, changed)
    assert await kinds(tools, agent.id) == ["widget.changed"]


async def test_others_come_and_go(tools: Tools, owner: Who, make_agent: Maker) -> None:
    agent, other = await make_agent(), await make_agent()
    made = await keeping.create(tools, owner, agent.id, keeping.Wish(name="Fair", title="Reed"))
    assert [each.id for each in await of(tools, owner, agent.id)] == [
        model.first_id(agent.id),
        made.id,
    ]
    with pytest.raises(NotFound):
        await tools.db.read(store.find, owner.workspace_id, other.id, made.id)
    await keeping.delete(tools, owner, made, made.updated_at)
    assert len(await of(tools, owner, agent.id)) == 1
    with pytest.raises(NotFound):
        await keeping.change(tools, owner, made, {"name": "x"})
    assert await kinds(tools, agent.id) == ["widget.created", "widget.deleted"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"title": "a\nb"},
        {"accent": "red"},
        {"title": " "},
        {"position": "top"},
        {"size": ""},
        {"theme": "blue"},
        {"label": "a\tb"},
        {"teaser": "x" * 121},
        {"origins": ("*",)},
    ],
)
async def test_what_does_not_fit(
    tools: Tools, owner: Who, make_agent: Maker, wanted: dict[str, Any]
) -> None:
    agent = await make_agent()
    (first,) = await of(tools, owner, agent.id)
    with pytest.raises(Invalid) as refused:
        await keeping.change(tools, owner, first, wanted)
    assert [each.field for each in refused.value.errors] == list(wanted)
    with pytest.raises(Invalid):
        await keeping.create(tools, owner, agent.id, keeping.Wish(**{"name": "ok", **wanted}))
    assert await of(tools, owner, agent.id) == [first]


async def test_visitors_see_what_a_widget_says(tools: Tools, owner: Who, make_agent: Maker) -> None:
    agent = await make_agent(display_name="Reed", welcome_message="Hello")
    wish = keeping.Wish(name="Fair", title="Fair desk", welcome_message="Hi", accent="8a3b26")
    widget = await keeping.create(tools, owner, agent.id, wish)
    plain = await links.create(tools, owner, agent.id, links.Wish())
    shared, _ = await links.share(tools, owner, agent.id, links.Wish(widget_id=widget.id))

    async def look(link: link_rows.Link) -> tuple[str, str, str | None]:
        door = await entrance.look(tools, link.token(tools.keys), None)
        assert door.content is not None
        return door.agent_name, door.content.welcome_message, door.accent

    assert await look(plain) == ("Reed", "Hello", None)
    assert await look(shared) == ("Fair desk", "Hi", "8a3b26")
    widget = await keeping.change(tools, owner, widget, {"title": None, "accent": None})
    assert await look(shared) == ("Reed", "Hi", None)
    await keeping.delete(tools, owner, widget)
    assert await look(shared) == ("Reed", "Hello", None)


async def test_an_agent_s_own_ink(tools: Tools, owner: Who, make_agent: Maker) -> None:
    """It is what its links wear, but where a widget has another; visitors get it once published."""
    agent = await make_agent(accent="#3D5A2C")
    wish = keeping.Wish(name="Fair", accent="8a3b26")
    widget = await keeping.create(tools, owner, agent.id, wish)
    plain = await links.create(tools, owner, agent.id, links.Wish())
    shared, _ = await links.share(tools, owner, agent.id, links.Wish(widget_id=widget.id))

    async def worn(link: link_rows.Link) -> str | None:
        return (await entrance.look(tools, link.token(tools.keys), None)).accent

    assert (await worn(plain), await worn(shared)) == ("3d5a2c", "8a3b26")
    await keeping.change(tools, owner, widget, {"accent": None})
    assert await worn(shared) == "3d5a2c"
    for odd in ("red", "#12", "#1c4a63;}"):
        with pytest.raises(Invalid) as refused:
            await agents.edit(tools, owner, agent, None, {"accent": odd}, trusted=True)
        assert [each.field for each in refused.value.errors] == ["accent"]
    found = await tools.db.read(agent_rows.find, owner.workspace_id, agent.name)
    edited = await agents.edit(tools, owner, found, None, {"accent": ""}, trusted=True)
    assert await tools.db.read(versions.unpublished, edited.agent) == ["Ink"]
    assert await worn(plain) == "3d5a2c"
    await agents.publish(tools, owner, edited.agent)
    assert await worn(plain) is None


async def test_a_widget_s_permanent_link_is_the_same_each_time(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    """LNK: one row, however many ask at once; one that was revoked is followed by another."""
    agent = await make_agent()
    (first,) = await of(tools, owner, agent.id)
    await keeping.rooted(tools, first)
    wish = links.Wish(widget_id=first.id)
    for _ in range(10):
        asked = [links.share(tools, owner, agent.id, wish) for _ in range(8)]
        answers = await asyncio.gather(*asked)
        assert len({link.id for link, _ in answers}) == 1
        assert [is_new for _, is_new in answers].count(True) == 1
        (standing,) = await tools.db.read(link_rows.of_agents, [agent.id])
        await links.revoke(tools, owner, standing)


async def test_temporary_links_of_a_widget_are_always_new(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    agent = await make_agent()
    widget = await keeping.create(tools, owner, agent.id, keeping.Wish(name="Fair"))
    wish = links.Wish(kind=Kind.TEMPORARY, hours=24, widget_id=widget.id)
    made = [(await links.share(tools, owner, agent.id, wish))[0].id for _ in range(2)]
    standing = await links.share(tools, owner, agent.id, links.Wish(widget_id=widget.id))
    assert len({*made, standing[0].id}) == 3
