"""A model that hangs, breaks, lies or raves ends in one clear message, and frees its slot."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import aiohttp
import pytest

from parlour.links.rules import Kind
from tests.rig import plays
from tests.rig.model import FakeModel
from tests.rig.nursery import Nursery
from tests.rig.processes import free_port
from tests.rig.server import Link, Server
from tests.rig.storage import Storage
from tests.rig.visiting import QUICK, Visit, check_unbroken, visiting
from tests.rig.visitor import Drawn
from tests.rig.waiting import eventually

pytestmark = pytest.mark.faults

HASTE = {
    # Long enough for a model that answers on a busy machine; six times somebody waits for one.
    "PARLOUR_FIRST_BYTE_TIMEOUT": "4",
    "PARLOUR_SILENCE_TIMEOUT": "4",
    "PARLOUR_REPLY_TIMEOUT": "30",
    "PARLOUR_MAX_REPLY_CHARS": "2000",
}
CANARY = "vendor-canary-4711"
GARBAGE = f'{{"error": {{"message": "{CANARY}", "type": "x"}}}}'.encode()
HTML = f"<!doctype html><title>{CANARY}</title>".encode()

FAULTS: dict[str, tuple[plays.Play, str, str]] = {
    # what happens: the play, what is kept of the reply, the problem's code
    "hangs before the header": (plays.hang_before_header(), "", "timeout"),
    "hangs after the header": (plays.hang_after(""), "", "timeout"),
    "hangs in the middle": (plays.hang_after("Half of it"), "Half of it", "timeout"),
    "is cut before the header": (plays.not_http(), "", ""),
    "is cut at once": (plays.reset_after(""), "", ""),
    "is cut in the middle": (plays.reset_after("Half of it"), "Half of it", ""),
    "ends in the middle of an event": (plays.truncated("Half of it"), "Half of it", ""),
    "500": (plays.answer(500, GARBAGE), "", ""),
    "502 page": (plays.answer(502, HTML, Content_Type="text/html"), "", ""),
    "429": (plays.answer(429, GARBAGE, Retry_After="60"), "", "rate_limited"),
    "401": (plays.answer(401, GARBAGE), "", ""),
    "404": (plays.answer(404, GARBAGE), "", ""),
    "a redirect": (plays.redirect("http://127.0.0.1:1/elsewhere"), "", ""),
    "a page": (plays.answer(200, HTML, Content_Type="text/html"), "", ""),
    "garbage": (plays.garbage(), "", ""),
    "an error within 200": (plays.answer(200, GARBAGE), "", ""),
    "nothing": (plays.reply(""), "", ""),
    "one endless line": (plays.huge_line(8 << 20), "", ""),
    "a bomb": (plays.gzip_bomb(64 << 20), "", ""),
}


@pytest.fixture(scope="module")
def hasty(
    engine: str, make_storage: Callable[[str], Storage], nursery: Nursery
) -> Iterator[Server]:
    """A server with short deadlines, for all of these tests."""
    storage = make_storage(engine)
    server = Server(storage, storage.data_dir.parent, nursery, **QUICK, **HASTE)
    yield server.start()
    server.close()
    check_unbroken(server.output)


@pytest.fixture
async def stay(
    hasty: Server, model: FakeModel, http: aiohttp.ClientSession
) -> AsyncIterator[Visit]:
    async with visiting(hasty, model, http) as made:
        yield made


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_ends_in_one_clear_message(stay: Visit, fault: str) -> None:
    """CRH-09..11: one end, what came is kept, nothing of the vendor's is told, a retry works."""
    play, kept, code = FAULTS[fault]
    stay.model.plays(play)
    vera = stay.visitor()
    began = time.monotonic()
    await vera.say("Hello?")
    drawn = Drawn()
    async with vera.live() as stream:
        await drawn.until_ended(stream)
    assert time.monotonic() - began < 30
    assert drawn.shown()[1] == ("agent", kept, "failed")
    problem = drawn.messages[2]["problem"]
    assert problem["title"]
    assert problem["detail"]
    assert not code or problem["code"] == code
    for told in (str(stream.seen), (await vera.page()).text, str(await vera.history())):
        assert CANARY not in told
        # Any five digits stand in some id or moment; an address has a colon before them.
        assert f":{stay.model.port}" not in told
    await eventually(lambda: stay.model.open_connections == 0)
    await check_retry(stay, vera)


async def check_retry(stay: Visit, vera: Any, link: Link | None = None) -> None:
    stay.model.plays(plays.reply("All of it."))
    assert (await vera.call("retry")).status == 202
    assert await vera.settled() == [("user", "Hello?"), ("assistant", "All of it.")]
    states = [turn.state for turn in await stay.keeper.turns(link or stay.link)]
    assert states == ["failed", "done"]


@pytest.mark.long
async def test_a_program_is_told_by_its_status(stay: Visit) -> None:
    """502 when no answer came, 504 when it came too late; the question is kept."""
    vera = stay.visitor()
    vera.faulty = True
    for play, status, code in (
        (plays.answer(500, GARBAGE), 502, "no_answer"),
        (plays.hang_before_header(), 504, "timeout"),
    ):
        stay.model.plays(play)
        answer = await vera.call("chat", json={"message": "Hello?"})
        assert (answer.status, answer.code) == (status, code)
        assert CANARY not in answer.text
    stay.model.plays(plays.hang_after("Half"))
    partial = await vera.call("chat", json={"message": "Hello?"})
    assert (partial.status, partial.json["response"]) == (200, "Half")
    assert partial.json["state"] == "failed"
    assert len(await stay.keeper.messages(stay.link)) == 6


async def test_who_got_no_answer_can_ask_again_within_the_same_use(stay: Visit) -> None:
    """USE-14: the session that the message began is told with the failure, also when repeated."""
    link = await stay.another_link(kind=Kind.PRIVATE, name="One", max_uses=1)
    stay.model.plays(plays.answer(500, GARBAGE))
    key = {"Idempotency-Key": "2f1c7a44-9d0e-4b1f-8f43-7f0d5f6a1b22"}
    told = []
    people = [stay.visitor(link), stay.visitor(link)]
    for repeated, vera in enumerate(people):
        vera.faulty = True
        answer = await vera.call("chat", json={"message": "Hello?"}, headers=key)
        assert (answer.status, answer.code) == (502, "no_answer")
        assert ("Idempotency-Replayed" in answer.headers) == repeated
        assert answer.json["session_id"] == vera.session
        told.append(answer.json)
    assert told[0] == told[1]
    await check_retry(stay, people[1], link)
    assert await stay.keeper.uses(link) == 1


async def test_a_model_that_never_stops_is_stopped(stay: Visit) -> None:
    """CRH-09: an endless reply is cut at its length or its time, and its slot is freed."""
    stay.model.plays(plays.endless())
    vera = stay.visitor()
    await vera.say("Hello?")
    history = await vera.settled()
    assert 0 < len(history[1][1]) <= 2000
    assert history[1][1].startswith("more more")
    await eventually(lambda: stay.model.open_connections == 0)
    await check_end(stay)


async def check_end(stay: Visit) -> None:
    (turn,) = await stay.keeper.turns(stay.link)
    assert turn.state in {"done", "failed"}


async def test_an_error_after_all_of_the_text(stay: Visit) -> None:
    """CRH-11: what came is kept and is not called whole."""

    async def play(_: plays.Asked, wire: plays.Wire) -> None:
        await wire.start_stream()
        await wire.token("All of it.")
        await wire.chunk(b"data: " + GARBAGE + b"\n\n")
        await wire.raw(b"0\r\n\r\n")

    stay.model.plays(play)
    vera = stay.visitor()
    await vera.say("Hello?")
    assert await vera.settled() == [("user", "Hello?"), ("assistant", "All of it.")]
    assert CANARY not in (await vera.page()).text
    (turn,) = await stay.keeper.turns(stay.link)
    assert turn.state == "failed"


async def test_a_server_that_is_not_there(stay: Visit) -> None:
    """CRH-10: a closed port; the others are not affected."""
    agent = await stay.keeper.model_agent(f"http://127.0.0.1:{free_port()}/v1")
    link = await stay.keeper.link(agent)
    sam, vera = stay.visitor(link), stay.visitor()
    stay.model.plays(plays.reply("Fine."))
    await asyncio.gather(sam.say("Hello?"), vera.say("Hello?"))
    assert await vera.settled() == [("user", "Hello?"), ("assistant", "Fine.")]
    assert (await sam.settled())[1] == ("assistant", "")
    (turn,) = await stay.keeper.turns(link)
    assert turn.state == "failed"


@pytest.mark.long
async def test_nobody_waits_for_the_slow_one_of_another(stay: Visit) -> None:
    """CRH-10: ten replies that hang hold up no other agent's reply."""
    stay.model.plays(plays.hang_before_header())
    slow = [stay.visitor() for _ in range(10)]
    await asyncio.gather(*(each.say("Hello?") for each in slow))
    quick = FakeModel()
    try:
        quick.plays(plays.reply("Fine."))
        agent = await stay.keeper.model_agent(quick.base_url)
        vera = stay.visitor(await stay.keeper.link(agent))
        began = time.monotonic()
        await vera.say("Hello?")
        assert (await vera.settled())[1] == ("assistant", "Fine.")
        assert time.monotonic() - began < 30
    finally:
        quick.close()
    for each in slow:
        assert (await each.settled())[1] == ("assistant", "")
