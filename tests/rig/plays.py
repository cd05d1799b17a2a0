"""Ways a model server behaves: well, slowly, dishonestly, or not at all."""

import asyncio
import gzip
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that the model server received."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Wire:
    """The connection a play answers on; `released` is set by the test, `gone` by the caller."""

    writer: asyncio.StreamWriter
    released: asyncio.Event
    gone: asyncio.Event
    sent: list[str] = field(default_factory=list)

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, status: int = 200, **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} Whatever"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.raw("\r\n".join([*lines, "", ""]).encode())

    async def whole(self, status: int, body: bytes, **headers: str) -> None:
        headers.setdefault("Content_Type", "application/json")
        await self.head(status, Content_Length=str(len(body)), Connection="close", **headers)
        await self.raw(body)

    async def start_stream(self) -> None:
        await self.head(
            Content_Type="text/event-stream; charset=utf-8",
            Transfer_Encoding="chunked",
            Connection="close",
        )

    async def chunk(self, data: bytes) -> None:
        await self.raw(b"%x\r\n%s\r\n" % (len(data), data))

    async def token(self, text: str) -> None:
        self.sent.append(text)
        await self.data({"choices": [{"index": 0, "delta": {"content": text}}]})

    async def data(self, payload: dict[str, Any]) -> None:
        event = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "fake", **payload}
        await self.chunk(b"data: " + json.dumps(event).encode() + b"\n\n")

    async def finish(self, usage: dict[str, Any] | None, reason: str = "stop") -> None:
        await self.data({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
        if usage is not None:
            await self.data({"choices": [], "usage": usage})
        await self.chunk(b"data: [DONE]\n\n")
        await self.raw(b"0\r\n\r\n")

    async def hang(self) -> None:
        """Do nothing until the caller goes away or the test ends."""
        await self.gone.wait()


Play = Callable[[Asked, Wire], Awaitable[None]]
TEXT = "Hello, this is the model speaking."


def pieces(text: str) -> list[str]:
    """Cut a text into pieces as a model sends them: words with the space before each."""
    return re.findall(r"\s*\S+|\s+$", text)


def _usage(text: str) -> dict[str, int]:
    tokens = len(pieces(text))
    return {"prompt_tokens": 7, "completion_tokens": tokens, "total_tokens": tokens + 7}


HONEST: dict[str, Any] = {}
"""Stands for the usage that was really had."""


def reply(
    text: str = TEXT, *, per_second: float = 0, usage: dict[str, Any] | None = HONEST
) -> Play:
    """Answer well; `per_second` paces the tokens, 0 sends them at once; `usage` None sends none."""
    counted = _usage(text) if usage is HONEST else usage

    async def play(asked: Asked, wire: Wire) -> None:
        if not asked.json.get("stream"):
            message = {"role": "assistant", "content": text}
            answer = {"choices": [{"index": 0, "message": message}], "usage": counted}
            await wire.whole(200, json.dumps(answer).encode())
            return
        await wire.start_stream()
        clock = asyncio.get_running_loop()
        due = clock.time()
        for piece in pieces(text):
            await wire.token(piece)
            if per_second:
                due += 1 / per_second
                await asyncio.sleep(max(0, due - clock.time()))
        await wire.finish(counted)

    return play


def paused(before: str, after: str, *, apart: float = 0) -> Play:
    """Say the first part, wait until the test calls `release()`, then say the rest.

    `apart`: seconds between the tokens of the first part, so that they do not come all at once.
    """

    async def play(_: Asked, wire: Wire) -> None:
        await wire.start_stream()
        for piece in pieces(before):
            await wire.token(piece)
            await asyncio.sleep(apart)
        await wire.released.wait()
        for piece in pieces(after):
            await wire.token(piece)
        await wire.finish(_usage(before + after))

    return play


def hang_before_header() -> Play:
    """Accept the request and never answer."""

    async def play(_: Asked, wire: Wire) -> None:
        await wire.hang()

    return play


def hang_after(text: str) -> Play:
    """Say something, then fall silent with the connection open; "" is silent after the header."""

    async def play(_: Asked, wire: Wire) -> None:
        await wire.start_stream()
        for piece in pieces(text):
            await wire.token(piece)
        await wire.hang()

    return play


def reset_after(text: str) -> Play:
    """Say something, then tear the connection down without an end."""

    async def play(_: Asked, wire: Wire) -> None:
        await wire.start_stream()
        for piece in pieces(text):
            await wire.token(piece)
        wire.writer.transport.abort()

    return play


def truncated(text: str = TEXT) -> Play:
    """Say something, then end politely in the middle of an event's JSON."""

    async def play(_: Asked, wire: Wire) -> None:
        await wire.start_stream()
        for piece in pieces(text):
            await wire.token(piece)
        await wire.chunk(b'data: {"choices": [{"index": 0, "delta": {"cont')
        await wire.raw(b"0\r\n\r\n")

    return play


def no_end(text: str = TEXT) -> Play:
    """Say all of it and close without `[DONE]` and without a finish reason."""

    async def play(_: Asked, wire: Wire) -> None:
        await wire.start_stream()
        for piece in pieces(text):
            await wire.token(piece)
        await wire.raw(b"0\r\n\r\n")

    return play


def garbage() -> Play:
    """Answer 200 with an event stream of bytes that are no events and no UTF-8."""

    async def play(_: Asked, wire: Wire) -> None:
        await wire.start_stream()
        await wire.chunk(b"data: \xff\xfe{{{]\n\ndata: 17\n\ndata: [null]\n\n: hm\nnonsense\n\n")
        await wire.raw(b"0\r\n\r\n")

    return play


def not_http() -> Play:
    """Answer something that is not HTTP at all."""

    async def play(_: Asked, wire: Wire) -> None:
        await wire.raw(b"SSH-2.0-OpenSSH_9.2\r\n")

    return play


def page(status: int = 200) -> Play:
    """Answer with a web page, as a proxy or a wrong address does."""
    return answer(status, b"<!doctype html><title>Welcome</title>", Content_Type="text/html")


def answer(status: int, body: bytes = b"", **headers: str) -> Play:
    """Answer with one plain response; headers are written with `_` for `-`."""

    async def play(_: Asked, wire: Wire) -> None:
        await wire.whole(status, body, **headers)

    return play


def error(status: int, message: str = "the model is overloaded", **headers: str) -> Play:
    """Refuse as model servers do; 429 may say `Retry_After="1"`."""
    body = json.dumps({"error": {"message": message, "type": "server_error"}}).encode()
    return answer(status, body, **headers)


def redirect(to: str, status: int = 302) -> Play:
    return answer(status, Location=to)


def huge_line(size: int = 32 * 1024 * 1024) -> Play:
    """Send one endless line that is never an event."""

    async def play(_: Asked, wire: Wire) -> None:
        await wire.start_stream()
        part = b"data: " + b"x" * 65_530
        for _turn in range(size // len(part)):
            await wire.chunk(part)
        await wire.raw(b"0\r\n\r\n")

    return play


def endless(text: str = "more ") -> Play:
    """Keep talking, as fast as the caller listens, until the caller goes away."""

    async def play(_: Asked, wire: Wire) -> None:
        await wire.start_stream()
        while not wire.gone.is_set():
            await wire.token(text)
            await asyncio.sleep(0)

    return play


def gzip_bomb(size: int = 256 * 1024 * 1024) -> Play:
    """Send a small compressed body that unpacks to `size` bytes."""

    async def play(_: Asked, wire: Wire) -> None:
        part = gzip.compress(b"data: " + b" " * (8 * 1024 * 1024), 6)
        body = part * (size // (8 * 1024 * 1024))
        kind = "text/event-stream"
        await wire.whole(200, body, Content_Encoding="gzip", Content_Type=kind)

    return play
