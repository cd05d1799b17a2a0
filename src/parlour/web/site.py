"""The site: the front from the start, and all of it when somebody asks for more."""

import asyncio
import gc
from typing import Any

from litestar import Litestar
from litestar.types import Receive, Scope, Send

from parlour.chat.live import Live
from parlour.tools import Tools
from parlour.web import front, hosts, problems
from parlour.web.ahead import Ahead
from parlour.web.bodies import StrictRequest
from parlour.web.edge import Edge
from parlour.web.gates import Asked
from parlour.web.sightings import Sightings
from parlour.web.strangers import Strangers
from parlour.web.visit import room


def build(tools: Tools, live: Live) -> Edge:
    """Make the site as one ASGI application."""
    return furnished(front.routed(tools.settings.max_body_bytes), tools, live)


def build_for_worker(tools: Tools) -> Edge:
    """Make the site of a worker: alive, ready, measured."""
    app = front.routed_for_worker(tools.settings.max_body_bytes)
    app.state.update(_equipment(tools, Live(tools)))
    return Edge(app, tools.settings, _hosts(tools))


def furnished(before: Litestar, tools: Tools, live: Live, behind: Litestar | None = None) -> Edge:
    """Give the site, whose front is made, the tools it answers with.

    `behind` has every route; if there is none yet, it is made when it is asked for first.
    """
    equipment = _equipment(tools, live)
    before.state.update(equipment)
    visited = Ahead(before, room.show, room.refuse)
    site = _Site(before, visited, _Behind(tools, equipment, behind))
    return Edge(site, tools.settings, _hosts(tools))


def _equipment(tools: Tools, live: Live) -> dict[str, Any]:
    """What all routes answer with: the front and what is behind it have the same."""
    return {
        "tools": tools,
        "live": live,
        "strangers": Strangers(tools),
        "sightings": Sightings(tools),
    }


def _hosts(tools: Tools) -> hosts.Hosts | None:
    return hosts.Hosts(tools) if tools.settings.base_domain else None


class _Behind:
    """What stands behind the front, kept once it is made."""

    def __init__(self, tools: Tools, equipment: dict[str, Any], ready: Litestar | None) -> None:
        self._tools = tools
        self._equipment = equipment
        self._ready = ready
        self._making: asyncio.Task[Litestar] | None = None

    async def there(self) -> Litestar:
        """Return it, made by now; who comes meanwhile waits for the same."""
        making = self._making
        if making is None or (making.done() and (making.cancelled() or making.exception())):
            making = asyncio.create_task(asyncio.to_thread(self._made), name="site-behind")
            self._making = making
        return await asyncio.shield(making)

    def _made(self) -> Litestar:
        # Loaded here: nobody needs it who only chats.
        from parlour.web import whole  # noqa: PLC0415

        app = self._ready
        if app is None:
            app = whole.routed(self._tools.settings.max_body_bytes)
            # It stays until the end: the garbage collector need not look at it again and again.
            gc.freeze()
        app.state.update(self._equipment)
        whole.equip(app, self._tools)
        return app


class _Site:
    """Passes requests on to the front, or to what is behind it."""

    __slots__ = ("_behind", "_front", "_visited")

    def __init__(self, before: Litestar, visited: Ahead, behind: _Behind) -> None:
        self._front = before
        self._visited = visited
        self._behind = behind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; what is behind is made first, if it is not there yet."""
        if not front.is_behind(scope.get("path", "")):
            await self._visited(scope, receive, send)
            return
        try:
            app = await self._behind.there()
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever asked is told
            # Also people, by a problem document: the studio's own pages are not there.
            scope["app"] = scope["litestar_app"] = self._front
            request: Asked = StrictRequest(scope, receive, send)
            told = problems.handle(request, error)
            await told.to_asgi_response(None, request)(scope, receive, send)
            return
        await app(scope, receive, send)
