"""A reply has an end, whatever its backend does."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from parlour.agents.contract import Part, Status, Text
from parlour.agents.pouring import pour
from parlour.chat.writing import Writing
from parlour.conversations.model import Turn, TurnState
from parlour.kit.bus import MemoryBus
from parlour.kit.clock import SystemClock
from tests.rig.waiting import PATIENCE

LONGEST = 5_000


class Endless:
    """Yields the same part for ever and never waits for anything."""

    repeatable = False

    def __init__(self, part: Part) -> None:
        self.part = part
        self.closed = False

    async def answer(self, _question: Any) -> AsyncIterator[Part]:
        try:
            while True:
                yield self.part
        finally:
            self.closed = True


@pytest.mark.parametrize("part", [Text("x" * 7), Status("Still at it")])
async def test_an_endless_answer_ends_and_others_get_their_turn(part: Part) -> None:
    turn = Turn("trn_1", "cnv_1", "agt_1", 1, 1, 2, TurnState.RUNNING, 1, None)
    writing = Writing(turn, MemoryBus().begin_log("trn_1:1"), LONGEST, SystemClock())
    backend = Endless(part)
    consuming = asyncio.create_task(pour(backend, cast("Any", None), writing.take))
    await asyncio.wait_for(consuming, PATIENCE)
    assert backend.closed
    assert writing.offset == (LONGEST if isinstance(part, Text) else 0)
