"""The server is killed and receivers are away: every event comes, at least once, in its order."""

import asyncio
import os
import random
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from parlour.webhooks import keeping
from parlour.webhooks.keeping import Wish
from tests.faults.test_crash import SEED, until
from tests.rig import plays
from tests.rig.model import FakeModel
from tests.rig.receiver import Receiver, receiving
from tests.rig.server import Server
from tests.rig.visiting import visiting
from tests.rig.visitor import Visitor
from tests.rig.waiting import eventually

pytestmark = pytest.mark.faults

ROUNDS = int(os.environ.get("PARLOUR_TEST_OUTAGES", "3"))
TALKS = 3


async def test_every_event_comes_through_outages_and_kills(
    own_server: Callable[..., Server], model: FakeModel, http: aiohttp.ClientSession
) -> None:
    """WHK-01, WHK-02, WHK-03: the reference library checks each one; nothing said is missing."""
    print(f"PARLOUR_TEST_SEED={SEED}")  # noqa: T201 - on failure
    chance = random.Random(SEED)
    model.plays(plays.reply("Noted."))
    retries = ",".join(["0.1", "0.3", *["0.5"] * 200])
    server = own_server(PARLOUR_WEBHOOK_RETRIES=retries)
    async with receiving() as receiver, visiting(server, model, http) as visit:
        kinds = ["conversation.started", "message.created", "turn.ended"]
        owner, tools = visit.keeper.who, visit.keeper.tools
        made = rotated = await keeping.create(tools, owner, Wish("CRM", receiver.url, kinds))
        receiver.secret = made.secret or ""
        link = await visit.another_link()
        people = [visit.visitor(link) for _ in range(TALKS)]
        said: list[list[str]] = [[] for _ in people]
        for n in range(ROUNDS):
            # It begins before there is something to tell: else all may have come by then.
            await OUTAGES[n % len(OUTAGES)](receiver)
            await _all_say(people, said, f"round {n}")
            await eventually(lambda: not receiver.silences, within=60)
            if n == 1:
                # It goes on with the former secret, for as long as both sign.
                rotated = await keeping.rotate(tools, owner, made.hook.id)
            await asyncio.sleep(chance.uniform(0, 0.5))
            await asyncio.to_thread(server.restart, kill=True)
            if not receiver.is_open:
                await receiver.open()
        await _all_come(receiver, said)
        receiver.secret = rotated.secret or ""
        await _all_say(people, said, "with the new secret")
        await _all_come(receiver, said)
    assert receiver.refused
    for texts in said:
        heard = list(dict.fromkeys(each for each in _texts(receiver.took) if each in texts))
        assert heard == texts, "in the order in which they were said"
    bodies: dict[str, Any] = {}
    for id_, told in zip(receiver.ids, receiver.took, strict=True):
        assert bodies.setdefault(id_, told) == told, "what comes again says the same"
    assert len(bodies) < len(receiver.ids), "what was taken without a word came again"


async def _all_say(people: list[Visitor], said: list[list[str]], words: str) -> None:
    for k, (person, texts) in enumerate(zip(people, said, strict=True)):
        text = f"{words}, visitor {k}"

        async def say(person: Visitor = person, text: str = text) -> None:
            answer = await person.say(text, message_id=text)
            assert answer.status == 202, answer.body

        await until(say)
        texts.append(text)


async def _all_come(receiver: Receiver, said: list[list[str]]) -> None:
    every = {text for texts in said for text in texts}
    await eventually(lambda: set(_texts(receiver.took)) >= every, within=60)


async def _refuses(receiver: Receiver) -> None:
    receiver.refusals = 4


async def _is_away(receiver: Receiver) -> None:
    await receiver.close()


async def _falls_silent(receiver: Receiver) -> None:
    """Take the next call without an answer; the server is killed while it waits for one."""
    receiver.silences = 1


OUTAGES = (_refuses, _is_away, _falls_silent)


def _texts(took: list[Any]) -> list[str]:
    said = [each["data"] for each in took if each["type"] == "message.created"]
    return [each["message"]["text"] for each in said]
