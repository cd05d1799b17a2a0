"""The server is killed, again and again, while people write: nothing acknowledged is lost."""

import asyncio
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import sqlalchemy as sa

from parlour.budgets import spending
from parlour.links.rules import Kind
from tests.rig import oracles, plays
from tests.rig.model import FakeModel
from tests.rig.server import Server
from tests.rig.storage import SQLITE
from tests.rig.visiting import Visit, check_unbroken, visiting
from tests.rig.visitor import Drawn, Visitor
from tests.rig.waiting import eventually

pytestmark = pytest.mark.faults

KILLS = int(os.environ.get("PARLOUR_TEST_KILLS", "20"))
SEED = int(os.environ.get("PARLOUR_TEST_SEED", str(random.randrange(2**32))))
BUSY = 4
ENDS = {"done", "interrupted", "failed", "stopped"}
LOST = (aiohttp.ClientError, ConnectionError, TimeoutError, AssertionError)


@dataclass
class Writer:
    """Somebody who writes through every crash, and remembers what was acknowledged."""

    person: Visitor
    chance: random.Random
    said: list[str] = field(default_factory=list)
    drawn: Drawn = field(default_factory=Drawn)
    leaving: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self) -> None:
        """Say one thing after another; each is sent again until it has been acknowledged."""
        page = await until(self.person.page)
        start = page.text.partition('name="start" value="')[2].partition('"')[0]
        while not self.leaving.is_set():
            text = f"{self.person.token[:6]}-{len(self.said)}-{self.chance.randrange(10**9)}"

            async def say(text: str = text) -> Any:
                answer = await self.person.say(text, message_id=text, start=start)
                assert answer.status == 202, answer.body
                return answer

            await until(say)
            self.said.append(text)
            pause = self.chance.choice((0, 0, 0.05, 0.3))
            if pause:
                await asyncio.sleep(pause)

    async def watch(self) -> None:
        """Follow the conversation through every crash, resuming where the stream broke."""
        while True:
            try:
                async with self.person.live(after=self.drawn.after) as stream:
                    async for event in stream:
                        self.drawn.take(event)
            except LOST:
                await asyncio.sleep(0.02)


async def until(attempt: Callable[[], Any]) -> Any:
    """Try until it works, as a page does while its server is away."""
    deadline = time.monotonic() + 90  # between two kills a busy machine hardly gets to serve
    while True:
        try:
            async with asyncio.timeout(15):
                return await attempt()
        except LOST:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)


@pytest.mark.long
async def test_killed_again_and_again_while_people_write(
    own_server: Callable[..., Server], model: FakeModel, http: aiohttp.ClientSession
) -> None:
    """CRH-01, O4, O5: every acknowledged message once, in order; every turn in one end.

    USE-05, USE-12: each comes by a link for one use. Were it taken without the session that it
    opens, they could never go on; were it not, it would still be there.

    RLB-09, O6: what a reply may cost is reserved, and settled once, whoever was killed meanwhile.
    """
    print(f"PARLOUR_TEST_SEED={SEED} PARLOUR_TEST_KILLS={KILLS}")  # noqa: T201 - on failure
    chance = random.Random(SEED)
    model.plays(plays.reply("A reply of several words that takes a while.", per_second=30))
    server = own_server()
    async with visiting(server, model, http) as visit:
        once = {"kind": Kind.PRIVATE, "max_uses": 1, "budget_tokens": 10**12}
        links = [await visit.another_link(name=f"Writer {n}", **once) for n in range(BUSY)]
        writers = [Writer(visit.visitor(link), random.Random(chance.random())) for link in links]
        writing = [asyncio.create_task(each.write()) for each in writers]
        watching = [asyncio.create_task(each.watch()) for each in writers[:2]]
        for n in range(KILLS):
            if n % 2:
                # Every other life lasts until something was acknowledged, however busy it is here.
                await more_said(writers)
            await asyncio.sleep(chance.uniform(0, 0.3))
            await asyncio.to_thread(server.restart, kill=True)
        for each in writers:
            each.leaving.set()
        await asyncio.gather(*writing)
        await check_resumed(visit, writers)
        assert not any(task.done() for task in watching), [task.result() for task in watching]
        for task in watching:
            task.cancel()
        await check_kept(visit, writers)
        assert [await visit.keeper.uses(link) for link in links] == [1] * BUSY
        await check_settled(visit)
        assert sum(len(each.said) for each in writers) > KILLS / 4
        check_unbroken(server.output)
    assert server.stop() == 0
    if server.storage.engine == SQLITE:
        oracles.check_database_file(server.storage.sqlite_path)


async def check_settled(visit: Visit) -> None:
    """Nothing is reserved any more, and every account has been charged."""
    assert await visit.keeper.rows(sa.select(spending.reservations.c.turn_id)) == []
    columns = spending.spending.c
    found = await visit.keeper.rows(sa.select(columns.spent, columns.reserved))
    assert len(found) == BUSY
    assert all(row.spent > 0 and row.reserved == 0 for row in found), found


async def more_said(writers: list[Writer]) -> None:
    before = sum(len(each.said) for each in writers)
    await eventually(lambda: sum(len(each.said) for each in writers) > before, within=60)


async def check_resumed(visit: Visit, writers: list[Writer]) -> None:
    """One more kill: what was being written then is marked or goes on within 5 s of the start."""
    visit.server.kill9()
    left = {turn.id: turn.epoch for turn in await all_turns(visit, writers) if is_running(turn)}
    visit.server.start()
    began = time.monotonic()

    async def moved() -> bool:
        return not [
            turn
            for turn in await all_turns(visit, writers)
            if turn.id in left and turn.state == "running" and turn.epoch == left[turn.id]
        ]

    await eventually(moved, within=60)
    assert time.monotonic() - began < 30


def is_running(turn: Any) -> bool:
    return bool(turn.state == "running")


async def all_turns(visit: Visit, writers: list[Writer]) -> list[Any]:
    return await visit.keeper.turns_of([each.person.token for each in writers])


async def check_kept(visit: Visit, writers: list[Writer]) -> None:
    async def over() -> bool:
        return {turn.state for turn in await all_turns(visit, writers)} <= ENDS

    await eventually(over, within=120)
    asked = len(visit.model.requests)
    turns = await all_turns(visit, writers)
    assert asked <= len(turns), "the model was asked again without anybody wanting it"
    for each in writers:
        stored = await visit.keeper.messages_of(each.person.token)
        assert [m.text for m in stored if m.author_kind == "visitor"] == each.said
        assert [m.seq for m in stored] == list(range(1, 2 * len(each.said) + 1))
        assert {m.state for m in stored} <= ENDS
        assert not [m for m in stored if m.state == "done" and not m.text]
    for each in writers[:2]:
        fresh, last = Drawn(), 2 * len(each.said)
        for drawn in (each.drawn, fresh):
            async with each.person.live(after=drawn.after) as stream:
                while last not in drawn.messages or not drawn.ended:
                    drawn.take(await stream.next())
        # A stream that begins anew tells no more than the newest messages.
        assert len(fresh.shown()) >= min(last, 100)
        assert each.drawn.shown()[-len(fresh.shown()) :] == fresh.shown()
        assert len(each.drawn.shown()) == last
    await check_retry(writers)


async def check_retry(writers: list[Writer]) -> None:
    """Whatever was interrupted last can be asked again, and then it is answered."""
    for each in writers:
        answer = await each.person.call("retry")
        assert answer.status in {202, 409}
        history = await each.person.settled()
        assert history[-1] == ("assistant", "A reply of several words that takes a while.")


async def test_a_reply_that_was_cut_says_so_and_can_be_asked_for_again(
    own_server: Callable[..., Server], model: FakeModel, http: aiohttp.ClientSession
) -> None:
    """CRH-01: what had been saved is kept, marked interrupted, within 5 s, with a retry."""
    model.plays(plays.hang_after("Half of it"), plays.reply("All of it."))
    server = own_server()
    async with visiting(server, model, http) as visit:
        vera = visit.visitor()
        await vera.say("Hello?")
        drawn = Drawn()

        async def saved() -> bool:
            stored = await visit.keeper.messages(visit.link)
            return bool(stored[-1].text == "Half of it")

        await eventually(saved)
        async with vera.live() as stream:
            drawn.take(await stream.next("message"))
            drawn.take(await stream.next("message"))
            server.kill9()
        server.start()
        began = time.monotonic()
        async with vera.live(after=drawn.after) as stream:
            for event in await stream.until("done"):
                drawn.take(event)
        assert time.monotonic() - began < 30
        assert drawn.shown()[-1] == ("agent", "Half of it", "interrupted")
        assert event.data["message"]["problem"]["code"] == "interrupted"
        assert (await vera.call("retry")).status == 202
        assert await vera.settled() == [("user", "Hello?"), ("assistant", "All of it.")]
        assert len(model.requests) == 2


async def test_a_stop_ends_streams_with_a_hint_and_lets_replies_finish(
    own_server: Callable[..., Server], model: FakeModel, http: aiohttp.ClientSession
) -> None:
    """SIGTERM: streams end at once with `retry:`, a reply that can finish in time is finished."""
    model.plays(plays.paused("Some", " words."))
    server = own_server()
    async with visiting(server, model, http) as visit:
        vera = visit.visitor()
        await vera.say("Hello?")
        drawn = Drawn()
        async with vera.live() as stream:
            await drawn.until_text(stream, "Some")
            stopping = asyncio.create_task(asyncio.to_thread(server.stop))
            rest = [event async for event in stream]
            assert [(event.kind, event.data) for event in rest] == [("comment", "come back")]
            assert not stopping.done()
            model.release()
            assert await stopping == 0
        stored = await visit.keeper.messages(visit.link)
        assert (stored[-1].text, stored[-1].state) == ("Some words.", "done")
        server.start()
        async with vera.live(after=drawn.after) as stream:
            for event in await stream.until("done"):
                drawn.take(event)
        assert drawn.shown()[-1] == ("agent", "Some words.", "done")
    check_unbroken(server.output)


async def test_a_stop_marks_replies_that_do_not_finish_in_time(
    own_server: Callable[..., Server], model: FakeModel, http: aiohttp.ClientSession
) -> None:
    """SIGTERM, drained: what came is kept and marked, and whoever waits in line is not lost."""
    model.plays(plays.hang_after("Half"), plays.reply("Whole."))
    server = own_server(PARLOUR_DRAIN_SECONDS="1")
    async with visiting(server, model, http) as visit:
        vera = visit.visitor()
        await vera.say("First")
        await asyncio.to_thread(model.wait_for_requests, 1)
        await vera.say("Second")
        began = time.monotonic()
        assert await asyncio.to_thread(server.stop) == 0
        assert time.monotonic() - began < 30
        states = [turn.state for turn in await visit.keeper.turns(visit.link)]
        assert states == ["interrupted", "queued"]
        server.start()
        history = await vera.settled()
        assert history == [
            ("user", "First"),
            ("assistant", "Half"),
            ("user", "Second"),
            ("assistant", "Whole."),
        ]
    check_unbroken(server.output)
