"""Private links: made all or none, so many of an agent at a time, open when others are not."""

import asyncio
from dataclasses import replace

import pytest

from parlour import entrance
from parlour.agents import keeping as agents
from parlour.agents import sharing
from parlour.entrance import Refused
from parlour.kit.errors import Invalid
from parlour.links import keeping, private
from parlour.links.keeping import Wish
from parlour.links.private import TooManyLinks
from parlour.links.rules import Kind
from parlour.rights import Who
from parlour.tools import Tools
from tests.rooms.conftest import Maker


def wishes(count: int, max_uses: int = 0) -> list[Wish]:
    return [Wish(kind=Kind.PRIVATE, name=f"n{at}", max_uses=max_uses) for at in range(count)]


async def test_many_are_made_together(tools: Tools, owner: Who, make_agent: Maker) -> None:
    agent = await make_agent()
    made = await private.invite(tools, owner, agent.id, wishes(50, 3))
    assert len({each.token(tools.keys) for each in made}) == 50
    found = await tools.db.browse(private.every, agent.id)
    assert {each.name for each in found} == {f"n{at}" for at in range(50)}
    assert {(each.kind, each.max_uses, each.uses, each.expires_at) for each in found} == {
        (Kind.PRIVATE, 3, 0, None)
    }
    opened = tools.keys.open_link(made[0].token(tools.keys))
    assert opened is not None
    assert (opened.kind, opened.expires) == (3, 0)


async def test_one_more_than_may_be_is_none(tools: Tools, owner: Who, make_agent: Maker) -> None:
    agent = await make_agent()
    await private.invite(tools, owner, agent.id, wishes(48))
    with pytest.raises(TooManyLinks, match="48, and 3 more") as refused:
        await private.invite(tools, owner, agent.id, wishes(3))
    assert (refused.value.status, refused.value.code) == (409, "too_many_links")
    found = await tools.db.browse(private.every, agent.id)
    assert len(found) == 48
    # What is revoked makes room, and other agents have their own.
    await keeping.revoke(tools, owner, found[0])
    await private.invite(tools, owner, agent.id, wishes(3))
    await private.invite(tools, owner, (await make_agent()).id, wishes(50))


async def test_the_number_is_exact_however_many_make_them(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    agent = await make_agent()
    made = await asyncio.gather(
        *(private.invite(tools, owner, agent.id, wishes(7)) for _ in range(12)),
        return_exceptions=True,
    )
    refused = [each for each in made if isinstance(each, BaseException)]
    assert all(isinstance(each, TooManyLinks) for each in refused), refused
    assert len(made) - len(refused) == 7
    assert await tools.db.browse(private.count, agent.id) == 49


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": None}, "users[1].name"),
        ({"name": " "}, "users[1].name"),
        ({"max_uses": -1}, "users[1].max_uses"),
        ({"max_uses": 2**63}, "users[1].max_uses"),
        ({"hours": 9000.0}, "users[1].hours"),
    ],
)
async def test_what_does_not_fit_makes_none(
    tools: Tools, owner: Who, make_agent: Maker, wrong: dict[str, object], field: str
) -> None:
    """USE-08"""
    agent = await make_agent()
    first, second = wishes(2)
    with pytest.raises(Invalid) as refused:
        await private.invite(tools, owner, agent.id, [first, replace(second, **wrong)])  # type: ignore[arg-type]
    assert [each.field for each in refused.value.errors] == [field]
    assert await tools.db.browse(private.count, agent.id) == 0


async def test_only_private_links_have_a_maximum(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    agent = await make_agent()
    with pytest.raises(Invalid):
        await keeping.create(tools, owner, agent.id, Wish(max_uses=3))
    with pytest.raises(Invalid):
        await keeping.create(tools, owner, agent.id, wishes(1)[0])
    open_one = await keeping.create(tools, owner, agent.id, Wish())
    with pytest.raises(Invalid):
        await keeping.change(tools, owner, open_one, {"max_uses": 3})
    (private_one,) = await private.invite(tools, owner, agent.id, wishes(1))
    with pytest.raises(Invalid):
        await keeping.change(tools, owner, private_one, {"name": None})
    changed = await keeping.change(tools, owner, private_one, {"max_uses": 3})
    assert changed.max_uses == 3


async def test_by_invitation_open_links_wait_and_private_ones_work(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    agent = await make_agent()
    open_one = await keeping.create(tools, owner, agent.id, Wish())
    (private_one,) = await private.invite(tools, owner, agent.id, wishes(1))
    tokens = [each.token(tools.keys) for each in (open_one, private_one)]
    await sharing.change(tools, owner, agent, {"mode": "private"})
    with pytest.raises(Refused) as refused:
        await entrance.admitted(tools, tokens[0], None)
    assert refused.value.code == "private"
    await entrance.admitted(tools, tokens[1], None)
    await sharing.change(tools, owner, agent, {"mode": "anyone"})
    for token in tokens:
        await entrance.admitted(tools, token, None)


async def test_an_agent_of_the_same_name_revives_no_link(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    """LNK-15"""
    agent = await make_agent("again")
    (link,) = await private.invite(tools, owner, agent.id, wishes(1))
    await agents.delete(tools, owner, agent)
    await make_agent("again")
    with pytest.raises(Refused) as refused:
        await entrance.look(tools, link.token(tools.keys), None)
    assert refused.value.code == "not_found"
