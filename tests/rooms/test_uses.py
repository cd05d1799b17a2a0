"""Uses of private links: taken with the first message, exactly, and over when their time is."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from parlour import entrance, events
from parlour.agents import keeping as agents
from parlour.agents import sharing
from parlour.agents.model import Agent
from parlour.chat import turns
from parlour.entrance import Refused
from parlour.kit.clock import HOUR, MINUTE, SECOND, Moment
from parlour.links import keeping, private, store
from parlour.links.rules import Kind
from parlour.links.store import Link
from parlour.rights import Who
from parlour.tools import Tools
from tests.rooms.conftest import Maker


@dataclass
class Hall:
    """An agent behind a private link, and visitors who come by it."""

    tools: Tools
    owner: Who
    agent: Agent
    links: list[Link] = field(default_factory=list)

    async def link(self, max_uses: int, name: str = "Group") -> str:
        """Make a link; return its token."""
        wish = keeping.Wish(kind=Kind.PRIVATE, name=name, max_uses=max_uses)
        made = await private.invite(self.tools, self.owner, self.agent.id, [wish])
        self.links += made
        return made[0].token(self.tools.keys)

    async def change(self, **wanted: Any) -> None:
        await keeping.change(self.tools, self.owner, self.links[-1], wanted)

    async def said(self, token: str, session: str | None = None, **more: Any) -> turns.Said:
        pass_ = entrance.ticket(self.tools, token, session, more.pop("start", None))
        return await turns.say(self.tools, pass_, "Hello?", more.pop("client_id", None))

    async def at(self, token: str, session: str | None, now: Moment) -> str:
        """Come in with a message at a moment; return the session one has then."""
        pass_ = entrance.ticket(self.tools, token, session)
        return (await self.tools.db.write(pass_, now)).session

    async def uses(self) -> int:
        """How many were counted, also after the link was revoked."""
        wanted = sa.select(store.links.c.uses).where(store.links.c.id == self.links[-1].id)
        return int(await self.tools.db.read(lambda conn: conn.execute(wanted).scalar_one()))

    async def exhausted(self) -> int:
        columns = events.events.c
        wanted = sa.select(sa.func.count()).where(
            columns.kind == "link.exhausted", columns.link_id == self.links[-1].id
        )
        return int(await self.tools.db.read(lambda conn: conn.execute(wanted).scalar_one()))


@pytest.fixture
async def hall(tools: Tools, owner: Who, make_agent: Maker) -> Hall:
    return Hall(tools, owner, await make_agent())


async def outcomes(*coming: Any) -> tuple[int, list[str]]:
    """Let them all come at once; return how many came in, and why the others did not."""
    ended = await asyncio.gather(*coming, return_exceptions=True)
    refused = [each.code for each in ended if isinstance(each, Refused)]
    broken = [each for each in ended if isinstance(each, Exception) and type(each) is not Refused]
    assert not broken, broken
    return len(ended) - len(refused), refused


@pytest.mark.parametrize(("most", "many"), [(1, 20), (10, 60)])
async def test_no_more_come_in_than_may(hall: Hall, most: int, many: int) -> None:
    """USE-01, USE-02: however many first messages arrive together."""
    for _ in range(3):
        token = await hall.link(most)
        came, refused = await outcomes(*(hall.said(token) for _ in range(many)))
        assert (came, set(refused)) == (most, {"used_up"})
        assert await hall.uses() == most
        assert await hall.exhausted() == 1


@pytest.mark.parametrize("most", [1, 2])
async def test_one_visitor_takes_one_use_however_often_they_send(hall: Hall, most: int) -> None:
    """USE-03, USE-04: a first message sent 20 times at once, then others of the same session."""
    token = await hall.link(most)
    start = entrance.start_of(hall.tools, hall.links[-1].id)
    sent = [hall.said(token, start=start, client_id="m1") for _ in range(20)]
    said = await asyncio.gather(*sent)
    assert len({each.message.id for each in said}) == 1
    assert await hall.uses() == 1
    session = said[0].visit.session
    for _ in range(3):
        await hall.said(token, session)
    # New conversation, within the use.
    visit = said[0].visit
    door = await entrance.admitted(hall.tools, token, session)
    await turns.close(hall.tools, door, visit.visitor_id, said[0].conversation_id)
    assert (await hall.said(token, session)).conversation_id != said[0].conversation_id
    assert (await hall.uses(), await hall.exhausted()) == (1, int(most == 1))


async def test_looking_takes_no_use(hall: Hall) -> None:
    token = await hall.link(1)
    for _ in range(10):
        assert (await entrance.admitted(hall.tools, token, None)).limited
    assert await hall.uses() == 0


IDLE, LONGEST = 10 * MINUTE, HOUR


@pytest.mark.parametrize("back", [SECOND, 0, -SECOND])
@pytest.mark.parametrize("by", ["idle", "longest"])
async def test_a_use_ends_and_the_next_message_takes_another(
    hall: Hall, by: str, back: int
) -> None:
    """At one second before, at, and after its end: by silence, and by its longest time."""
    terms = {"use_idle_minutes": 10, "use_longest_minutes": 60}
    await sharing.change(hall.tools, hall.owner, hall.agent, terms)
    token = await hall.link(2)
    began = hall.tools.clock.now()
    session = await hall.at(token, None, began)
    last = began
    while by == "longest" and last + IDLE <= began + LONGEST:
        last += IDLE - SECOND
        assert await hall.at(token, session, last) == session
    now = (last + IDLE if by == "idle" else began + LONGEST) - back
    expected = 1 if back > 0 else 2
    assert await hall.at(token, session, now) == session
    assert await hall.uses() == expected
    # The new use has a time of its own.
    assert await hall.at(token, session, now + IDLE - SECOND) == session
    assert await hall.uses() == (expected if by == "idle" or back <= 0 else 2)


async def test_who_comes_back_when_all_is_used_up_may_read_and_no_more(hall: Hall) -> None:
    """USE-10"""
    await sharing.change(hall.tools, hall.owner, hall.agent, {"use_idle_minutes": 1})
    token = await hall.link(1)
    said = await hall.said(token)
    session = said.visit.session
    later = hall.tools.clock.now() + 2 * MINUTE
    with pytest.raises(Refused, match="as often as it can") as refused:
        await hall.at(token, session, later)
    assert (refused.value.code, refused.value.status) == ("used_up", 410)
    assert refused.value.readable
    stranger = await entrance.look(hall.tools, token, None)
    told = stranger.refused()
    assert told is not None
    assert (told.code, told.readable) == ("used_up", False)
    # Within the use nothing is refused, and a second browser is none the wiser.
    assert (await entrance.admitted(hall.tools, token, session)).conversation_id


async def test_many_messages_after_the_end_take_one_use(hall: Hall) -> None:
    token = await hall.link(5)
    began = hall.tools.clock.now()
    session = await hall.at(token, None, began)
    later = began + 48 * HOUR
    came, _ = await outcomes(*(hall.at(token, session, later) for _ in range(12)))
    assert came == 12
    assert await hall.uses() == 2


async def test_a_maximum_set_below_what_was_used(hall: Hall) -> None:
    """USE-09: nobody new comes in; who is in the middle of a use may finish it."""
    token = await hall.link(5)
    sessions = [(await hall.said(token)).visit.session for _ in range(3)]
    await hall.change(max_uses=1)
    for session in sessions:
        await hall.said(token, session)
    with pytest.raises(Refused) as refused:
        await hall.said(token)
    assert refused.value.code == "used_up"
    await hall.change(max_uses=4)
    await hall.said(token)
    assert (await hall.uses(), await hall.exhausted()) == (4, 1)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"enabled": False}, {"disabled"}),
        ({"expires_at": 1_000_000}, {"expired"}),
        ({"max_uses": 1}, {"used_up"}),
        (None, {"not_found"}),
    ],
)
async def test_nobody_comes_in_after_the_door_was_shut(
    hall: Hall, change: dict[str, Any] | None, codes: set[str]
) -> None:
    """USE-06: claims race with the change; what is counted is what came in, and then no more."""
    for _ in range(5):
        token = await hall.link(1000)

        async def shut() -> None:
            if change is None:
                await keeping.revoke(hall.tools, hall.owner, hall.links[-1])
            else:
                await hall.change(**change)

        came, refused = await outcomes(
            *(hall.said(token) for _ in range(6)), shut(), *(hall.said(token) for _ in range(6))
        )
        assert set(refused) <= codes
        assert await hall.uses() == came - 1
        with pytest.raises(Refused) as late:
            await hall.said(token)
        assert {late.value.code} == codes


async def test_without_a_maximum_nothing_is_counted_anew(hall: Hall) -> None:
    token = await hall.link(0)
    began = hall.tools.clock.now()
    session = await hall.at(token, None, began)
    assert await hall.at(token, session, began + 200 * HOUR) == session
    assert (await hall.uses(), await hall.exhausted()) == (1, 0)


@pytest.mark.parametrize("change", ["offline", "not_found"])
async def test_nobody_comes_in_after_the_agent_was_put_away(hall: Hall, change: str) -> None:
    """USE-06: what is said of the agent counts like what is said of the link."""
    token, tools, owner = await hall.link(1000), hall.tools, hall.owner

    async def put_away() -> None:
        if change == "offline":
            await agents.switch(tools, owner, hall.agent, live=False)
        else:
            await agents.delete(tools, owner, hall.agent)

    came, refused = await outcomes(
        *(hall.said(token) for _ in range(6)), put_away(), *(hall.said(token) for _ in range(6))
    )
    assert set(refused) <= {change}
    assert await hall.uses() == came - 1
    with pytest.raises(Refused) as late:
        await hall.said(token)
    assert late.value.code == change
