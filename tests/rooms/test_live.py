"""A viewer's stream stays alive, and tells a growing reply in its order however it is sent."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
import uvloop

from parlour.chat import live, rereading, viewing, wire
from parlour.conversations.model import Cursor, State
from parlour.kit.bus import MemoryBus
from parlour.kit.clock import SystemClock
from parlour.transcripts import Shown
from tests.rig.waiting import PATIENCE

BEATS = 150


async def _read(_unit: Any, *_args: Any) -> Any:
    return [rereading.Found([], 0, closed=False)]


async def _beats(wanted: int) -> int:
    db = SimpleNamespace(read=_read)
    tools = cast("Any", SimpleNamespace(bus=MemoryBus(), db=db, clock=SystemClock()))
    view = live.View(
        conversation_id="cnv_1", cursor=Cursor(), present=lambda _: {}, judge=lambda _: None
    )
    counted = 0
    async for chunk in live.Live(tools).follow(view):
        counted += chunk == viewing.BEAT
        if counted == wanted:
            break
    return counted


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_silent_stream_gives_signs_of_life_for_ever(
    loop: Callable[[], asyncio.AbstractEventLoop], monkeypatch: pytest.MonkeyPatch
) -> None:
    """STR-10: a timer that fires a hair before the clock says so must not be the last one."""
    monkeypatch.setattr(viewing, "HEARTBEAT", 0.004)
    with asyncio.Runner(loop_factory=loop) as runner:
        within: Awaitable[int] = asyncio.wait_for(_beats(BEATS), 20)
        assert runner.run(cast("Any", within)) == BEATS


def test_a_stream_ends_by_itself_after_its_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewing, "HEARTBEAT", 0.004)
    monkeypatch.setattr(viewing, "LIFE", 0.1)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        counted = runner.run(cast("Any", asyncio.wait_for(_beats(10_000), 20)))
    assert 0 < counted < 100


def _reply(text: str, state: State) -> Shown:
    given = ("msg_1", 2, "agent", "Ada", text, state, 0, "trn_1", 1)
    return Shown(*given, citations=(), problem=None, replaces=None)


@pytest.mark.parametrize("every", [1, 2, 3])
async def test_pieces_sent_at_once_and_pieces_that_wait_are_told_in_order(every: int) -> None:
    """STR-02: whoever sends every so many pieces at once tells the whole reply, each piece once."""
    bus, told, direct = MemoryBus(), bytearray(), 0
    log = bus.begin_log(wire.log_key("trn_1", 1))
    found = rereading.Found([_reply("", State.WRITING)], 2, closed=False)

    async def read(*_given: Any) -> Any:
        return [found]

    def at_once(piece: bytes) -> bool:
        nonlocal direct
        direct += 1
        if direct % every == 0:
            told.extend(piece)
        return direct % every == 0

    async def look() -> None:
        async for chunk in live.Live(tools).follow(view, at_once):
            told.extend(chunk)

    tools = cast(
        "Any", SimpleNamespace(bus=bus, db=SimpleNamespace(read=read), clock=SystemClock())
    )
    view = live.View(
        conversation_id="cnv_1",
        cursor=Cursor(),
        present=lambda shown: {"text": shown.text},
        judge=lambda _: None,
        until_seq=2,
    )
    looking = asyncio.create_task(look())
    pieces = [wire.delta("trn_1", 2, 1, at, str(at % 10)) for at in range(60)]
    for at, piece in enumerate(pieces):
        for _ in range(at % 4):  # sometimes it sleeps again before the next one, sometimes not
            await asyncio.sleep(0)
        log.append(at + 1, piece)
    found = rereading.Found([_reply("over", State.DONE)], 2, closed=False)
    log.end()
    await asyncio.wait_for(looking, PATIENCE)
    deltas = [each + b"\n\n" for each in bytes(told).split(b"\n\n") if b"event: delta" in each]
    assert deltas == pieces
    assert direct
    assert bytes(told).rstrip().endswith(b'"text":"over"}}')
