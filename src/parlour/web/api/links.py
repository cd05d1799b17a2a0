"""Public links of an agent for programs: list, make, read, change, revoke, and their QR codes."""

from typing import Any, Final

import msgspec
from litestar import Response, delete, get, post, put
from msgspec import UNSET, UnsetType

from parlour import transcripts
from parlour.agents.model import Agent
from parlour.kit.errors import FieldError, Invalid, Problem
from parlour.links import address, keeping, rules, store
from parlour.links.store import Link
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web import codes
from parlour.web.api import asking, shapes
from parlour.web.api.agents import find
from parlour.web.api.shapes import LinkShown, Strict
from parlour.web.gates import Asked, key

_SEE = {"gate": key(Permission.LINKS_SEE)}
_MANAGE = {"gate": key(Permission.LINKS_MANAGE)}
_PATH: Final = "/api/agents/{name:str}/public-links"
_LARGEST: Final = 32
_PICTURE: Final = {**codes.HEADERS, "Content-Disposition": "inline"}


class NewLink(Strict, frozen=True):
    """A new link. Without a kind it is temporary when it has an end, else permanent."""

    name: str | None = None
    kind: str | None = None
    hours: float | None = None
    expires_at: str | None = None
    welcome_message: str | None = None
    enabled: bool = True


class LinkEdit(Strict, frozen=True):
    """What to change of a link: absent stays, null is cleared."""

    name: str | UnsetType | None = UNSET
    expires_at: str | UnsetType | None = UNSET
    welcome_message: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET


class LinkDeleted(msgspec.Struct, frozen=True):
    """A link that is gone."""

    message: str
    link_id: str


@get(_PATH, opt=_SEE)
async def public_links(tools: Tools, who: Who, name: str) -> list[LinkShown]:
    """List an agent's links, newest first.

    One answer holds all that are not revoked; it is as long as there are links, about 600 bytes
    each.
    """
    agent = await find(tools, who, name)
    found = await tools.db.browse(store.of_agents, [agent.id])
    usage = await tools.db.browse(transcripts.usage_of_links, [each.id for each in found])
    return [shown(tools, who, agent, each, usage.get(each.id)) for each in found]


@post(_PATH, opt=_MANAGE, status_code=201)
async def make_link(
    request: Asked, tools: Tools, who: Who, name: str, data: NewLink
) -> Response[LinkShown]:
    """Make a link to an agent."""
    agent = await find(tools, who, name)
    ends = shapes.moment("expires_at", data.expires_at)
    wish = keeping.Wish(
        kind=rules.kind_meant(kind_of(data.kind), data.hours, ends),
        name=data.name,
        hours=data.hours,
        expires_at=ends,
        welcome_message=data.welcome_message,
        enabled=data.enabled,
    )
    return await asking.made(
        request,
        tools,
        who,
        lambda tools: keeping.create(tools, who, agent.id, wish),
        lambda made: shown(tools, who, agent, made),
    )


@get(_PATH + "/{link_id:str}", opt=_SEE)
async def public_link(tools: Tools, who: Who, name: str, link_id: str) -> Response[LinkShown]:
    """Read one link."""
    agent, found = await _find(tools, who, name, link_id)
    usage = await tools.db.browse(transcripts.usage_of_links, [found.id])
    told = shown(tools, who, agent, found, usage.get(found.id))
    return asking.tagged(told, found.updated_at)


@put(_PATH + "/{link_id:str}", opt=_MANAGE)
async def edit_link(
    request: Asked, tools: Tools, who: Who, name: str, link_id: str, data: LinkEdit
) -> Response[LinkShown]:
    """Change a link: absent stays, null is cleared. Its end can come earlier, never later."""
    agent, found = await _find(tools, who, name, link_id)
    seen = asking.seen(request, found.updated_at)
    given: dict[str, Any] = {field: getattr(data, field) for field in LinkEdit.__struct_fields__}
    wanted = {field: value for field, value in given.items() if value is not UNSET}
    if "expires_at" in wanted:
        wanted["expires_at"] = shapes.moment("expires_at", wanted["expires_at"])
    changed = await keeping.change(tools, who, found, wanted, seen)
    usage = await tools.db.browse(transcripts.usage_of_links, [found.id])
    told = shown(tools, who, agent, changed, usage.get(found.id))
    return asking.tagged(told, changed.updated_at)


@delete(_PATH + "/{link_id:str}", opt=_MANAGE, status_code=200)
async def revoke_link(
    request: Asked, tools: Tools, who: Who, name: str, link_id: str
) -> LinkDeleted:
    """End a link for good. It answers as if it had never been; streams end within 2 seconds."""
    _, found = await _find(tools, who, name, link_id)
    await keeping.revoke(tools, who, found, asking.seen(request, found.updated_at))
    return LinkDeleted("the link has been revoked", found.id)


@get(_PATH + "/{link_id:str}/qr.svg", opt=_MANAGE, media_type="image/svg+xml")
async def qr_svg(
    tools: Tools, who: Who, name: str, link_id: str, scale: str = "8"
) -> Response[bytes]:
    """Draw a link's address as a QR code. `scale` is the side of one square, 1 to 32."""
    _, found = await _find(tools, who, name, link_id)
    drawn = _drawn(tools, found, "svg", scale)
    return Response(drawn, media_type="image/svg+xml", headers=_PICTURE)


@get(_PATH + "/{link_id:str}/qr.png", opt=_MANAGE, media_type="image/png")
async def qr_png(
    tools: Tools, who: Who, name: str, link_id: str, scale: str = "8"
) -> Response[bytes]:
    """Draw a link's address as a QR code. `scale` is the side of one square in pixels, 1 to 32."""
    _, found = await _find(tools, who, name, link_id)
    drawn = _drawn(tools, found, "png", scale)
    return Response(drawn, media_type="image/png", headers=_PICTURE)


async def _find(tools: Tools, who: Who, name: str, link_id: str) -> tuple[Agent, Link]:
    agent = await find(tools, who, name)
    return agent, await tools.db.read(store.find, agent.id, link_id)


def kind_of(word: str | None) -> rules.Kind | None:
    """Read a kind of link; Invalid for a word that is none."""
    if word is None:
        return None
    for kind in rules.Kind:
        if kind.word == word:
            return kind
    message = f"must be one of {', '.join(kind.word for kind in rules.Kind)}"
    raise Invalid(f"kind {message}", errors=[FieldError("kind", message)])


def shown(
    tools: Tools, who: Who, agent: Agent, found: Link, usage: shapes.Usage | None = None
) -> LinkShown:
    """Show a link to who asks: its address only to who may manage links."""
    opens = None
    if who.may(Permission.LINKS_MANAGE):
        base = address.base(tools.settings)
        opens = (found.token(tools.keys), address.url(base, tools.keys, found))
    return shapes.link(found, agent, tools.clock.now(), opens, usage)


def _drawn(tools: Tools, found: Link, kind: str, scale: str) -> bytes:
    if not (scale.isascii() and scale.isdigit() and 1 <= int(scale[:9]) <= _LARGEST):
        told = f"scale must be a whole number from 1 to {_LARGEST}"
        raise Problem(told, code="invalid", errors=[FieldError("scale", told)])
    url = address.url(address.base(tools.settings), tools.keys, found)
    return codes.picture(url, kind, int(scale))


HANDLERS = [public_links, make_link, public_link, edit_link, revoke_link, qr_svg, qr_png]
