"""What the bus holds in memory, and for how long."""

import asyncio
import gc
import weakref

from parlour.kit.bus import MISSED, LiveLog, MemoryBus
from tests.rig.waiting import eventually, last_mark


async def test_an_ended_log_stays_a_while_and_goes() -> None:
    bus = MemoryBus(keep=0.1)
    log = bus.begin_log("t:1")
    log.append(1, b"x")
    log.end()
    gone = weakref.ref(log)
    del log
    gc.collect()
    assert await bus.open_log("t:1") is not None
    await eventually(lambda: gone() is None)
    assert await bus.open_log("t:1") is None


async def test_a_log_whose_writer_vanished_goes_with_it() -> None:
    bus = MemoryBus()
    log = bus.begin_log("t:1")
    log.watch(log.end)
    gone = weakref.ref(log)
    del log
    gc.collect()
    assert gone() is None
    assert await bus.open_log("t:1") is None


def test_a_log_is_read_by_position_and_resumed_by_mark() -> None:
    log = LiveLog("t:1")
    assert (log.read(0), last_mark(log), log.position_after(9)) == ((b"", 0), 0, 0)
    for mark, text in ((3, b"abc"), (3, b"(status)"), (5, b"de")):
        log.append(mark, text)
    assert log.read(0) == (b"abc(status)de", 3)
    assert log.read(2) == (b"de", 3)
    assert log.read(3) == (b"", 3)
    assert log.read(99) == (b"", 3)
    # After mark 3 comes what belongs to neither an earlier place nor to it.
    assert [log.position_after(mark) for mark in (0, 2, 3, 4, 5, 6)] == [0, 0, 2, 2, 3, 3]


def test_every_watcher_is_woken_and_may_leave_while_being_woken() -> None:
    log, woken = LiveLog("t:1"), list[str]()

    def once() -> None:
        woken.append("once")
        log.unwatch(once)

    def always() -> None:
        woken.append("always")

    log.watch(once)
    log.watch(always)
    log.append(1, b"x")
    log.append(2, b"y")
    log.end()
    log.end()
    log.unwatch(once)
    assert woken == ["once", "always", "always", "always"]


async def test_a_subscriber_is_woken_whether_it_takes_or_not() -> None:
    bus, woken = MemoryBus(), list[int]()
    with bus.subscribe("a", lambda: woken.append(1)) as notes:
        bus.publish("a", "x")
        bus.publish("a", "y")
        bus.publish("a", "y")
        assert woken == [1, 1, 1]
        assert notes.take() == ["x", "y"]
        bus.publish("a", "x")
        assert notes.take() == ["x"]
        for n in range(64):
            bus.publish("a", str(n))
        assert len(notes.take()) == 64
        for n in range(65):
            bus.publish("a", str(n))
        assert notes.take() == [MISSED]
        bus.publish("a", "z")
        assert notes.take() == ["z"]


async def test_who_subscribes_while_being_woken_is_not_told_the_same_hint() -> None:
    bus = MemoryBus()
    late = []
    with bus.subscribe("a", lambda: late.append(bus.subscribe("a", lambda: None))):
        bus.publish("a", "x")
        assert [each.take() for each in late] == [[]]
    assert len(late) == 1
    await asyncio.sleep(0)
