"""How soon an operator sees what a visitor says, and how soon a taken agent falls silent.

Over HTTP, as browsers do: one server on SQLite; then two on PostgreSQL and Redis, the visitor at
one of them and the operator at the other. Measured is from before the visitor's request until the
event is with the operator, who has the conversation open, and until their list tells of it; and
from before the request that takes over until the last word of the agent that the visitor gets.
"""

import asyncio
import os
import random
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bench import programs
from bench.house import House, command, model, serving, start
from bench.programs import running
from bench.table import Figure, median
from tests.rig.processes import free_port
from tests.rig.services import Postgres, Redis

ROUNDS = 40
TAKEOVERS = 15
PAUSE = 0.3
"""Seconds between two messages, as of people: a list that is told all the time gathers."""
SILENCE = 0.5
"""Seconds after which an agent that was to fall silent has done so."""
WITHIN = 20.0
LONG = "#p20n500#"
"""A reply of ten seconds, 50 words a second."""
EMAIL, PASSWORD = "olga@team.example", "four words are enough"

Came = tuple[float, str, str]
"""When an event came, its name, and its data."""


def measure(tools: programs.Tools) -> list[Figure]:
    with tools.model() as port:
        return [*_alone(port), *_apart(port)]


def _alone(port: int) -> list[Figure]:
    with serving(model(port)) as house:
        return asyncio.run(_measured(house, house.port, "one process, SQLite", 150))


def _apart(port: int) -> list[Figure]:
    with ExitStack() as stack:
        postgres, redis = Postgres(durable=True), Redis()
        stack.callback(postgres.close)
        stack.callback(redis.close)
        shared = {
            "PARLOUR_DATABASE_URL": postgres.url(postgres.create()),
            "PARLOUR_REDIS_URL": redis.url,
            "PARLOUR_SECRET_KEY": "measured" * 4,
        }
        house = stack.enter_context(serving(model(port), **shared))
        other = stack.enter_context(_second(house))
        words = "two processes, PostgreSQL + Redis"
        return asyncio.run(_measured(house, other, words, 300))


@contextmanager
def _second(house: House) -> Iterator[int]:
    """Start another server on what a house has; yields its port."""
    port = free_port()
    program, _ = start(port, {**house.environment, "PARLOUR_PORT": str(port)})
    with running(program, port):
        yield port


@dataclass
class Stream:
    """What came of a stream so far."""

    came: "asyncio.Queue[Came]" = field(default_factory=asyncio.Queue)

    async def until(self, name: str, holds: str = "", after: float = 0.0) -> float:
        """Wait for an event whose data holds a text; return when it came."""
        async with asyncio.timeout(WITHIN):
            while True:
                at, event, data = await self.came.get()
                if event == name and holds in data and at >= after:
                    return at


@dataclass
class Place:
    """Who is where: the visitor at one server, the operator, who may be at another one."""

    http: aiohttp.ClientSession
    visitors: str
    operators: str
    token: str
    seat: str
    key: str
    cookie: str = ""
    talk: str = ""

    async def say(self, text: str) -> None:
        address = f"{self.visitors}/api/public/chat/{self.token}"
        body = {"message": text, "async_mode": True}
        async with self.http.post(address, json=body, headers={"Cookie": self.cookie}) as answer:
            answer.raise_for_status()
            if "Set-Cookie" in answer.headers:
                self.cookie = answer.headers["Set-Cookie"].partition(";")[0]

    async def call(self, method: str, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"}
        address = f"{self.operators}/api/conversations{path}"
        async with self.http.request(method, address, headers=headers) as answer:
            answer.raise_for_status()
            return await answer.json()

    @asynccontextmanager
    async def stream(self, base: str, path: str, cookie: str) -> AsyncIterator[Stream]:
        """Follow a stream; what comes is marked with the moment it was read."""
        found = Stream()
        headers = {"Cookie": cookie, "Accept": "text/event-stream"}
        async with self.http.get(base + path, headers=headers) as answer:
            answer.raise_for_status()
            reading = asyncio.create_task(_read(answer, found))
            yield found
            reading.cancel()


async def _read(answer: aiohttp.ClientResponse, found: Stream) -> None:
    name = ""
    async for line in answer.content:
        if line.startswith(b"event: "):
            name = line[7:].decode().strip()
        elif line.startswith(b"data: "):
            found.came.put_nowait((time.perf_counter(), name, line[6:].decode()))


async def _measured(house: House, other: int, words: str, most: float) -> list[Figure]:
    timeout = aiohttp.ClientTimeout(total=None)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        timeout=timeout, connector=connector, cookie_jar=aiohttp.DummyCookieJar()
    ) as http:
        place = await _placed(http, house, other)
        opened, listed = await _seen(place)
        silent = await _taken(place)
    load = f"load {os.getloadavg()[0]:.1f}"
    return [
        *_both(f"{words} ({load}): until the operator sees it", opened, most),
        *_both("… in the list at the desk", listed, most),
        *_both("… taken over, until the agent's last word", silent, 200),
    ]


def _both(name: str, times: list[float], most: float) -> list[Figure]:
    slow = statistics.quantiles(times, n=20)[-1]
    return [
        Figure(f"{name}, median", median(times) * 1e3, "ms", most=most),
        Figure("… p95", slow * 1e3, "ms", most=most),
    ]


async def _placed(http: aiohttp.ClientSession, house: House, other: int) -> Place:
    """Bring an operator in, and have a visitor begin a conversation."""
    add = ("staff", "add", EMAIL, "--role", "owner", "--view-personal", "--password-stdin")
    command(house.environment, *add, typed=PASSWORD)
    key = command(house.environment, "key", "create", "--name", "measured", "--json")["key"]
    base = f"http://127.0.0.1:{other}"
    form = {"email": EMAIL, "password": PASSWORD}
    sign_in = http.post(
        f"{base}/studio/sign-in", data=form, headers={"Origin": base}, allow_redirects=False
    )
    async with sign_in as answer:
        seat = answer.headers["Set-Cookie"].partition(";")[0]
    place = Place(http, f"http://127.0.0.1:{house.port}", base, house.token, seat, key)
    await place.say("#p0n1#")
    place.talk = (await place.call("GET", ""))["items"][0]["id"]
    return place


async def _seen(place: Place) -> tuple[list[float], list[float]]:
    """Return for each message how long it took to the open conversation, and to the list."""
    opened, listed = [], []
    live = place.stream(
        place.operators, f"/studio/conversations/{place.talk}/live?after=0", place.seat
    )
    desk = place.stream(place.operators, "/studio/desk/live", place.seat)
    async with live as talk, desk as rows:
        for n in range(ROUNDS + 1):
            await asyncio.sleep(PAUSE)
            text = f"#p0n1# number {n}."
            began = time.perf_counter()
            saying = asyncio.create_task(place.say(text))
            there = await talk.until("message", text) - began
            told = await rows.until("rows", after=began) - began
            await saying
            await talk.until("done")
            if n:  # the first one only warms up
                opened.append(there)
                listed.append(told)
    return opened, listed


async def _taken(place: Place) -> list[float]:
    """Return for each takeover how long the visitor still got words of the agent."""
    found = []
    path = f"/api/public/live/{place.token}"
    for n in range(TAKEOVERS + 1):
        async with place.stream(place.visitors, path, place.cookie) as visitor:
            await place.say(f"{LONG} {n}")
            await visitor.until("delta")
            await asyncio.sleep(random.uniform(0.2, 0.5))
            began = time.perf_counter()
            await place.call("POST", f"/{place.talk}/hold")
            await asyncio.sleep(SILENCE)
            events = [visitor.came.get_nowait() for _ in range(visitor.came.qsize())]
            words = [at for at, name, _ in events if name == "delta"]
            if n:
                found.append(max(0.0, words[-1] - began))
            await place.call("DELETE", f"/{place.talk}/hold")
    return found
