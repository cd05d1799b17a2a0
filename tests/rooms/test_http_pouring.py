"""A body taken as it arrives: whole, in order, and over at the right moment, however it comes."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from parlour.config import Settings
from parlour.kit.http import Deadlines, GuardedClient, RequestFailed
from tests.rig.outgoing import OPEN, speaking
from tests.rig.waiting import PATIENCE, eventually

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
END = b"0\r\n\r\n"


@pytest.fixture
async def client() -> AsyncIterator[GuardedClient]:
    made = GuardedClient(Settings(allow_networks=OPEN))
    yield made
    await made.close()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Taker:
    """Takes what comes; `told` is set at each piece."""

    def __init__(self, *, most: int = 10**9) -> None:
        self.pieces: list[bytes] = []
        self.told = asyncio.Event()
        self._most = most

    def __call__(self, data: bytes) -> bool:
        self.pieces.append(data)
        self.told.set()
        return len(self.pieces) < self._most

    @property
    def all(self) -> bytes:
        return b"".join(self.pieces)


@pytest.mark.parametrize("size", [1, 7, 4_000])
async def test_a_body_in_a_hurry_comes_whole_and_in_order(client: GuardedClient, size: int) -> None:
    """More pieces at once than are let in: reading what there is lets in the next of them."""
    body = b"".join(b"%07d" % number for number in range(60_000))
    sent = b"".join(chunk(body[at : at + size]) for at in range(0, len(body), size))

    async def hurry(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + sent + END)
        await writer.drain()

    taker = Taker()
    async with speaking(hurry) as url, client.stream("GET", url) as response:
        await response.pour(taker)
    assert taker.all == body


async def test_a_piece_is_taken_before_the_next_one_comes(client: GuardedClient) -> None:
    taker = Taker()

    async def slowly(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        for number in range(20):
            writer.write(chunk(b"%d " % number))
            async with asyncio.timeout(PATIENCE):
                await taker.told.wait()
            taker.told.clear()
        writer.write(END)

    async with speaking(slowly) as url, client.stream("GET", url) as response:
        await response.pour(taker)
    assert taker.pieces == [b"%d " % number for number in range(20)]


@pytest.mark.parametrize("head", [PLAIN % 0, b"HTTP/1.1 204 No Content\r\n\r\n", HEAD + END])
async def test_an_empty_body_ends_at_once(client: GuardedClient, head: bytes) -> None:
    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        await reader.read()

    taker = Taker()
    async with speaking(nothing) as url, client.stream("GET", url) as response:
        async with asyncio.timeout(PATIENCE):
            await response.pour(taker)
    assert taker.pieces == []


async def test_what_came_before_the_connection_broke_is_taken(client: GuardedClient) -> None:
    async def breaks(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(b"so far") + chunk(b", so good"))

    taker = Taker()
    async with speaking(breaks) as url, client.stream("GET", url) as response:
        with pytest.raises(RequestFailed) as failed:
            await response.pour(taker)
    assert (failed.value.code, failed.value.began) == ("unreachable", True)
    assert taker.all == b"so far, so good"


async def test_silence_ends_it(client: GuardedClient) -> None:
    async def falls_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(b"so far"))
        await reader.read()

    taker, hasty = Taker(), Deadlines(idle=0.05)
    async with (
        speaking(falls_silent) as url,
        client.stream("GET", url, deadlines=hasty) as response,
    ):
        with pytest.raises(RequestFailed) as failed:
            await response.pour(taker)
    assert (failed.value.code, taker.all) == ("timeout", b"so far")


async def test_more_than_is_allowed_is_refused(client: GuardedClient) -> None:
    async def swell(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        while True:
            writer.write(chunk(b"x" * 10_000))
            await writer.drain()

    taker = Taker()
    async with speaking(swell) as url, client.stream("GET", url, max_bytes=500_000) as response:
        with pytest.raises(RequestFailed, match="more than allowed"):
            await response.pour(taker)
    assert 0 < len(taker.all) <= 500_000


@pytest.mark.parametrize("raises", [False, True])
async def test_who_wants_no_more_gets_no_more(client: GuardedClient, raises: bool) -> None:
    gone = asyncio.Event()

    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        try:
            while True:
                writer.write(chunk(b"more"))
                await writer.drain()
        finally:
            gone.set()

    taker = Taker(most=3)

    def take(data: bytes) -> bool:
        if not (wants := taker(data)) and raises:
            raise ZeroDivisionError
        return wants

    async with speaking(endless) as url:
        async with client.stream("GET", url) as response:
            if raises:
                with pytest.raises(ZeroDivisionError):
                    await response.pour(take)
            else:
                await response.pour(take)
        async with asyncio.timeout(PATIENCE):
            await gone.wait()
    assert len(taker.pieces) == 3


async def test_cancelled_it_takes_nothing_any_more(client: GuardedClient) -> None:
    taker, gone = Taker(), asyncio.Event()

    async def falls_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(b"so far"))
        await reader.read()
        gone.set()

    async with speaking(falls_silent) as url:

        async def pour() -> None:
            async with client.stream("GET", url) as response:
                await response.pour(taker)

        pouring = asyncio.create_task(pour())
        await eventually(taker.told.is_set)
        pouring.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pouring
        async with asyncio.timeout(PATIENCE):
            await gone.wait()
    assert taker.all == b"so far"
