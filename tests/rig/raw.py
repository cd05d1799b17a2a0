"""Requests as bytes: for what no honest client sends."""

import asyncio
import contextlib
from urllib.parse import urlsplit

from multidict import CIMultiDict

from tests.rig.visitor import Answer
from tests.rig.waiting import PATIENCE


async def exchange(
    url: str, *parts: bytes, within: float = PATIENCE, pause: float = 0
) -> list[Answer]:
    """Send bytes, with a pause between parts, and read answers until the server closes or rests."""
    parsed = urlsplit(url)
    reader, writer = await asyncio.open_connection(parsed.hostname, parsed.port)
    answers: list[Answer] = []
    try:
        sending = asyncio.create_task(_send(writer, parts, pause))
        async with asyncio.timeout(within):
            while (answer := await _read(reader)) is not None:
                answers.append(answer)
                if answer.headers.get("connection", "").lower() == "close" or sending.done():
                    break
        sending.cancel()
    finally:
        writer.transport.abort()
    return answers


async def _send(writer: asyncio.StreamWriter, parts: tuple[bytes, ...], pause: float) -> None:
    with contextlib.suppress(ConnectionError):
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)


async def _read(reader: asyncio.StreamReader) -> Answer | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.rstrip().split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = CIMultiDict((name, value.strip()) for name, _, value in pairs)
    if "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    else:
        body = await reader.read() if headers.get("connection") == "close" else b""
    return Answer(int(first.split(" ")[1]), headers, body)


def request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    """Write a request with exactly these headers, and Host."""
    lines = [f"{method} {path} HTTP/1.1", "Host: parlour.test", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body
