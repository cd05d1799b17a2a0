"""In whatever order things happen: what a stream told is what a fresh look shows (STR-16)."""

import asyncio
import os
import random
from typing import Any

import pytest

from tests.rig import plays
from tests.rig.visiting import Visit
from tests.rig.visitor import Drawn, Visitor
from tests.rig.waiting import eventually

SEED = int(os.environ.get("PARLOUR_TEST_SEED", str(random.randrange(2**32))))
STEPS = 25
PLAYS = (
    plays.reply("A short one."),
    plays.reply("A slow one with words.", per_second=100),
    plays.reply("ein längerer \U0001f426 Text " * 20, per_second=400),
    plays.error(400),
    plays.reset_after("Half of"),
    plays.hang_after("Until it is stopped"),
)


class Viewer:
    """Follows like a page: resumes after every break, reads anew when told to."""

    def __init__(self, person: Visitor, chance: random.Random, *, steady: bool) -> None:
        self.drawn = Drawn()
        self._person = person
        self._chance = chance
        self._steady = steady

    async def watch(self) -> None:
        while True:
            try:
                await self._once()
            except AssertionError as nothing_yet:
                if "404" not in str(nothing_yet) and "204" not in str(nothing_yet):
                    raise
                self.drawn = Drawn()
                await asyncio.sleep(0.01)

    async def _once(self) -> None:
        left = 10**9 if self._steady else self._chance.randrange(1, 12)
        async with self._person.live(after=self.drawn.after) as stream:
            async for event in stream:
                self.drawn.take(event)
                left -= 1
                if self.drawn.lost:
                    self.drawn = Drawn()
                    return
                if left <= 0:
                    return


async def act(person: Visitor, chance: random.Random, said: list[str]) -> None:
    """Do one thing that a visitor can do."""
    what = chance.choice(["say", "say", "say", "stop", "stop", "retry", "new", "wait", "wait"])
    if what == "say":
        said.append(f"question {len(said)}")
        answer = await person.say(said[-1])
        assert answer.status == 202
    elif what == "stop":
        await person.call("stop")
    elif what == "retry":
        assert (await person.call("retry")).status in {202, 404, 409}
    elif what == "new":
        assert (await person.call("session", "DELETE")).status == 200
    else:
        await asyncio.sleep(chance.uniform(0, 0.05))


async def fresh(person: Visitor) -> list[tuple[str, str, str]]:
    """What a new viewer is shown."""
    drawn = Drawn()
    if (await person.call("history", "GET")).json["message_count"] == 0:
        return []
    async with person.live() as stream:
        await drawn.until_ended(stream)
        history = await person.history()
        while len(drawn.shown()) < len(history):
            drawn.take(await stream.next())
    assert [text for _, text, _ in drawn.shown()] == [text for _, text in history]
    return drawn.shown()


@pytest.mark.parametrize("run", range(4))
async def test_what_was_told_is_what_there_is(visit: Visit, run: int) -> None:
    seed = SEED + run
    chance = random.Random(seed)
    visit.model.plays(*(chance.choice(PLAYS) for _ in range(STEPS * 3)))
    vera = visit.visitor()
    assert (await vera.say("question")).status == 202
    viewers = [Viewer(vera, random.Random(chance.random()), steady=n == 0) for n in range(3)]
    watching = [asyncio.create_task(each.watch()) for each in viewers]
    said: list[str] = []
    for _ in range(STEPS):
        await act(vera, chance, said)
    visit.model.plays(plays.reply("The last one."))
    await stop_all(vera)
    assert (await vera.say("the end")).status == 202
    await vera.settled()
    expected = await fresh(vera)
    assert expected[-1] == ("agent", "The last one.", "done"), f"seed {seed}"

    def alike() -> bool:
        assert not any(task.done() for task in watching), list(watching)
        return all(each.drawn.shown() == expected for each in viewers)

    try:
        await eventually(alike)
    except AssertionError as failure:
        told = "\n".join(str(each.drawn.shown()[-6:]) for each in viewers)
        raise AssertionError(f"seed {seed}: {told}\nwanted {expected[-6:]}") from failure
    for task in watching:
        task.cancel()


async def stop_all(person: Visitor) -> Any:
    """Stop the reply that is being written, and those in line as their turn comes."""
    while (await person.call("stop")).json["stopped"]:
        await asyncio.sleep(0.02)
