"""Many people stream at once and leave at any byte: nobody ever gets a byte of another's."""

import asyncio
import os
import random
import re
import secrets
from dataclasses import dataclass

import aiohttp
import pytest

from tests.rig.plays import Asked, Play, Wire
from tests.rig.visiting import Visit
from tests.rig.visitor import Visitor
from tests.rig.waiting import eventually

pytestmark = pytest.mark.faults

PEOPLE = int(os.environ.get("PARLOUR_TEST_PEOPLE", "12"))
ROUNDS = int(os.environ.get("PARLOUR_TEST_ROUNDS", "5"))
SEED = int(os.environ.get("PARLOUR_TEST_SEED", str(random.randrange(2**32))))
OWN = re.compile(rb"canary-[0-9a-f]+")


def echo(chance: random.Random) -> Play:
    """Answer with the word of whoever asked, slowly, and sometimes break off."""

    async def play(asked: Asked, wire: Wire) -> None:
        canary = OWN.findall(str(asked.json["messages"][-1]).encode())[-1].decode()
        await wire.start_stream()
        ends = chance.random() > 0.15
        for _ in range(chance.randrange(2, 20)):
            await wire.token(f"{canary} ")
            await asyncio.sleep(chance.choice((0, 0.005, 0.03)))
        if ends:
            await wire.finish(None)

    return play


@dataclass
class Somebody:
    """A visitor who asks again and again, follows for a while, and hangs up."""

    person: Visitor
    http: aiohttp.ClientSession
    chance: random.Random
    canary: bytes
    heard: int = 0

    async def run(self) -> None:
        await self.say()
        for _ in range(ROUNDS):
            path, method = self.chance.choice(
                (("live", "GET"), ("history", "GET"), ("chat", "POST"), ("chat", "POST"))
            )
            address = f"{self.person.url}/api/public/{path}/{self.person.token}"
            body = {"message": f"What is {self.canary.decode()}?"} if method == "POST" else None
            headers = {**self.person.headers, "Accept": "text/event-stream"}
            async with self.http.request(method, address, json=body, headers=headers) as answer:
                # What is followed does not end by itself: no more is waited for than is there.
                most = (1, 80) if path == "live" else (1, 80, 700, 4_000)
                await self.hear(answer, self.chance.choice(most))

    async def say(self) -> None:
        async def taken() -> bool:
            said = await self.person.say(f"What is {self.canary.decode()}?")
            return said.status == 202

        # So many at once may find a small machine's database away; that is for other tests.
        self.person.faulty = True
        await eventually(taken, within=60)

    async def hear(self, answer: aiohttp.ClientResponse, most: int) -> None:
        """Read some of it, then hang up; whatever was read is one's own."""
        heard = b""
        async for chunk in answer.content.iter_any():
            heard += chunk
            if len(heard) > most:
                break
        answer.close()
        self.heard += len(heard)
        assert all(self.canary.startswith(each) for each in OWN.findall(heard)), heard


@pytest.mark.only_on("postgres")
async def test_nobody_gets_a_byte_of_another(visit: Visit, http: aiohttp.ClientSession) -> None:
    """ISO-11, ISO-12, O2: over Redis, with a slow upstream that breaks off, and its connections."""
    print(f"PARLOUR_TEST_SEED={SEED} PARLOUR_TEST_PEOPLE={PEOPLE}")  # noqa: T201 - on failure
    chance = random.Random(SEED)
    visit.model.plays(echo(random.Random(SEED)))
    people = [
        Somebody(
            visit.visitor(),
            http,
            random.Random(chance.random()),
            f"canary-{secrets.token_hex(6)}".encode(),
        )
        for _ in range(PEOPLE)
    ]
    await asyncio.gather(*(each.run() for each in people))
    assert all(each.heard for each in people)
    for each in people:

        async def over(each: Somebody = each) -> bool:
            stopped = await each.person.call("stop")
            return stopped.status == 200 and not stopped.json["stopped"]

        await eventually(over, within=60)
    stored: dict[str, set[bytes]] = {}
    for message in await visit.keeper.messages(visit.link):
        stored.setdefault(message.conversation_id, set()).update(OWN.findall(message.text.encode()))
    assert all(len(each) == 1 for each in stored.values()), "one conversation knows of one person"
    assert {each for (each,) in stored.values()} == {each.canary for each in people}
    for asked in visit.model.requests:
        assert len(set(OWN.findall(asked.body))) == 1, "one question knows of one person"
