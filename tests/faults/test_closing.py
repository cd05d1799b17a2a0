"""Doors that another process shuts: streams end, replies stop, nobody comes in any more."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from parlour.agents import keeping as agents
from tests.rig import plays
from tests.rig.visiting import Visit
from tests.rig.visitor import Drawn
from tests.rig.waiting import eventually

pytestmark = pytest.mark.faults

Shut = Callable[[Visit], Awaitable[None]]


async def offline(visit: Visit) -> None:
    await visit.keeper.switch(visit.agent, live=False)


async def disable(visit: Visit) -> None:
    await visit.keeper.change(visit.agent, visit.link, enabled=False)


async def revoke(visit: Visit) -> None:
    await visit.keeper.revoke(visit.agent, visit.link)


async def delete(visit: Visit) -> None:
    await agents.delete(visit.keeper.tools, visit.keeper.who, visit.agent)


async def by_command(visit: Visit) -> None:
    done = await asyncio.to_thread(visit.server.run, "link", "revoke", visit.link.id, "--json")
    assert done.returncode == 0, done.stderr


WAYS: dict[str, tuple[Shut, int, str]] = {
    "offline": (offline, 503, "offline"),
    "disabled": (disable, 403, "disabled"),
    "revoked": (revoke, 404, "not_found"),
    "deleted": (delete, 404, "not_found"),
    "revoked by the command line": (by_command, 404, "not_found"),
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_door_that_is_shut_while_somebody_is_inside(visit: Visit, way: str) -> None:
    """LNK-11, LNK-22: by another process, in the middle of a reply; all within two seconds."""
    shut, status, code = WAYS[way]
    visit.model.plays(plays.hang_after("Some words"))
    vera, sam = visit.visitor(), visit.visitor()
    await vera.say("Hello?")
    await vera.say("In line")
    idle, drawn = Drawn(), Drawn()
    await sam.say("Me too")
    async with vera.live() as stream, sam.live() as other:
        while "Some words" not in {text for _, text, _ in drawn.shown()}:
            drawn.take(await stream.next())
        idle.take(await other.next())
        await shut(visit)
        began = time.monotonic()
        for each, told in ((stream, drawn), (other, idle)):
            while not told.refused:
                told.take(await each.next())
            assert [event async for event in each] == []
        assert time.monotonic() - began < 30
    assert (drawn.refused, idle.refused) == (code, code)
    vera.faulty = status == 503
    for answer in (await vera.say("More"), await vera.call("history", "GET"), await vera.page()):
        assert answer.status == status
    assert (await vera.call("live", "GET")).status == status

    async def over() -> bool:
        states = [turn.state for turn in await visit.keeper.turns(visit.link)]
        return set(states) == {"stopped"} and visit.model.open_connections == 0

    await eventually(over)
    texts = [m.text for m in await visit.keeper.messages(visit.link)]
    assert "More" not in texts
    assert len(visit.model.requests) == 2


async def test_what_was_switched_off_can_be_switched_on_again(visit: Visit) -> None:
    """LNK-22: nothing is lost by it."""
    vera = visit.visitor()
    await vera.say("Hello?")
    before = await vera.settled()
    await offline(visit)
    vera.faulty = True
    assert (await vera.say("More")).status == 503
    await visit.keeper.switch(visit.agent, live=True)
    assert await vera.history() == before
    assert (await vera.say("More")).status == 202
    assert len(await vera.settled()) == 4
