"""Going on in another browser: one code, one browser, ten minutes; and it goes with its session."""

import asyncio

import pytest

from parlour import entrance, forgetting, retention
from parlour.chat import turns
from parlour.entrance import crossing
from parlour.entrance.crossing import Over
from parlour.kit.clock import HOUR, SECOND, SetClock
from parlour.kit.errors import NotFound, Problem
from parlour.links import keeping
from parlour.links.store import Link
from parlour.rights import Who
from parlour.tools import Tools
from parlour.visitors import handover
from parlour.visitors.handover import GOOD_FOR, State
from tests.rooms.conftest import Maker

START = 1_800_000_000_000


class Vera:
    """Somebody who said something by a link, on a clock that the test moves."""

    def __init__(self, tools: Tools, link: Link, session: str, clock: SetClock) -> None:
        self.tools, self.link, self.clock, self.session = tools, link, clock, session
        self.token = link.token(tools.keys)

    async def code(self) -> str:
        return (await crossing.offer(self.tools, self.token, self.session)).code

    async def state(self, code: str) -> State:
        door = await entrance.look(self.tools, self.token, None)
        return await crossing.state_of(self.tools, door, code)

    async def cross(self, code: str) -> str:
        return (await crossing.cross(self.tools, self.token, code)).visitor_id


@pytest.fixture
async def vera(tools: Tools, owner: Who, make_agent: Maker) -> Vera:
    tools.clock = clock = SetClock(START)
    agent = await make_agent()
    link = await keeping.create(tools, owner, agent.id, keeping.Wish())
    ticket = entrance.ticket(tools, link.token(tools.keys), None)
    said = await turns.say(tools, ticket, "Hello?", None)
    return Vera(tools, link, said.visit.session, clock)


async def test_of_many_who_take_a_code_at_once_one_gets_it(vera: Vera) -> None:
    """USE-01: in one statement of the database, on either of them."""
    code = await vera.code()
    done = await asyncio.gather(*(vera.cross(code) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(each, str) for each in done) == 1
    assert sum(isinstance(each, Over) for each in done) == 19
    assert await vera.state(code) is State.USED


async def test_a_code_is_over_after_ten_minutes_and_asking_takes_nothing(vera: Vera) -> None:
    code, late = await vera.code(), GOOD_FOR
    vera.clock.moment = START + late - SECOND
    for _ in range(3):
        assert await vera.state(code) is State.GOOD
    vera.clock.moment = START + late
    assert await vera.state(code) is State.OVER
    with pytest.raises(Over):
        await vera.cross(code)
    vera.clock.moment = START + late + HOUR + SECOND
    await retention.tidy_up(vera.tools)
    assert await vera.state(code) is State.UNKNOWN
    with pytest.raises(NotFound):
        await vera.cross(code)


async def test_a_code_goes_with_its_session_its_visitor_and_the_next_one(
    vera: Vera, owner: Who
) -> None:
    first, second = await vera.code(), await vera.code()
    assert [await vera.state(each) for each in (first, second)] == [State.UNKNOWN, State.GOOD]
    visitor_id = await vera.cross(second)
    third = await vera.code()
    await forgetting.forget_visitor(vera.tools, owner, visitor_id)
    assert await vera.state(third) is State.UNKNOWN
    with pytest.raises(Problem):
        await vera.code()


async def test_a_code_opens_no_door_that_was_shut_meanwhile(
    vera: Vera, owner: Who, tools: Tools
) -> None:
    """LNK-11, OTP-15: and the code itself is written down nowhere."""
    code = await vera.code()
    kept = await tools.db.read(lambda conn: conn.execute(handover.handovers.select()).all())
    assert code not in str(kept)
    await keeping.revoke(tools, owner, vera.link)
    with pytest.raises(entrance.Refused):
        await vera.cross(code)
