"""Making routes: what all handlers are given, who stands at the gates, how methods are told."""

import inspect
from collections.abc import Callable
from typing import Any

from litestar import Litestar, Response
from litestar.di import Provide
from litestar.exceptions import MethodNotAllowedException
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import Scope

from parlour.chat.live import Live
from parlour.rights import Who
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import bodies, edge, gates, hosts, seats
from parlour.web.gates import Asked, Gate

Tell = Callable[[Asked, Exception], Response[Any]]
"""How a failure is told to whoever asked."""


def routed(handlers: list[Any], max_body_bytes: int, tell: Tell) -> Litestar:
    """Make routes of handlers, for whatever tools; what fails in them is told by `tell`.

    Raises:
        TypeError: a handler names no gate, or one at which nobody stands.
    """
    app = Litestar(
        handlers,
        dependencies={
            "tools": Provide(_tools, sync_to_thread=False),
            "live": Provide(_live, sync_to_thread=False),
            "who": Provide(_who, sync_to_thread=False),
            "seat": Provide(_seat, sync_to_thread=False),
        },
        exception_handlers={Exception: lambda *failed: _with_methods(tell(*failed), failed[1])},
        request_class=bodies.StrictRequest,
        request_max_body_size=max_body_bytes,
        openapi_config=None,  # `api.describing` makes a true one
        logging_config=None,
        debug=False,
    )
    require_gates(app)
    app.state.allow = {
        route.path_format: edge.allow(
            {name for each in route.route_handlers for name in each.http_methods}
        ).encode()
        for route in app.routes
        if isinstance(route, HTTPRoute)
    }
    return app


def guarded(handlers: list[Any]) -> list[Any]:
    """Have those handlers ask who stands at their gate whose gate wants to know."""
    for handler in handlers:
        # Not for the whole site: a guard costs the framework a sixth of a visit, even one that
        # has nothing to ask.
        handler.guards = [_ask] if handler.opt["gate"].asks else None
    return handlers


def _with_methods(response: Response[Any], error: Exception) -> Response[Any]:
    if isinstance(error, MethodNotAllowedException) and error.headers:
        taken = {name.lower(): value for name, value in error.headers.items()}["allow"]
        response.headers["Allow"] = edge.allow(taken.split(", "))
    return response


async def _ask(request: Any, handler: BaseRouteHandler) -> None:
    """Find out who stands at a gate before anything they sent is read, let alone judged."""
    gate: Gate = handler.opt["gate"]
    if gate.asks is None:
        return
    asks = gates.who if gate.asks == "who" else seats.seat
    setattr(request.state, gate.asks, await asks(request, hosts.tools_of(request.scope)))


def _tools(scope: Scope) -> Tools:
    return hosts.tools_of(scope)


# Each asks for one before it: the framework looks for independent ones in a group of tasks, which
# takes a tenth of a millisecond, and finds those that lean on each other in turn.
def _live(scope: Scope, tools: Tools) -> Live:
    del tools
    found: Live = scope["litestar_app"].state.live
    return found


def _who(request: Asked, live: Live) -> Who:
    del live
    found: Who = request.state.who
    return found


def _seat(request: Asked, live: Live) -> Seat:
    del live
    found: Seat = request.state.seat
    return found


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
            if gate.asks is not None and handler.middleware:
                raise TypeError(f"{route.path} is answered before anybody is asked who they are")
