"""A viewer's stream stays alive: on the event loop that serves it, not only on a patient one."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
import uvloop

from parlour.chat import following, live, viewing
from parlour.conversations.model import Cursor
from parlour.kit.bus import MemoryBus

BEATS = 150


async def _read(_unit: Any, *_args: Any) -> Any:
    return following.Found([], 0, closed=False)


async def _beats(wanted: int) -> int:
    tools = cast("Any", SimpleNamespace(bus=MemoryBus(), db=SimpleNamespace(read=_read)))
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
