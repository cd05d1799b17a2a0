"""A body taken as it arrives: whole, in order, and over at the right moment, however it comes."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from parlour.config import Settings
from parlour.kit.http import Deadlines, GuardedClient, RequestFailed
from parlour.kit.http.pace import MANY, Pace
from tests.rig.outgoing import OPEN, speaking
from tests.rig.waiting import PATIENCE, eventually

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
END = b"0\r\n\r\n"


@pytest.fixture(params=["few", "many"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[GuardedClient]:
    """A client that reads little else, or so much that what it reads rests after each piece."""
    made = GuardedClient(Settings(allow_networks=OPEN))
    made.pace.running = MANY if request.param == "many" else 0
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
    body = b"".join(b"%07d" % number for number in range(20_000))
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


class Resting(Pace):
    """Has everybody rest until the test wakes them."""

    def __init__(self) -> None:
        super().__init__()
        self.sleepers = asyncio.Queue[Callable[[], None]]()

    def rest(self, wake: Callable[[], None]) -> bool:
        self.sleepers.put_nowait(wake)
        return True


async def test_what_comes_while_it_rests_is_taken_together() -> None:
    """The first piece at once, the next ones in one; and the connection serves again after that."""
    client, taker, sent = GuardedClient(Settings(allow_networks=OPEN)), Taker(), asyncio.Event()
    client.pace = pace = Resting()
    callers = set[object]()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers.add(writer.get_extra_info("peername"))
        writer.write(HEAD + chunk(b"first"))
        async with asyncio.timeout(PATIENCE):
            await taker.told.wait()
        for piece in (chunk(b"second"), chunk(b"third"), chunk(b"fourth") + END):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        sent.set()
        await reader.readuntil(b"\r\n\r\n")
        writer.write(PLAIN % 2 + b"ok")

    async with speaking(speak) as url, asyncio.timeout(PATIENCE):
        async with client.stream("GET", url) as response:
            pouring = asyncio.create_task(response.pour(taker))
            await sent.wait()
            wake = await pace.sleepers.get()
            assert pace.sleepers.empty(), "it rests after a piece, not before the first"
            assert taker.pieces == [b"first"]
            wake()
            await pouring
        assert taker.pieces == [b"first", b"secondthirdfourth"]
        async with client.stream("GET", url) as response:
            assert await response.read() == b"ok"
    assert len(callers) == 1
    await client.close()


async def test_few_never_rest_and_many_wake_in_turn() -> None:
    pace, woken, last = Pace(), list[int](), asyncio.Event()
    pace.running = MANY - 1
    assert not pace.rest(last.set)
    pace.running = MANY
    for number in range(3):
        assert pace.rest(lambda number=number: woken.append(number))  # type: ignore[misc]
    assert pace.rest(last.set)
    assert woken == []
    async with asyncio.timeout(PATIENCE):
        await last.wait()
    assert woken == [0, 1, 2]
    pace.close()
