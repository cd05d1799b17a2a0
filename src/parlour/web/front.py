"""The front: what visitors ask, and whoever watches the server. It is there from the start."""

from typing import Any, Final

from litestar import Litestar, Response, get
from litestar.exceptions import NotFoundException
from litestar.response import Redirect

from parlour.kit.errors import NotFound
from parlour.web import inks, portraits, problems, routing
from parlour.web.api import (
    answers,
    contact,
    embedding,
    files,
    identity,
    own,
    public,
    remembered,
    service,
    verify,
)
from parlour.web.assets import assets
from parlour.web.gates import OPEN, Asked
from parlour.web.visit import card, person, phone, proof, room, shared, sources, yours
from parlour.web.visit import files as visit_files
from parlour.web.visit import identity as vouched
from parlour.web.visit import notes as note_form
from parlour.web.visit import remembered as memory_page

DOORS: Final = (
    *(public, files, answers, contact, verify, embedding, identity),
    *(remembered, own, service),
)
"""The files of the programs' door that visitors use; each lists its handlers, also the team's."""

BEHIND: Final = (
    *("/studio/", "/api/", "/docs/", "/openapi.json/"),
    *("/conversation/", "/peoples/"),  # where older programs share conversations
)
"""Below these stands what is the team's and its programs', and the description of all …"""
_VISITORS: Final = "/api/public/"
"""… but visitors here."""

_ALONE: Final = "default-src 'none'; frame-ancestors 'none'"
"""What holds for a file that is no page; a visitor's page loads two dozen, each with its head."""
_FOREVER: Final = "public, max-age=31536000, immutable"


@get("/", opt={"gate": OPEN}, sync_to_thread=False)
def entry() -> Redirect:
    """Lead whoever types nothing but the host to the studio."""
    return Redirect("/studio", status_code=303)


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


def is_behind(path: str) -> bool:
    """Whether what is asked for stands behind the front: with the team, or its programs."""
    within = f"{path}/"
    return within.startswith(BEHIND) and not within.startswith(_VISITORS)


def handlers() -> list[Any]:
    """List the handlers of the front, each with how its failures are told."""
    pages = [room.chat_page, room.say, room.act, room.read, sources.source_page]
    pages += [visit_files.say_with_files]
    pages += [proof.ask, proof.answer, vouched.come_in, note_form.ask, note_form.leave]
    pages += [person.person_page, person.call_person, card.card]
    pages += [memory_page.memory_page, memory_page.delete_memory, *yours.HANDLERS, *phone.HANDLERS]
    for page in pages:
        page.exception_handlers = {Exception: room.refuse}
    for page in shared.HANDLERS:
        page.exception_handlers = {Exception: shared.refuse}
    offered = [handler for door in DOORS for handler in door.HANDLERS]
    return [
        *pages,
        *shared.HANDLERS,
        entry,
        static,
        inks.ink_sheet,
        portraits.picture,
        portraits.letter,
        *routing.guarded([each for each in offered if not any(map(is_behind, each.paths))]),
    ]


def routed(max_body_bytes: int) -> Litestar:
    """Make the routes of the front, for whatever tools."""
    return routing.routed(handlers(), max_body_bytes, tell)


def routed_for_worker(max_body_bytes: int) -> Litestar:
    """Make the routes of a worker: alive, ready, measured."""
    watched = [service.healthz, service.readyz, service.metrics]
    return routing.routed(watched, max_body_bytes, tell)


def tell(request: Asked, error: Exception) -> Response[Any]:
    """Tell of a failure as whoever asked understands it: people by a page, programs otherwise."""
    path = request.url.path
    if path.startswith(("/chat/", "/public/")) or _is_lost(request, path, error):
        return room.refuse(request, error)
    if path.startswith("/share/"):
        return shared.refuse(request, error)
    return problems.handle(request, error)


def _is_lost(request: Asked, path: str, error: Exception) -> bool:
    """Whether somebody came with a browser to where there is nothing."""
    by_browser = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    return by_browser and isinstance(error, NotFoundException) and not path.startswith("/api/")
