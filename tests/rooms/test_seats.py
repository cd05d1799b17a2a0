"""Places to talk: as many as there are, exactly, and free again when somebody has gone."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from parlour import entrance
from parlour.agents import sharing
from parlour.agents.model import Agent
from parlour.chat import turns
from parlour.entrance import Refused
from parlour.kit.clock import DAY, MINUTE, SECOND, SetClock
from parlour.kit.errors import Invalid
from parlour.kit.hours import Schedule
from parlour.links import keeping
from parlour.rights import Who
from parlour.tools import Tools
from tests.rooms.conftest import Maker


@dataclass
class Hall:
    """An agent, and a clock that stands still."""

    tools: Tools
    clock: SetClock
    owner: Who
    agent: Agent

    async def link(self, seats: int = 0) -> str:
        """Make a link; return its token."""
        wish = keeping.Wish(seats=seats)
        made = await keeping.create(self.tools, self.owner, self.agent.id, wish)
        return made.token(self.tools.keys)

    async def share(self, **wanted: Any) -> None:
        await sharing.change(self.tools, self.owner, self.agent, wanted)

    async def say(self, token: str, session: str | None = None, **more: Any) -> turns.Said:
        pass_ = entrance.ticket(self.tools, token, session, more.get("start"))
        return await turns.say(self.tools, pass_, "Hello?", None)

    async def talk(self, token: str) -> tuple[str, turns.Said]:
        """Begin a conversation; return the session, and what came of it."""
        said = await self.say(token)
        return said.visit.session, said

    async def reason(self, token: str, session: str | None = None) -> str | None:
        """Why the door does not open for somebody; None when it does."""
        refused = (await entrance.look(self.tools, token, session)).refused()
        return None if refused is None else refused.refusal.why.value


@pytest.fixture
async def hall(tools: Tools, owner: Who, make_agent: Maker) -> Hall:
    tools.clock = clock = SetClock(tools.clock.now())
    return Hall(tools, clock, owner, await make_agent())


async def outcomes(hall: Hall, tokens: list[str]) -> list[str]:
    """What becomes of first messages that come at the same moment."""
    found = await asyncio.gather(*(hall.say(each) for each in tokens), return_exceptions=True)
    for each in found:
        assert isinstance(each, Refused | turns.Said), each
    return [each.refusal.why.value if isinstance(each, Refused) else "in" for each in found]


async def test_exactly_so_many_of_those_who_come_at_once(hall: Hall) -> None:
    """USE-01, for places: of a hundred first messages as many are let in as there are places."""
    one = await hall.link(seats=7)
    told = await outcomes(hall, [one] * 100)
    assert (told.count("in"), told.count("full")) == (7, 93)


async def test_an_agent_s_places_are_those_of_all_its_links(hall: Hall) -> None:
    await hall.share(seats=10)
    tokens = [await hall.link(), await hall.link(seats=4), await hall.link()]
    told = await outcomes(hall, tokens * 33)
    assert (told.count("in"), told.count("full")) == (10, 89)
    own = [each for each, token in zip(told, tokens * 33, strict=True) if token == tokens[1]]
    assert own.count("in") <= 4


async def test_whoever_sits_goes_on_and_whoever_comes_waits(hall: Hall) -> None:
    token = await hall.link(seats=1)
    assert await hall.reason(token) is None
    session, _ = await hall.talk(token)
    assert await hall.reason(token) == "full"
    assert await hall.reason(token, session) is None
    with pytest.raises(Refused) as refused:
        await hall.say(token)
    assert (refused.value.refusal.most, refused.value.retry_after) == (1, 15)
    assert refused.value.status == 503
    await hall.say(token, session)


@pytest.mark.parametrize(("off", "reason"), [(-1, "full"), (0, None), (SECOND, None)])
async def test_a_place_is_free_when_its_visitor_was_silent(
    hall: Hall, off: int, reason: str | None
) -> None:
    """EXP-01: at the moment at which the silence is long enough, not before."""
    await hall.share(seat_minutes=5)
    token = await hall.link(seats=1)
    await hall.talk(token)
    hall.clock.forward(5 * MINUTE + off)
    assert await hall.reason(token) == reason


async def test_who_was_silent_too_long_waits_like_everybody(hall: Hall) -> None:
    token = await hall.link(seats=1)
    vera, _ = await hall.talk(token)
    hall.clock.forward(10 * MINUTE)
    sam, _ = await hall.talk(token)
    assert await hall.reason(token, vera) is None, "reading is no talking"
    with pytest.raises(Refused) as refused:
        await hall.say(token, vera)
    assert refused.value.refusal.why == "full"
    hall.clock.forward(10 * MINUTE)
    await hall.say(token, vera)
    with pytest.raises(Refused):
        await hall.say(token, sam)


async def test_a_conversation_that_ends_frees_its_place(hall: Hall) -> None:
    token = await hall.link(seats=1)
    _, said = await hall.talk(token)
    await turns.close(hall.tools, said.visit.door, said.visit.visitor_id, said.conversation_id)
    assert await hall.reason(token) is None
    await hall.talk(token)


async def test_fewer_places_than_are_taken_shut_nobody_out(hall: Hall) -> None:
    token = await hall.link(seats=3)
    sessions = [(await hall.talk(token))[0] for _ in range(3)]
    await hall.share(seats=1)
    for session in sessions:
        await hall.say(token, session)
    assert await hall.reason(token) == "full"


@pytest.mark.parametrize(
    "wanted", [{"seats": -1}, {"seats": 100_001}, {"seat_minutes": 0}, {"seat_minutes": 1441}]
)
async def test_numbers_that_do_not_fit(hall: Hall, wanted: dict[str, int]) -> None:
    with pytest.raises(Invalid):
        await hall.share(**wanted)
    if "seats" in wanted:
        with pytest.raises(Invalid):
            await hall.link(**wanted)


async def test_hours_of_an_agent_and_of_a_link(hall: Hall) -> None:
    """A link's own take the place of the agent's; without them it goes by those."""
    plain = await hall.link()
    later = Schedule(opens_at=hall.clock.now() + DAY)
    await hall.share(schedule=later)
    assert await hall.reason(plain) == "not_open"
    wish = keeping.Wish(schedule=Schedule())
    made = await keeping.create(hall.tools, hall.owner, hall.agent.id, wish)
    own = made.token(hall.tools.keys)
    assert await hall.reason(own) is None
    await keeping.change(hall.tools, hall.owner, made, {"schedule": None})
    assert await hall.reason(own) == "not_open"
    hall.clock.forward(DAY)
    assert await hall.reason(own) is None
    assert await hall.reason(plain) is None
