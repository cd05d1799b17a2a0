"""Waiting for what is to happen: for an event on a stream, for a fact to become true."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, overload

import aiohttp

from parlour.kit.bus import LiveLog

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds that a busy machine may take; only a test that fails waits as long."""


@overload
async def eventually(
    look: Callable[[], Awaitable[T]], *, within: float = ..., every: float = ...
) -> T: ...


@overload
async def eventually(
    look: Callable[[], T], *, within: float = PATIENCE, every: float = 0.02
) -> T: ...


async def eventually(
    look: Callable[[], Any], *, within: float = PATIENCE, every: float = 0.02
) -> Any:
    """Look again and again until the answer is true, for what tells nobody that it happened."""
    clock = asyncio.get_running_loop()
    deadline = clock.time() + within
    while True:
        seen = look()
        answer = await seen if inspect.isawaitable(seen) else seen
        if answer:
            return answer
        assert clock.time() < deadline, f"not within {within} s; last answer {answer!r}"
        await asyncio.sleep(every)


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event; comments come as events of the kind "comment"."""

    kind: str
    id: str
    data: Any


class Stream:
    """A stream of server-sent events, read as a browser reads it."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.seen: list[Event] = []
        self.last_id = ""
        self._lines = response.content

    async def next(self, *kinds: str, within: float = PATIENCE) -> Event:
        """Wait for the next event of these kinds (any but a comment when none is named)."""
        why = "the stream ended"
        try:
            async with asyncio.timeout(within):
                async for event in self:
                    if event.kind in kinds or (not kinds and event.kind != "comment"):
                        return event
        except TimeoutError:
            why = f"nothing in {within} s"
        raise AssertionError(f"{why}; wanted {kinds}, seen {self.seen}")

    async def until(self, kind: str, *, within: float = PATIENCE) -> list[Event]:
        """Read up to and including the next event of that kind; answers with all of them."""
        start = len(self.seen)
        await self.next(kind, within=within)
        return self.seen[start:]

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events()

    async def _events(self) -> AsyncIterator[Event]:
        kind, data = "message", list[str]()
        async for raw in self._lines:
            name, _, value = raw.decode().rstrip("\r\n").partition(":")
            value = value.removeprefix(" ")
            if not raw.strip():
                if data:
                    yield self._note(Event(kind, self.last_id, json.loads("\n".join(data))))
                kind, data = "message", []
            elif not name:
                yield self._note(Event("comment", self.last_id, value))
            elif name == "event":
                kind = value
            elif name == "data":
                data.append(value)
            elif name == "id":
                self.last_id = value

    def _note(self, event: Event) -> Event:
        self.seen.append(event)
        return event


def plain_client() -> aiohttp.ClientSession:
    """A client that keeps no cookies."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())


@asynccontextmanager
async def listening(
    http: aiohttp.ClientSession, url: str, *, after: str = "", **options: Any
) -> AsyncIterator[Stream]:
    """Open a stream; `after` is the `Last-Event-ID` to go on from."""
    headers: Mapping[str, str] = {"Accept": "text/event-stream"}
    if after:
        headers = {**headers, "Last-Event-ID": after}
    async with http.get(url, headers=headers, **options) as response:
        assert response.status == 200, f"{response.status}: {await response.text()}"
        assert response.content_type == "text/event-stream"
        yield Stream(response)


def last_mark(log: LiveLog) -> int:
    """The mark of a live log's last entry; 0 when there is none."""
    marks, _ = log.tail(0)
    return marks[-1] if marks else 0
