"""What tests of outgoing calls need: tools without a database, a canary that counts hits."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any, cast

from aiohttp import web

from parlour.agents.contract import Backend, BackendFailure, Part, Question, Said, Text
from parlour.config import Settings
from parlour.kit.clock import SystemClock
from parlour.kit.http import GuardedClient
from parlour.kit.http.client import Resolve
from parlour.kit.tokens import Keyring
from parlour.tools import Tools

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OPEN = (ipaddress.ip_network("127.0.0.0/8"),)


def tools_for(*, resolve: Resolve | None = None, **settings: Any) -> Tools:
    """Tools of a process that may call this machine, with nothing to store in."""
    made = replace(Settings(allow_networks=OPEN), **settings)
    nothing = cast("Any", None)
    return Tools(
        settings=made,
        clock=SystemClock(),
        keys=Keyring(["a secret key of these tests"]),
        db=nothing,
        queue=nothing,
        bus=nothing,
        http=GuardedClient(made, resolve=resolve),
        mail=nothing,
        limits=nothing,
    )


def names(**known: str | list[str]) -> Resolve:
    """A resolver that knows these names (`_` for `.`); a list is answered one by one, in turn."""
    answers = {name.replace("_", "."): answer for name, answer in known.items()}

    async def resolve(host: str, _port: int) -> list[str]:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            answer = answers.get(host)
        else:
            answer = host
        if answer is None:
            raise OSError("no such name")
        turn = answer if isinstance(answer, str) else answer.pop(0)
        return turn.split(" ")

    return resolve


class Canary:
    """Listens where nobody may come; `hits` counts who came."""

    def __init__(self) -> None:
        self.hits = 0
        self.port = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Canary"]:
        server = await asyncio.start_server(self._hit, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def _hit(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.hits += 1
        writer.close()


def question(*said: Said | str, **more: Any) -> Question:
    """A question whose last message is the visitor's; plain texts are the visitor's."""
    messages = tuple(Said("visitor", each) if isinstance(each, str) else each for each in said)
    given = {"agent_id": "agt_1", "conversation_id": "cnv_1", "turn_id": "trn_1", **more}
    return Question(messages=messages or (Said("visitor", "Hello?"),), **given)


async def parts_of(backend: Backend, asked: Question | None = None) -> list[Part]:
    """Ask, and return every part."""
    async with aclosing(cast("Any", backend.answer(asked or question()))) as parts:
        return [part async for part in parts]


async def failing(
    backend: Backend, asked: Question | None = None
) -> tuple[list[Part], BackendFailure]:
    """Ask, and return the parts that came before the failure, and the failure."""
    parts: list[Part] = []
    try:
        async with aclosing(cast("Any", backend.answer(asked or question()))) as answer:
            async for part in answer:
                parts.append(part)  # noqa: PERF401 - what came before an error is kept
    except BackendFailure as failure:
        return parts, failure
    raise AssertionError(f"no failure, but {parts}")


def text_of(parts: Iterable[Part]) -> str:
    """All the text among some parts."""
    return "".join(part.text for part in parts if isinstance(part, Text))


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server that answers everything so; yields its port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@asynccontextmanager
async def speaking(speak: Raw) -> AsyncIterator[str]:
    """A server that answers bytes of its own making, once the request's head has come."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await speak(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
