"""The site: every route with its gate, how failures are told, and what all handlers are given."""

import inspect
from typing import Any

from litestar import Litestar, Response, get
from litestar.di import Provide
from litestar.exceptions import MethodNotAllowedException
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute

from parlour.chat.live import Live
from parlour.kit.errors import NotFound
from parlour.kit.limits import PerMinute
from parlour.rights import Who
from parlour.staff.openid.provider import Provider
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import bodies, edge, gates, inks, problems, seats
from parlour.web.api import manage, public, service
from parlour.web.assets import assets
from parlour.web.edge import Edge
from parlour.web.gates import OPEN, Asked, Gate
from parlour.web.strangers import Strangers
from parlour.web.studio import (
    agents,
    conversations,
    entering,
    finding,
    history,
    home,
    keys,
    links,
    me,
    people,
    provider,
    second_step,
    shell,
    transcript,
    widgets,
)
from parlour.web.studio.throttle import Throttle
from parlour.web.visit import room, sources

DOORS = (public, manage, service)
"""The files of the programs' door; each lists its handlers."""

STUDIO = (
    *(entering, provider, finding, agents, widgets, links, conversations, transcript),
    *(people, me, second_step, keys, history, home),
)
"""The files of the studio's door."""

_FOREVER = "public, max-age=31536000, immutable"


@get("/static/{version:str}/{path:path}", opt={"gate": OPEN}, sync_to_thread=False)
def static(request: Asked, version: str, path: str) -> Response[bytes]:
    """Serve a file of ours from memory, for ever: its address changes with its content."""
    found = assets().find(version, path.lstrip("/"))
    if found is None:
        raise NotFound("there is no such file")
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    body = found.body
    if found.gzipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        body = found.gzipped
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=found.media_type, headers=headers)


def build(tools: Tools, live: Live) -> Edge:
    """Make the whole site as one ASGI application."""
    pages = [room.chat_page, room.say, room.act, room.read, sources.source_page]
    for page in pages:
        page.exception_handlers = {Exception: room.refuse}
    behind = [handler for door in (*STUDIO, *DOORS) for handler in door.HANDLERS]
    for handler in behind:
        # Not for the whole site: a guard costs the framework a sixth of a visit, even one that
        # has nothing to ask.
        handler.guards = [_ask] if handler.opt["gate"].asks else None
    app = Litestar(
        [*pages, static, inks.ink_sheet, *behind],
        dependencies={
            "tools": Provide(lambda: tools, sync_to_thread=False),
            "live": Provide(lambda: live, sync_to_thread=False),
            "who": Provide(_who, sync_to_thread=False),
            "seat": Provide(_seat, sync_to_thread=False),
        },
        exception_handlers={Exception: _tell},
        request_class=bodies.StrictRequest,
        request_max_body_size=tools.settings.max_body_bytes,
        openapi_config=None,  # `api.describing` makes a true one
        logging_config=None,
        debug=False,
    )
    limiter = PerMinute(tools.settings.wrong_tokens_per_minute)
    app.state.tools = tools
    app.state.throttle = Throttle(tools)
    app.state.provider = _provider(tools)
    app.state.strangers = Strangers(tools.keys, tools.settings.trusted_proxies, limiter)
    require_gates(app)
    methods = {
        route.path_format: {name for each in route.route_handlers for name in each.http_methods}
        for route in app.routes
        if isinstance(route, HTTPRoute)
    }
    return Edge(app, tools.settings, methods)


def _provider(tools: Tools) -> Provider | None:
    """Make what asks the provider of sign-ins, if the settings name one."""
    if not tools.settings.oidc_issuer:
        return None
    return Provider(tools.settings, tools.http, tools.clock)


async def _ask(request: Any, handler: BaseRouteHandler) -> None:
    """Find out who stands at a gate before anything they sent is read, let alone judged."""
    gate: Gate = handler.opt["gate"]
    if gate.asks is None:
        return
    asks = gates.who if gate.asks == "who" else seats.seat
    setattr(request.state, gate.asks, await asks(request, request.app.state.tools))


def _who(request: Asked) -> Who:
    found: Who = request.state.who
    return found


def _seat(request: Asked) -> Seat:
    found: Seat = request.state.seat
    return found


def _tell(request: Asked, error: Exception) -> Response[Any]:
    """Tell of a failure as whoever asked understands it: people by a page, programs otherwise."""
    path = request.url.path
    if path == shell.HOME or path.startswith(shell.HOME + "/"):
        response = shell.refuse(request, error)
    elif path.startswith(("/chat/", "/public/")):
        response = room.refuse(request, error)
    else:
        response = problems.handle(request, error)
    if isinstance(error, MethodNotAllowedException) and error.headers:
        taken = {name.lower(): value for name, value in error.headers.items()}["allow"]
        response.headers["Allow"] = edge.allow(taken.split(", "))
    return response


def require_gates(app: Litestar) -> None:
    """Refuse a site with a route that does not say who may pass, or says so and does not ask."""
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            made_by_litestar = handler.http_methods == {"OPTIONS"}
            if made_by_litestar:
                continue
            gate = handler.opt.get("gate")
            if not isinstance(gate, Gate):
                raise TypeError(f"{route.path} names no gate")
            if gate.asks is not None and gate.asks not in inspect.signature(handler.fn).parameters:
                raise TypeError(f"{route.path} has a gate, and nobody stands at it")
