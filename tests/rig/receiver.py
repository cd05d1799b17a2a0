"""A program that takes webhooks: it checks each with the reference library, and has bad days."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook

from tests.rig.processes import free_port

HOST = "127.0.0.1"


@dataclass
class Receiver:
    """Listens on a port of its own once it is open; what it took is kept in the order it came."""

    secret: str = ""
    took: list[Any] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    refusals: int = 0
    """How many calls are still to be refused."""
    refused: int = 0
    silences: int = 0
    """How many calls are still to be taken without a word, ever."""
    port: int = 0
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/in"

    @property
    def is_open(self) -> bool:
        return not self._over.is_set()

    async def open(self) -> None:
        """Listen; a second time on the port of the first, as who calls expects."""
        self._over.clear()
        app = web.Application()
        app.router.add_post("/in", self._take)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        self.port = self.port or free_port()
        site = web.TCPSite(self._runner, HOST, self.port, reuse_address=True)
        await site.start()

    async def close(self) -> None:
        """Be away: nobody is at the port."""
        self._over.set()
        if self._runner is None:
            return
        for site in list(self._runner.sites):
            await site.stop()
        # Who was let in at the very last has a connection only now: one that came while the others
        # are ended would be forgotten, open.
        for _ in range(3):
            await asyncio.sleep(0)
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.text()
        headers = {name.lower(): value for name, value in request.headers.items()}
        told = Webhook(self.secret).verify(body, headers) if self.secret else None
        if self.refusals:
            self.refusals -= 1
            self.refused += 1
            return web.Response(status=503)
        if told is not None:
            self.took.append(told)
            self.ids.append(headers["webhook-id"])
        if self.silences:
            self.silences -= 1
            await self._over.wait()
        return web.Response(status=204)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that is there."""
    made = Receiver()
    await made.open()
    try:
        yield made
    finally:
        await made.close()
