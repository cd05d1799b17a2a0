"""The chat on pages of other sites: the loader's script, and how its button looks there."""

import contextlib
from typing import Final

import msgspec
from litestar import Response, get

from parlour import pictures
from parlour.entrance import Door, Refused, look, named
from parlour.kit import origins
from parlour.kit.errors import NotFound
from parlour.kit.inks import ink
from parlour.links import store as links
from parlour.links.rules import Refuse, Why
from parlour.tools import Tools
from parlour.web import problems, tongues
from parlour.web.assets import assets
from parlour.web.gates import LINK, OPEN, Asked
from parlour.web.sightings import Sightings
from parlour.web.words import spoken
from parlour.widgets import store as widgets
from parlour.widgets.model import Widget, first

LOADER: Final = "widget/v1.js"
_FOR_A_WHILE: Final = "public, max-age=600, stale-while-revalidate=86400"
_OF_OTHERS: Final = {
    # Pages of other sites load these, whoever they are; nothing here is anybody's.
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_PASSES: Final = frozenset(
    {Why.OFFLINE, Why.NOT_OPEN, Why.CLOSED, Why.FULL, Why.USED_UP, Why.VERIFICATION_REQUIRED}
)
"""Reasons that a visitor reads where the chat would be; for all others there is no button."""


class Accent(msgspec.Struct, frozen=True):
    """An accent in both themes, and what is written on it."""

    light: str
    on_light: str
    dark: str
    on_dark: str


class Button(msgspec.Struct, frozen=True):
    """How the button of a chat looks in a page of another site, and what it says."""

    name: str
    """The agent's, as visitors read it."""
    label: str | None
    teaser: str | None
    position: str
    size: str
    theme: str
    accent: Accent | None
    """Null for the house's ink."""
    picture: str | None
    """Where its picture is served on this host; null without one."""
    language: str
    direction: str
    words: dict[str, str]


def _refuse(request: Asked, error: Exception) -> Response[bytes]:
    """Let a page of another site read a refusal, which tells it nothing."""
    response = problems.handle(request, error)
    response.headers.update(_OF_OTHERS)
    return response


@get("/widget/v1.js", opt={"gate": OPEN}, sync_to_thread=False, include_in_schema=False)
def loader(request: Asked) -> Response[bytes]:
    """Serve the script that puts a chat into a page."""
    found = assets().files[LOADER]
    headers = {**_OF_OTHERS, "Cache-Control": _FOR_A_WHILE, "Vary": "Accept-Encoding"}
    body = found.body
    if found.gzipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        body = found.gzipped
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=found.media_type, headers=headers)


@get(
    "/api/public/widget/{token:str}",
    opt={"gate": LINK},
    exception_handlers={Exception: _refuse},
)
async def button(request: Asked, tools: Tools, token: str) -> Response[Button]:
    """Tell how a chat's button looks in a page of the site that asks, if it may stand there.

    404 where it may not, and where there is no such link, alike.
    """
    door = await look(tools, await named(tools, token), None)
    origin = origins.origin(request.headers.get("origin", ""))
    seen: Sightings = request.app.state.sightings
    seen.note(door.link_id, origin)
    if not (origins.fits(origin, door.origins) and _is_shown(door)):
        raise Refused(Refuse(Why.NOT_FOUND))
    headers = {**_OF_OTHERS, "Cache-Control": "private, max-age=60", "Vary": "Origin"}
    language = tongues.of(request.scope, door.language)
    return Response(_button(door, await _look(tools, door), language), headers=headers)


async def _look(tools: Tools, door: Door) -> Widget:
    """Find the widget of a link, or the one that its agent has from the start."""
    workspace, agent = door.workspace_id, door.agent_id
    with contextlib.suppress(NotFound):
        found = await tools.db.read(links.of_workspace, workspace, door.link_id)
        if found.widget_id is not None:
            return await tools.db.read(widgets.find, workspace, agent, found.widget_id)
    return first(workspace, agent)


def _is_shown(door: Door) -> bool:
    refused = door.refused()
    return door.content is not None and (refused is None or refused.refusal.why in _PASSES)


def _button(door: Door, look: Widget, language: str) -> Button:
    code, words = spoken(language)
    made = None if door.accent is None else ink(door.accent)
    return Button(
        name=door.agent_name,
        label=look.label,
        teaser=look.teaser,
        position=look.position,
        size=look.size,
        theme=look.theme,
        accent=None
        if made is None
        else Accent(f"#{made.light}", f"#{made.on_light}", f"#{made.dark}", f"#{made.on_dark}"),
        picture=pictures.path(door.content.avatar) or None if door.content else None,
        language=code,
        direction=words.direction,
        words=dict(words.widget),
    )


HANDLERS = [loader, button]
