"""The bus when Redis is killed, frozen, emptied, or was never there."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from parlour.kit.bus import MISSED, LiveLog
from parlour.kit.bus.redis import RedisBus
from tests.rig.services import Redis
from tests.rig.storage import look_around
from tests.rig.waiting import PATIENCE, eventually, last_mark

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif("redis-server" in look_around().missing, reason="not here: redis"),
]


@pytest.fixture
def server() -> Iterator[Redis]:
    own = Redis()
    yield own
    own.close()


@pytest.fixture
async def buses(server: Redis) -> AsyncIterator[list[RedisBus]]:
    pair = [RedisBus(server.url), RedisBus(server.url)]
    for bus in pair:
        await bus.start()
    await eventually(lambda: all(bus.healthy for bus in pair))
    yield pair
    for bus in pair:
        await bus.close()


async def opened(bus: RedisBus, key: str) -> LiveLog:
    log: LiveLog | None = None
    async with asyncio.timeout(PATIENCE):
        while log is None:
            log = await bus.open_log(key)
            await asyncio.sleep(0.01)
    return log


async def test_a_reply_goes_on_over_a_crash_of_redis(server: Redis, buses: list[RedisBus]) -> None:
    """Killed in mid-stream and started empty: here nothing is noticed, there it is made up for."""
    writer, reader = buses
    log = writer.begin_log("t:1")
    mirror, local = await opened(reader, "t:1"), list[int]()
    log.watch(lambda: local.append(1))
    with reader.subscribe("conversation:1", lambda: None) as hints:
        for n in range(100):
            log.append(n, b"<%d>" % n)
            if n == 30:
                await eventually(lambda: last_mark(mirror) >= 20)
                await asyncio.to_thread(server.crash)
                hints.take()
            if n == 60:
                await eventually(lambda: not writer.healthy and not reader.healthy)
                assert await writer.open_log("t:1") is log
                assert await reader.open_log("t:1") is None  # go by the database
                writer.publish("conversation:1", "while it was away")
            if n == 80:
                server.start_again()  # on this thread: the server dies with the one that started it
            await asyncio.sleep(0.002)
        assert len(local) == 100
        # Pauses between attempts grow to seconds, and so do attempts on a busy machine.
        await eventually(lambda: writer.healthy and reader.healthy)
        log.end()
        await eventually(lambda: mirror.ended)
        whole = b"".join(b"<%d>" % n for n in range(100))
        assert mirror.read(0)[0] == whole
        assert (await opened(reader, "t:1")).read(0)[0] == whole
        # Whoever subscribed knows that something may have been missed, and hears what follows.
        heard: list[str] = []

        def told() -> bool:
            heard.extend(hints.take())
            return MISSED in heard

        await eventually(told)
        writer.publish("conversation:1", "after")

        def told_after() -> bool:
            heard.extend(hints.take())
            return "after" in heard

        await eventually(told_after)


async def test_what_ended_while_redis_was_away_ends_elsewhere_too(
    server: Redis, buses: list[RedisBus]
) -> None:
    writer, reader = buses
    log = writer.begin_log("t:1")
    log.append(1, b"before")
    mirror = await opened(reader, "t:1")
    await asyncio.to_thread(server.crash)
    log.append(2, b", after")
    log.end()
    server.start_again()  # on this thread: the server dies with the one that started it
    await eventually(lambda: mirror.ended)
    assert mirror.read(0)[0] == b"before, after"


async def test_a_cut_connection_is_mended_and_nothing_is_told_twice(
    server: Redis, buses: list[RedisBus]
) -> None:
    import redis

    writer, reader = buses
    log = writer.begin_log("t:1")
    mirror = await opened(reader, "t:1")
    with redis.Redis.from_url(server.url) as admin:
        for n in range(300):
            log.append(n, b"<%d>" % n)
            if n % 60 == 30:
                await asyncio.to_thread(admin.client_kill_filter, _type="normal", skipme=True)
            if n % 60 == 59:
                await asyncio.to_thread(admin.client_kill_filter, _type="pubsub", skipme=True)
            await asyncio.sleep(0.004)
    log.end()
    await eventually(lambda: mirror.ended)
    assert mirror.read(0)[0] == b"".join(b"<%d>" % n for n in range(300))


async def test_a_stream_that_vanished_is_no_harm(server: Redis, buses: list[RedisBus]) -> None:
    """Evicted or flushed under a living connection: who follows goes on, who comes late waits."""
    writer, reader = buses
    log = writer.begin_log("t:1")
    log.append(1, b"one ")
    mirror = await opened(reader, "t:1")
    await eventually(lambda: last_mark(mirror) == 1)
    await asyncio.to_thread(server.empty)
    log.append(2, b"two ")
    await eventually(lambda: last_mark(mirror) == 2)
    late = RedisBus(server.url)
    await late.start()
    await eventually(lambda: late.healthy)
    incomplete = await opened(late, "t:1")
    assert incomplete.read(0)[0] == b""  # never a piece out of the middle
    await late.close()


async def test_a_frozen_redis_holds_up_nobody(server: Redis, buses: list[RedisBus]) -> None:
    writer, reader = buses
    log = writer.begin_log("t:1")
    await opened(reader, "t:1")
    os.kill(server.program.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        for n in range(10_000):
            log.append(n, b"x")
            writer.publish("a", str(n))
        assert await writer.open_log("t:1") is log
        assert time.monotonic() - began < 30
        # Who asks for a log elsewhere is answered after a moment.
        began = time.monotonic()
        assert await reader.open_log("t:other") is None
        assert time.monotonic() - began < 30
        await eventually(lambda: not writer.healthy)
    finally:
        os.kill(server.program.pid, signal.SIGCONT)
    await eventually(lambda: writer.healthy and reader.healthy)
    mirror = await opened(reader, "t:1")
    await eventually(lambda: mirror.length == 10_000)


async def test_hints_beyond_what_is_kept_become_one_to_read_again(
    server: Redis, buses: list[RedisBus]
) -> None:
    writer, reader = buses
    heard: list[str] = []
    with reader.subscribe("quiet", lambda: None) as hints:
        await eventually(lambda: hints.take() == [MISSED])
        os.kill(server.program.pid, signal.SIGSTOP)
        for n in range(5000):
            writer.publish(f"topic {n}", "x")
        os.kill(server.program.pid, signal.SIGCONT)

        def told() -> bool:
            heard.extend(hints.take())
            return MISSED in heard

        await eventually(told)


async def test_a_bus_starts_without_redis_and_finds_it_later(server: Redis) -> None:
    server.crash()
    bus = RedisBus(server.url)
    await asyncio.wait_for(bus.start(), PATIENCE)
    assert not bus.healthy
    with bus.subscribe("a", lambda: None) as notes:
        bus.publish("a", "here")
        assert notes.take() == ["here"]
        server.start_again()
        await eventually(lambda: bus.healthy)
        await eventually(lambda: notes.take() == [MISSED])
    await asyncio.wait_for(bus.close(), PATIENCE)


async def test_a_redis_that_takes_no_writes_is_reported(
    server: Redis, buses: list[RedisBus]
) -> None:
    import redis

    writer, _ = buses
    with redis.Redis.from_url(server.url) as admin:
        admin.config_set("maxmemory", "1")
        log = writer.begin_log("t:1")
        log.append(1, b"x")
        await eventually(lambda: not writer.healthy)
        admin.config_set("maxmemory", "0")
    reader = buses[1]
    mirror = await opened(reader, "t:1")
    await eventually(lambda: last_mark(mirror) == 1)
