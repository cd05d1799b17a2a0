"""The bus: the same promises in memory, through Redis in one process, and between two."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

import pytest

from parlour.kit.bus import MISSED, Bus, LiveLog, MemoryBus
from parlour.kit.bus.redis import RedisBus
from tests.rig.services import Redis
from tests.rig.storage import look_around
from tests.rig.waiting import PATIENCE, eventually, last_mark
from tests.rooms.ground.conftest import until

NO_REDIS = pytest.mark.skipif("redis-server" in look_around().missing, reason="not here: redis")


@dataclass
class Two:
    """Where replies are written, and where they are followed: one process or two."""

    writer: Bus
    reader: Bus


@pytest.fixture(
    params=[
        "memory",
        pytest.param("redis", marks=NO_REDIS),
        pytest.param("two processes", marks=NO_REDIS),
    ]
)
async def two(request: pytest.FixtureRequest) -> AsyncIterator[Two]:
    buses: list[Bus]
    if request.param == "memory":
        buses = [MemoryBus()] * 2
    else:
        server: Redis = request.getfixturevalue("redis")
        url = server.fresh()
        writer = RedisBus(url)
        buses = [writer, writer if request.param == "redis" else RedisBus(url)]
    for bus in set(buses):
        await bus.start()
    await eventually(lambda: all(bus.healthy for bus in buses))
    yield Two(*buses)
    for bus in set(buses):
        await bus.close()


async def opened(bus: Bus, key: str) -> LiveLog:
    async def look() -> LiveLog | None:
        return await bus.open_log(key)

    log = await until(look)
    assert log is not None
    return log


async def followed(log: LiveLog, position: int = 0) -> bytes:
    """Read a log to its end, as a viewer does."""
    wake, pieces = asyncio.Event(), list[bytes]()
    log.watch(wake.set)
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                wake.clear()
                ended = log.ended
                piece, position = log.read(position)
                pieces.append(piece)
                if ended:
                    return b"".join(pieces)
                if not piece:
                    await wake.wait()
    finally:
        log.unwatch(wake.set)


def entry(n: int) -> bytes:
    return b"data: %d \xf0\x9f\xa6\x8a\r\n\n\x00" % n


async def test_a_follower_reads_what_was_written_byte_for_byte(two: Two) -> None:
    """STR-12."""
    log = two.writer.begin_log("t:1")
    reading = asyncio.create_task(followed(await opened(two.reader, "t:1")))
    for n in range(500):
        log.append(n, entry(n))
        if n % 7 == 0:
            await asyncio.sleep(0)
    log.end()
    assert await reading == b"".join(map(entry, range(500)))


async def test_cut_after_every_entry_and_resumed_nothing_is_lost_or_told_twice(two: Two) -> None:
    """STR-01, STR-02: for every place at which a connection may break."""
    log = two.writer.begin_log("t:1")
    mirror = await opened(two.reader, "t:1")
    whole = b"".join(map(entry, range(1, 101)))
    resumed: list[asyncio.Task[bytes]] = []
    heads: list[bytes] = []

    async def cut_and_resume(k: int) -> bytes:
        """A viewer that has entries up to mark k comes back, by its mark as by its position."""
        again = await opened(two.reader, "t:1")
        assert again.position_after(k) == k
        return await followed(again, again.position_after(k))

    for n in range(1, 101):
        log.append(n, entry(n))
        await eventually(partial(_at, mirror, n))
        head, position = mirror.read(0)
        assert position == n
        heads.append(head)
        resumed.append(asyncio.create_task(cut_and_resume(n)))
        await asyncio.sleep(0)
    log.end()
    tails = await asyncio.gather(*resumed)
    for head, tail in zip(heads, tails, strict=True):
        assert head + tail == whole


async def test_whoever_comes_late_gets_all_of_it(two: Two) -> None:
    log = two.writer.begin_log("t:1")
    for n in range(50):
        log.append(n, entry(n))
    assert await two.writer.open_log("t:1") is log
    late = await opened(two.reader, "t:1")
    await eventually(lambda: last_mark(late) == 49)
    log.end()
    assert await followed(late) == b"".join(map(entry, range(50)))
    # And after the end, still.
    assert await followed(await opened(two.reader, "t:1")) == b"".join(map(entry, range(50)))


async def test_nobody_knows_a_log_that_was_never_begun(two: Two) -> None:
    assert await two.reader.open_log("t:none") is None
    # Asking too early does not hide what begins later.
    log = two.writer.begin_log("t:none")
    log.append(1, b"there")
    log.end()
    assert await followed(await opened(two.reader, "t:none")) == b"there"


async def test_a_hint_given_after_a_log_began_finds_the_log(two: Two) -> None:
    wake = asyncio.Event()
    with two.reader.subscribe("conversation:1", wake.set) as changes:
        await ready(two)
        changes.take()
        wake.clear()
        for n in range(20):
            log = two.writer.begin_log(f"t:{n}")
            log.append(1, b"x")
            two.writer.publish("conversation:1", str(n))
            while str(n) not in changes.take():
                await asyncio.wait_for(wake.wait(), PATIENCE)
                wake.clear()
            assert await two.reader.open_log(f"t:{n}") is not None


async def test_many_followers_at_their_own_pace(two: Two) -> None:
    """CON-07: 200 viewers of one reply, some of them slow, all told the same."""
    log = two.writer.begin_log("t:1")
    dice = random.Random(7)

    async def follow(slow: bool) -> bytes:
        mirror, position, pieces = await opened(two.reader, "t:1"), 0, list[bytes]()
        while not (mirror.ended and position == mirror.length):
            await asyncio.sleep(0.05 if slow else 0.001)
            piece, position = mirror.read(position)
            pieces.append(piece)
        return b"".join(pieces)

    following = [asyncio.create_task(follow(dice.random() < 0.3)) for _ in range(200)]
    for n in range(300):
        log.append(n, entry(n))
        if n % 10 == 0:
            await asyncio.sleep(0.002)
    log.end()
    whole = b"".join(map(entry, range(300)))
    assert set(await asyncio.gather(*following)) == {whole}


async def test_a_log_whose_writer_begins_again_is_ended(two: Two) -> None:
    first = two.writer.begin_log("t:1")
    second = two.writer.begin_log("t:1")
    assert first.ended
    assert not second.ended
    assert await two.writer.open_log("t:1") is second


def _at(log: LiveLog, mark: int) -> bool:
    return last_mark(log) == mark


async def ready(two: Two) -> None:
    """Wait until hints pass from the writer to the reader."""
    with two.reader.subscribe("ready", lambda: None) as notes:

        def through() -> bool:
            two.writer.publish("ready", "?")
            return "?" in notes.take()

        await eventually(through)


async def test_hints_reach_who_subscribed_and_nobody_else(two: Two) -> None:
    seen: list[list[str]] = []
    wake = asyncio.Event()
    with (
        two.reader.subscribe("a", wake.set) as mine,
        two.reader.subscribe("b", lambda: None) as other,
    ):
        await ready(two)
        mine.take()
        other.take()
        wake.clear()
        two.writer.publish("a", "one")
        two.writer.publish("a", "one")
        two.writer.publish("a", "two with spaces")
        while sum(map(len, seen)) < 2:
            await asyncio.wait_for(wake.wait(), PATIENCE)
            wake.clear()
            seen.append(mine.take())
        assert [note for notes in seen for note in notes] == ["one", "two with spaces"]
        assert other.take() == []


async def test_a_hint_for_here_goes_nowhere_else(two: Two) -> None:
    wake = asyncio.Event()
    with (
        two.reader.subscribe("a", wake.set) as there,
        two.writer.subscribe("a", lambda: None) as here,
    ):
        await ready(two)
        there.take()
        here.take()
        wake.clear()
        two.writer.publish_here("a", "here")
        assert here.take() == ["here"]
        alone = two.reader is two.writer
        assert there.take() == (["here"] if alone else [])
        wake.clear()
        two.writer.publish("a", "everywhere")
        await asyncio.wait_for(wake.wait(), PATIENCE)
        assert there.take() == ["everywhere"], "and nothing that was on its way before it"


async def test_who_left_hears_nothing(two: Two) -> None:
    heard: list[int] = []
    left = two.reader.subscribe("a", lambda: heard.append(1))
    left.close()
    left.close()
    two.writer.publish("a", "note")
    await ready(two)
    assert left.take() == []
    assert heard == []


async def test_a_flood_of_hints_becomes_one_to_read_again(two: Two) -> None:
    woken: list[int] = []
    with two.reader.subscribe("a", lambda: woken.append(1)) as notes:
        await ready(two)
        notes.take()
        woken.clear()
        for n in range(1000):
            two.writer.publish("a", str(n))
        await eventually(lambda: MISSED in notes._notes)
        await ready(two)
        assert notes.take() == [MISSED]
        assert len(notes._notes) == 0
        assert woken


async def test_leaving_and_joining_again_at_once_hears_what_follows(two: Two) -> None:
    for n in range(30):
        with two.reader.subscribe("a", lambda: None):
            pass
        wake = asyncio.Event()
        with two.reader.subscribe("a", wake.set) as notes:
            await asyncio.sleep(random.random() / 200)
            two.writer.publish("a", str(n))
            # Either the hint itself, or word that hints may have been missed.
            got: list[str] = []
            while str(n) not in got and MISSED not in got:
                await asyncio.wait_for(wake.wait(), PATIENCE)
                wake.clear()
                got += notes.take()


async def test_followers_that_are_cancelled_disturb_nobody(two: Two) -> None:
    """A cancelled question must never leave its answer to somebody else."""
    logs = {f"t:{n}": two.writer.begin_log(f"t:{n}") for n in range(20)}
    for key, log in logs.items():
        log.append(1, key.encode())
        log.end()
    dice = random.Random(11)

    async def ask(key: str) -> None:
        found = await two.reader.open_log(key)
        if found is not None:
            text, _ = found.read(0)
            assert text in {b"", key.encode()}

    for _ in range(15):
        asking = [asyncio.create_task(ask(key)) for key in logs for _ in range(3)]
        await asyncio.sleep(dice.random() / 500)
        for task in dice.sample(asking, 30):
            task.cancel()
        for end in await asyncio.gather(*asking, return_exceptions=True):
            assert end is None or isinstance(end, asyncio.CancelledError)
    for key in logs:
        assert await followed(await opened(two.reader, key)) == key.encode()
