"""An agent of documents is killed in the middle of its answers: they are given after the start."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from tests.rig.model import FakeModel
from tests.rig.server import Server
from tests.rig.visiting import check_unbroken, visiting
from tests.rig.visitor import Visitor
from tests.rig.waiting import eventually

pytestmark = pytest.mark.faults

ROUNDS = 6
MOST = 60
"""Rounds at most until an answer was cut: how long one takes, the machine decides."""
VISITORS = 8
ASKED = "How many days of leave are there?"


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    folder = tmp_path / "handbook"
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\nEverybody has 30 days of leave a year.\n")
    for n in range(60):
        (folder / f"page{n}.md").write_text(f"# Rule {n}\n\nShelf {n} is for boxes of size {n}.\n")
    return folder


@pytest.mark.long
async def test_killed_in_mid_answer_it_answers_after_the_start(
    own_server: Callable[..., Server],
    handbook: Path,
    model: FakeModel,
    http: aiohttp.ClientSession,
) -> None:
    """CRH-01, O4, O5: asking again is free here, so nothing is marked interrupted or lost."""
    server = own_server()
    await asyncio.to_thread(server.make_documents_agent, "handbook", handbook)
    link = await asyncio.to_thread(server.make_link, "handbook")
    async with visiting(server, model, http) as visit:
        epochs: list[int] = []
        n = 0
        while n < ROUNDS or (max(epochs) == 1 and n < MOST):
            people = [visit.visitor(link) for _ in range(VISITORS)]
            said = await asyncio.gather(*(each.say(ASKED) for each in people))
            assert {answer.status for answer in said} == {202}
            await asyncio.sleep(0.004 * (n % 15))
            server.kill9()
            await asyncio.to_thread(server.start)
            for each in people:
                await check_answered(each)
            turns = await visit.keeper.turns(link)
            assert {turn.state for turn in turns} == {"done"}
            epochs += [turn.epoch for turn in turns]
            n += 1
        assert max(epochs) > 1, "no answer was ever cut"
        assert len(await visit.keeper.turns(link)) == n * VISITORS
    check_unbroken(server.output)


async def check_answered(person: Visitor) -> None:
    """There is one question and one whole answer, with its source."""

    async def answered() -> bool:
        return len(await person.history()) == 2

    await eventually(answered, within=60)
    (_, question), (_, answer) = await person.history()
    assert question == ASKED
    assert "30 days" in answer
    page = await person.page()
    assert "leave.md" in page.text
