"""A model server on loopback that speaks the OpenAI API and behaves as the test tells it to."""

import asyncio
import contextlib
import hashlib
import json
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from tests.rig.plays import Asked, Play, Wire, pieces, reply

DIMENSIONS = 64
T = TypeVar("T")


class FakeModel:
    """Runs in a thread of its own, so that a busy or blocked test does not slow it down.

    `plays(...)` sets how the next requests are answered, one play each; the last one stays.
    `requests` records what was asked.
    """

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._plays: deque[Play] = deque()
        self._standing: Play = reply()
        self._requests: list[Asked] = []
        self._loop = asyncio.new_event_loop()
        self._released = asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._lines: set[asyncio.BaseTransport] = set()
        self._server = self._call(self._loop.create_server(self._line, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"

    # What a test says

    def plays(self, *plays: Play) -> None:
        with self._lock:
            self._plays = deque(plays)
            self._standing = plays[-1]

    def release(self) -> None:
        """Let every `paused` play go on."""
        self._loop.call_soon_threadsafe(self._released.set)

    @property
    def requests(self) -> list[Asked]:
        """All requests for an answer so far, oldest first."""
        with self._lock:
            return list(self._requests)

    def wait_for_requests(self, count: int, *, within: float = 60) -> list[Asked]:
        """Wait until the model has been asked `count` times; blocks (use asyncio.to_thread)."""
        with self._lock:
            came = self._lock.wait_for(lambda: len(self._requests) >= count, within)
            assert came, f"{len(self._requests)} of {count} requests in {within} s"
            return list(self._requests)

    @property
    def open_connections(self) -> int:
        """How many callers are connected: 0 once every slot has been freed."""
        return len(self._open)

    def close(self) -> None:
        self._call(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    # The server

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def _line(self) -> asyncio.Protocol:
        return _Line(asyncio.StreamReader(loop=self._loop), self._accept, self._lines)

    async def _shut(self) -> None:
        # Nobody new comes in, and whoever is just coming gets in, which takes the loop a few
        # rounds: on a server closed meanwhile they would be left on the doorstep, never closed.
        for socket in self._server.sockets:
            self._loop.remove_reader(socket.fileno())
        for _ in range(5):
            await asyncio.sleep(0)
        self._server.close()
        while self._open or self._lines:
            for task in self._open:
                task.cancel()
            for line in self._lines:
                line.abort()  # type: ignore[attr-defined]  # every line of a server can
            await asyncio.sleep(0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._open.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await _read(reader)
        wire = Wire(writer, self._released, asyncio.Event())
        watch = asyncio.create_task(_watch(reader, wire.gone))
        try:
            await self._answer(asked, wire)
        finally:
            watch.cancel()

    async def _answer(self, asked: Asked, wire: Wire) -> None:
        if asked.path.endswith("/models"):
            await wire.whole(200, json.dumps({"data": [{"id": "fake"}]}).encode())
        elif asked.path.endswith("/embeddings"):
            await wire.whole(200, _embeddings(asked))
        else:
            await self._next_play(asked)(asked, wire)

    def _next_play(self, asked: Asked) -> Play:
        with self._lock:
            self._requests.append(asked)
            self._lock.notify_all()
            return self._plays.popleft() if self._plays else self._standing


class _Line(asyncio.StreamReaderProtocol):
    """A connection, which is listed until it is gone."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        accept: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
        lines: set[asyncio.BaseTransport],
    ) -> None:
        super().__init__(reader, accept, loop=asyncio.get_running_loop())
        self._lines = lines

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport_here = transport
        self._lines.add(transport)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lines.discard(self._transport_here)
        super().connection_lost(exc)


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ", 2)
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    body = await _read_body(reader, headers)
    return Asked(method, path, headers, body)


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    return body


async def _watch(reader: asyncio.StreamReader, gone: asyncio.Event) -> None:
    with contextlib.suppress(ConnectionError):
        await reader.read()
    gone.set()


def _embeddings(asked: Asked) -> bytes:
    texts = asked.json["input"]
    texts = [texts] if isinstance(texts, str) else texts
    data = [
        {"object": "embedding", "index": place, "embedding": embedding(text)}
        for place, text in enumerate(texts)
    ]
    return json.dumps({"data": data, "model": "fake", "usage": {"total_tokens": 1}}).encode()


def embedding(text: str) -> list[float]:
    """Return a vector of length 1 that is near those of texts with the same words."""
    vector = [0.0] * DIMENSIONS
    for word in pieces(text.lower()):
        digest = hashlib.sha256(word.strip(" \n.,;:!?").encode()).digest()
        vector[digest[0] % DIMENSIONS] += 1 if digest[1] % 2 else -1
    length = sum(value * value for value in vector) ** 0.5 or 1.0
    return [value / length for value in vector]
