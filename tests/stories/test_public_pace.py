"""Requests that come too slowly, or never end, are cut; what takes its time on purpose is not."""

import asyncio
import contextlib
from urllib.parse import urlsplit

import pytest

from tests.rig import plays
from tests.rig.raw import exchange, request
from tests.rig.storage import SQLITE
from tests.rig.visiting import Visit
from tests.rig.visitor import check


@pytest.mark.only_on(SQLITE)
@pytest.mark.parametrize(
    ("path", "status"), [("/nowhere", 404), ("/healthz", 405), ("/api/public/chat/x", 413)]
)
async def test_a_body_that_nobody_wants(visit: Visit, path: str, status: int) -> None:
    """INP-05, INP-08: answered at once, and the line is closed however long it goes on."""
    length = f"Content-Length: {50_000_000 if status == 413 else 900_000}"
    head = request("POST", path, "Content-Type: application/json", length)
    url = urlsplit(visit.server.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(head + b"x" * 50_000)
    async with asyncio.timeout(60):
        got = await reader.read()  # until the server has said its last
    # Had the body been waited for, it would say that it came too slowly.
    assert got.startswith(f"HTTP/1.1 {status} ".encode())
    async with asyncio.timeout(60):
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"x" * 1000)
                await writer.drain()
                await asyncio.sleep(0.1)
    writer.transport.abort()


@pytest.mark.long
@pytest.mark.only_on(SQLITE)
async def test_requests_that_come_too_slowly_are_cut(visit: Visit) -> None:
    """INP-08: a line at a time, a byte at a time, and then nothing: everybody else is served."""
    url, token = visit.server.url, visit.link.token
    slow = request("GET", f"/chat/{token}")
    path = f"/api/public/chat/{token}"
    body = request("POST", path, "Content-Type: application/json", "Content-Length: 5000")
    lines = [slow[at : at + 1] for at in range(len(slow) - 2)]
    attacks = [
        exchange(url, b""),
        exchange(url, *lines, pause=0.2),
        exchange(url, slow[:-2]),
        exchange(url, body),
        exchange(url, body, *[b"{"] * 40, pause=0.2),
        *(exchange(url, slow[:20]) for _ in range(100)),
    ]
    cut = asyncio.gather(*attacks)
    vera = visit.visitor()
    assert (await vera.say("Hello?")).status == 202
    assert len(await vera.settled()) == 2
    answers = await cut
    for found in answers:
        assert [check(answer).status for answer in found] == [408]


@pytest.mark.long
async def test_an_idle_stream_is_not_a_slow_request(visit: Visit) -> None:
    """INP-08: the deadlines are for requests on their way in; what streams may take its time."""
    visit.model.plays(plays.paused("Some", " words."))
    vera = visit.visitor()
    await vera.say("Hello?")
    async with vera.live() as stream:
        await stream.next("message")
        with pytest.raises(AssertionError, match="nothing in"):
            await stream.next("done", within=5.5)  # longer than both deadlines
        visit.model.release()
        await stream.next("done")
