"""The site: every route with its gate, how failures are told, and what all handlers are given."""

import inspect
from typing import Any

from litestar import Litestar, Response, get
from litestar.di import Provide
from litestar.exceptions import MethodNotAllowedException
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Scope

from parlour.chat.live import Live
from parlour.kit.errors import NotFound
from parlour.rights import Who
from parlour.staff.openid.provider import Provider
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import bodies, edge, gates, hosts, inks, portraits, problems, seats
from parlour.web.ahead import Ahead
from parlour.web.api import (
    answers,
    contact,
    embedding,
    files,
    manage,
    own,
    public,
    remembered,
    service,
    verify,
)
from parlour.web.api import identity as identity_keys
from parlour.web.assets import assets
from parlour.web.edge import Edge
from parlour.web.gates import OPEN, Asked, Gate
from parlour.web.sightings import Sightings
from parlour.web.strangers import Strangers
from parlour.web.studio import (
    agents,
    canned,
    conversations,
    devices,
    downloading,
    entering,
    finding,
    forgetting,
    history,
    holding,
    home,
    keys,
    links,
    mails,
    me,
    messages,
    metrics,
    notes,
    people,
    privacy,
    provider,
    receipts,
    refusing,
    retention,
    revealing,
    second_step,
    sessions,
    shares,
    shell,
    teams,
    transcript,
    webhooks,
    widgets,
)
from parlour.web.studio import remembered as memories
from parlour.web.studio.throttle import Throttle
from parlour.web.visit import card, identity, person, phone, proof, room, shared, sources, yours
from parlour.web.visit import files as visit_files
from parlour.web.visit import notes as note_form
from parlour.web.visit import remembered as memory_page

DOORS = (
    *(public, files, answers, contact, verify, embedding, identity_keys),
    *(remembered, own, manage, service),
)
"""The files of the programs' door; each lists its handlers."""

STUDIO = (
    *(
        entering,
        provider,
        finding,
        agents,
        widgets,
        links,
        conversations,
        transcript,
        holding,
        canned,
        shares,
        forgetting,
        receipts,
        downloading,
        revealing,
        devices,
        memories,
    ),
    *(messages, metrics, sessions),
    *(
        notes,
        teams,
        people,
        privacy,
        retention,
        me,
        mails,
        second_step,
        keys,
        webhooks,
        history,
        home,
    ),
)
"""The files of the studio's door."""

_ALONE = "default-src 'none'; frame-ancestors 'none'"
"""What holds for a file that is no page; a visitor's page loads two dozen, each with its head."""
_FOREVER = "public, max-age=31536000, immutable"


@get("/static/{version:str}/{path:path}", opt={"gate": OPEN}, sync_to_thread=False)
def static(request: Asked, version: str, path: str) -> Response[bytes]:
    """Serve a file of ours from memory, for ever: its address changes with its content."""
    found = assets().find(version, path.lstrip("/"))
    if found is None:
        raise NotFound("there is no such file")
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    headers["Content-Security-Policy"] = _ALONE
    body = found.body
    if found.gzipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        body = found.gzipped
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=found.media_type, headers=headers)


def build(tools: Tools, live: Live) -> Edge:
    """Make the whole site as one ASGI application."""
    return furnished(routed(tools.settings.max_body_bytes), tools, live)


def routed(max_body_bytes: int) -> Litestar:
    """Make every route of the site, for whatever tools: nearly all that building it takes."""
    pages = [room.chat_page, room.say, room.act, room.read, sources.source_page]
    pages += [visit_files.say_with_files]
    pages += [proof.ask, proof.answer, identity.come_in, note_form.ask, note_form.leave]
    pages += [person.person_page, person.call_person, card.card]
    pages += [memory_page.memory_page, memory_page.delete_memory, *yours.HANDLERS, *phone.HANDLERS]
    for page in pages:
        page.exception_handlers = {Exception: room.refuse}
    for page in shared.HANDLERS:
        page.exception_handlers = {Exception: shared.refuse}
    behind = [handler for door in (*STUDIO, *DOORS) for handler in door.HANDLERS]
    for handler in behind:
        # Not for the whole site: a guard costs the framework a sixth of a visit, even one that
        # has nothing to ask.
        handler.guards = [_ask] if handler.opt["gate"].asks else None
    handlers = [
        *pages,
        *shared.HANDLERS,
        static,
        inks.ink_sheet,
        portraits.picture,
        portraits.letter,
        *behind,
    ]
    return _app(handlers, max_body_bytes)


def build_for_worker(tools: Tools) -> Edge:
    """Make the site of a worker: alive, ready, measured."""
    handlers = [service.healthz, service.readyz, service.metrics]
    app = _app(handlers, tools.settings.max_body_bytes)
    _equip(app, tools, Live(tools))
    return _edged(app, tools, app)


def _app(handlers: list[Any], max_body_bytes: int) -> Litestar:
    app = Litestar(
        handlers,
        dependencies={
            "tools": Provide(_tools, sync_to_thread=False),
            "live": Provide(_live, sync_to_thread=False),
            "who": Provide(_who, sync_to_thread=False),
            "seat": Provide(_seat, sync_to_thread=False),
        },
        exception_handlers={Exception: _tell},
        request_class=bodies.StrictRequest,
        request_max_body_size=max_body_bytes,
        openapi_config=None,  # `api.describing` makes a true one
        logging_config=None,
        debug=False,
    )
    require_gates(app)
    return app


def furnished(app: Litestar, tools: Tools, live: Live) -> Edge:
    """Give the site, whose routes are made, the tools it answers with."""
    _equip(app, tools, live)
    app.state.throttle = Throttle(tools)
    app.state.provider = _provider(tools)
    return _edged(app, tools, Ahead(app, room.show, room.refuse))


def _equip(app: Litestar, tools: Tools, live: Live) -> None:
    app.state.tools = tools
    app.state.live = live
    app.state.strangers = Strangers(tools)
    app.state.sightings = Sightings(tools)


def _edged(app: Litestar, tools: Tools, first: ASGIApp) -> Edge:
    methods = {
        route.path_format: {name for each in route.route_handlers for name in each.http_methods}
        for route in app.routes
        if isinstance(route, HTTPRoute)
    }
    places = hosts.Hosts(tools) if tools.settings.base_domain else None
    return Edge(first, tools.settings, methods, places)


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


def _tell(request: Asked, error: Exception) -> Response[Any]:
    """Tell of a failure as whoever asked understands it: people by a page, programs otherwise."""
    path = request.url.path
    if path == shell.HOME or path.startswith(shell.HOME + "/"):
        response = refusing.refuse(request, error)
    elif path.startswith(("/chat/", "/public/")):
        response = room.refuse(request, error)
    elif path.startswith("/share/"):
        response = shared.refuse(request, error)
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
            if gate.asks is not None and handler.middleware:
                raise TypeError(f"{route.path} is answered before anybody is asked who they are")
