"""People take over at any moment of an answer: the agent is silent until they hand back."""

import asyncio
import base64
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from parlour.events import Kind
from parlour.events.recording import events
from parlour.rights import Role
from tests.rig import plays
from tests.rig.managing import Api
from tests.rig.model import FakeModel
from tests.rig.server import Server
from tests.rig.visiting import Visit, check_unbroken, visiting
from tests.rig.visitor import Visitor
from tests.rig.waiting import Stream
from tests.stories.test_manage_conversations import PATH, api_of

pytestmark = pytest.mark.faults

KILLS = int(os.environ.get("PARLOUR_TEST_TAKEOVER_KILLS", "3"))
TAKEOVERS = int(os.environ.get("PARLOUR_TEST_TAKEOVERS", "24"))
SEED = int(os.environ.get("PARLOUR_TEST_SEED", str(random.randrange(2**32))))
AT_ONCE = 4
PER_SECOND = 200
WORDS = 30
"""Words of an answer, which takes this many two-hundredths of a second."""


@dataclass
class Round:
    """A visitor who asks, and somebody who takes over while the answer comes."""

    person: Visitor
    staff: Api
    chance: random.Random
    one: str = ""

    async def run(self, stream: Stream, number: int) -> None:
        said = await self.person.say(f"Question {number}?")
        assert said.status == 202, said.body
        await asyncio.sleep(self.chance.uniform(0, 1.3 * WORDS / PER_SECOND))
        taken = await self.staff.post(f"{self.one}/hold", {"minutes": 5})
        assert taken.status == 200, taken.body
        await stream.next("control", within=60)
        spoken = await self.staff.post(f"{self.one}/messages", {"message": f"Person {number}"})
        assert spoken.status == 201, spoken.body
        while True:
            event = await stream.next(within=60)
            told = event.data.get("message", event.data)
            author = told.get("author", {}).get("kind")
            assert author == "operator", f"{event} after somebody took over"
            if told["text"] == f"Person {number}":
                break
        await self.check(spoken.json["seq"], taken.json)
        released = await self.staff.delete(f"{self.one}/hold")
        assert released.json == {"released": True}
        assert (await stream.next("control", within=60)).data == {"holder": "agent"}

    async def check(self, seq: int, hold: dict[str, Any]) -> None:
        """Stored is what was told: an answer that ended, the line that says who took over, they."""
        assert hold["holder"] == "operator"
        place = base64.urlsafe_b64encode(str(seq - 3).encode()).rstrip(b"=").decode()
        tail = (await self.staff.get(f"{self.one}/messages?after={place}")).json["items"]
        kinds = [each["author"]["kind"] for each in tail]
        assert kinds[-2:] == ["system", "operator"], tail
        assert all(each["state"] != "writing" for each in tail), tail


async def test_after_somebody_took_over_the_agent_is_silent(
    visit: Visit, http: aiohttp.ClientSession
) -> None:
    """TKO-01, TKO-02: at random moments of an answer, between its end and its storing, too."""
    del http
    print(f"PARLOUR_TEST_SEED={SEED} PARLOUR_TEST_TAKEOVERS={TAKEOVERS}")  # noqa: T201 - on failure
    chance = random.Random(SEED)
    visit.model.plays(plays.reply("word " * WORDS, per_second=PER_SECOND))
    staff = await api_of(visit, Role.OPERATOR)

    async def visitor(number: int) -> None:
        link = await visit.another_link()
        person = visit.visitor(link)
        await person.say("Hello?")
        await person.settled()
        (talk,) = (await staff.get(f"{PATH}?link={link.id}")).json["items"]
        mine = Round(person, staff, random.Random(chance.random()), f"{PATH}/{talk['id']}")
        async with person.live(after="2") as stream:
            for each in range(TAKEOVERS // AT_ONCE):
                await mine.run(stream, each + 1000 * number)

    await asyncio.gather(*(visitor(number) for number in range(AT_ONCE)))


@pytest.mark.long
async def test_killed_while_somebody_takes_over(
    own_server: Callable[..., Server], model: FakeModel, http: aiohttp.ClientSession
) -> None:
    """TKO-09, O5: killed anywhere in it, it is whole or not there, and nobody is left waiting."""
    print(f"PARLOUR_TEST_SEED={SEED} PARLOUR_TEST_KILLS={KILLS}")  # noqa: T201 - on failure
    chance = random.Random(SEED)
    server = own_server()
    async with visiting(server, model, http) as visit:
        staff, vera = await api_of(visit, Role.OPERATOR), visit.visitor()
        await vera.say("Hello?")
        await vera.settled()
        (talk,) = (await staff.get(f"{PATH}?link={visit.link.id}")).json["items"]
        one = f"{PATH}/{talk['id']}"
        visit.model.plays(plays.reply("word " * WORDS, per_second=20))
        for number in range(KILLS):
            assert (await vera.say(f"Question {number}?")).status == 202
            taking = asyncio.create_task(staff.post(f"{one}/hold", {"minutes": 5}))
            await asyncio.sleep(chance.uniform(0, 0.08))
            await asyncio.to_thread(server.restart, kill=True)
            told = (await asyncio.gather(taking, return_exceptions=True))[0]
            held = (await staff.get(one)).json["control"]["holder"] == "operator"
            assert held or isinstance(told, BaseException), "what was acknowledged is there"
            lines = [each for each in await visit.keeper.messages(visit.link) if _took(each)]
            wanted = sa.select(events.c.id).where(events.c.kind == Kind.HOLD_TAKEN.value)
            assert len(lines) == len(await visit.keeper.rows(wanted))
            assert bool(lines and lines[-1].seq > 2 + number) or not held
            if held:
                await staff.delete(f"{one}/hold")
            await vera.settled(within=60)
        assert (await vera.call("retry")).status in {202, 409}
        await vera.settled(within=60)
        check_unbroken(server.output)


def _took(message: Any) -> bool:
    return bool(message.author_kind == "system" and message.text.endswith(" answers now."))
