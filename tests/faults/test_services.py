"""PostgreSQL or Redis goes away while people write: refused or kept, and it comes back alone."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from parlour.links.rules import Kind
from tests.rig import plays
from tests.rig.model import FakeModel
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.services import Postgres, Redis
from tests.rig.storage import POSTGRES, Storage, look_around
from tests.rig.visiting import QUICK, Visit, check_unbroken, visiting
from tests.rig.visitor import Drawn
from tests.rig.waiting import eventually

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(
        {"postgresql", "redis-server"} & set(look_around().missing) != set(),
        reason="not here: postgresql and redis-server",
    ),
]


@pytest.fixture(scope="module")
def badly_treated() -> Iterator[tuple[Postgres, Redis]]:
    """Services of these tests' own, to be killed."""
    postgres, redis = Postgres(durable=True), Redis()
    postgres.execute("DO $$ BEGIN ASSERT current_setting('fsync') = 'on'; END $$")
    yield postgres, redis
    postgres.close()
    redis.close()


@pytest.fixture
async def stay(
    badly_treated: tuple[Postgres, Redis],
    tmp_path: Path,
    nursery: Nursery,
    model: FakeModel,
    http: aiohttp.ClientSession,
) -> AsyncIterator[Visit]:
    postgres, redis = badly_treated
    url = postgres.url(postgres.create())
    server = Server(
        Storage(POSTGRES, tmp_path / "data", url, redis.url), tmp_path, nursery, **QUICK
    )
    server.start()
    async with visiting(server, model, http) as made:
        yield made
    server.close()
    check_unbroken(server.output)


async def test_postgres_dies_and_comes_back(
    stay: Visit, badly_treated: tuple[Postgres, Redis]
) -> None:
    """CRH-04: writing is refused with Retry-After, streams stay open, all recovers alone."""
    postgres, _ = badly_treated
    stay.model.plays(plays.paused("Some", " words."))
    vera = stay.visitor()
    vera.faulty = True
    assert (await vera.say("Before", message_id="m1")).status == 202
    drawn = Drawn()
    async with vera.live() as stream:
        await drawn.until_text(stream, "Some")
        await asyncio.to_thread(postgres.crash)
        began = time.monotonic()
        refused = await vera.say("Meanwhile", message_id="m2")
        assert (refused.status, refused.code) == (503, "unavailable")
        assert int(refused.headers["Retry-After"]) > 0
        page = await vera.page()
        assert page.status == 503
        assert "Retry-After" in page.headers
        assert time.monotonic() - began < 30
        # The model goes on while nothing can be stored; what it says is not lost.
        stay.model.release()
        await drawn.until_text(stream, "Some words.")
        postgres.start_again()
        await drawn.until_ended(stream)
    assert drawn.shown() == [("visitor", "Before", "done"), ("agent", "Some words.", "done")]

    async def taken() -> bool:
        return (await vera.say("Meanwhile", message_id="m2")).status == 202

    await eventually(taken)
    history = await vera.settled()
    assert [text for role, text in history if role == "user"] == ["Before", "Meanwhile"]
    assert len(await stay.keeper.messages(stay.link)) == 4


@pytest.mark.long
async def test_postgres_dies_again_and_again_while_people_write(
    stay: Visit, badly_treated: tuple[Postgres, Redis]
) -> None:
    """CRH-04, O4: whatever was acknowledged is there once, whatever was not may be sent again."""
    postgres, _ = badly_treated
    stay.model.plays(plays.reply("Fine."))
    leaving = asyncio.Event()
    people = [stay.visitor() for _ in range(3)]
    said: list[list[str]] = [[] for _ in people]

    async def write(number: int) -> None:
        person = people[number]
        person.faulty = True
        start = (await person.page()).text.partition('name="start" value="')[2].partition('"')[0]
        while not leaving.is_set():
            text = f"{number}-{len(said[number])}"
            while (await person.say(text, message_id=text, start=start)).status != 202:
                await asyncio.sleep(0.05)
            said[number].append(text)

    writing = [asyncio.create_task(write(number)) for number in range(3)]
    for _ in range(3):
        await asyncio.sleep(0.3)
        await asyncio.to_thread(postgres.crash)
        postgres.start_again()
    await asyncio.sleep(0.3)
    leaving.set()
    await asyncio.gather(*writing)
    for person, texts in zip(people, said, strict=True):
        history = await person.settled(within=60)
        told = [text for role, text in history if role == "user"]
        assert told == texts[-len(told) :]
    stored = await stay.keeper.messages(stay.link)
    assert sorted(m.text for m in stored if m.seq % 2) == sorted(
        text for texts in said for text in texts
    )
    assert {m.state for m in stored} <= {"done", "interrupted", "failed"}


async def test_postgres_is_silent(stay: Visit, badly_treated: tuple[Postgres, Redis]) -> None:
    """CRH-05: no answer and no error either: nobody waits for ever, the loop stays free."""
    postgres, _ = badly_treated
    stay.model.plays(plays.reply("Fine."))
    vera = stay.visitor()
    vera.faulty = True
    await vera.say("Before")
    await vera.settled()
    frozen = _family(postgres.program.pid)
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        page = asyncio.create_task(vera.page())
        health = await vera.ask("GET", "/healthz")
        assert health.status == 200
        assert not page.done(), "who needs the database waits, and nobody else"
        assert (await page).status == 503
        assert time.monotonic() - began < 30
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)

    async def back() -> bool:
        return (await vera.say("After", message_id="m2")).status == 202

    await eventually(back)
    history = await vera.settled()
    assert [text for role, text in history if role == "user"] == ["Before", "After"]


def _family(pid: int) -> list[int]:
    """A process and all that it started, children first."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [each for child in children for each in _family(int(child))] + [pid]


async def test_redis_dies_in_the_middle_of_a_reply(
    stay: Visit, badly_treated: tuple[Postgres, Redis]
) -> None:
    """CRH-08, promise 16: the viewer misses nothing, messages are taken, it comes back alone."""
    _, redis = badly_treated
    stay.model.plays(plays.paused("Some", " words."), plays.reply("Fine."))
    vera = stay.visitor()
    await vera.say("Before")
    drawn = Drawn()
    async with vera.live() as stream:
        await drawn.until_text(stream, "Some")
        redis.crash()
        assert (await vera.say("Meanwhile")).status == 202
        stay.model.release()
        while len(drawn.shown()) < 4 or not drawn.ended:
            drawn.take(await stream.next())
        assert [text for _, text, _ in drawn.shown()] == [
            "Before",
            "Some words.",
            "Meanwhile",
            "Fine.",
        ]
        redis.start_again()
        assert (await vera.say("After")).status == 202
        while len(drawn.shown()) < 6 or not drawn.ended:
            drawn.take(await stream.next())


async def test_two_servers_share_a_conversation(
    stay: Visit, tmp_path: Path, nursery: Nursery
) -> None:
    """STR-02: said at one server, followed and stopped at the other."""
    other = Server(stay.server.storage, tmp_path, nursery, **QUICK).start()
    stay.model.plays(plays.paused("Some", " words."), plays.hang_after("Half"))
    vera = stay.visitor()
    await vera.say("Hello?")
    far = stay.visitor()
    far.url, far.cookies = other.url, vera.cookies
    drawn = Drawn()
    async with far.live() as stream:
        await drawn.until_text(stream, "Some")
        stay.model.release()
        await drawn.until_ended(stream)
    assert drawn.shown()[-1] == ("agent", "Some words.", "done")
    await vera.say("Again")
    async with far.live(after=drawn.after) as stream:
        await drawn.until_text(stream, "Half")
        assert (await far.call("stop")).json == {"stopped": True}
        await drawn.until_ended(stream)
    assert drawn.shown()[-1] == ("agent", "Half", "stopped")
    other.close()


async def test_two_servers_let_in_exactly_so_many(
    stay: Visit, badly_treated: tuple[Postgres, Redis], tmp_path: Path, nursery: Nursery
) -> None:
    """USE-02, USE-13: first messages at both at once, with Redis and without."""
    _, redis = badly_treated
    other = Server(stay.server.storage, tmp_path, nursery, **QUICK).start()
    stay.model.plays(plays.reply("Fine."))
    for name in ("with Redis", "without"):
        link = await stay.another_link(kind=Kind.PRIVATE, name=name, max_uses=10)
        people = [stay.visitor(link) for _ in range(60)]
        for person in people[::2]:
            person.url = other.url
        said = await asyncio.gather(*(person.say("Hello?") for person in people))
        assert [each.status for each in said].count(202) == 10
        assert {each.code for each in said if each.status != 202} == {"used_up"}
        assert await stay.keeper.uses(link) == 10
        if name == "with Redis":
            redis.crash()
    redis.start_again()
    other.close()
