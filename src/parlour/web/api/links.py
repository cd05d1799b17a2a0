"""Public links of an agent for programs: list, make, read, change, revoke, and their QR codes."""

from dataclasses import replace
from typing import Final

import msgspec
from litestar import Response, delete, get, post, put
from msgspec import UNSET, UnsetType

from parlour import transcripts
from parlour.agents.model import Agent
from parlour.kit.errors import FieldError, Invalid, NotFound, Problem
from parlour.links import address, keeping, rules, store
from parlour.links.store import Link
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web import codes
from parlour.web.api import asking, moments, shapes
from parlour.web.api.agents import find
from parlour.web.api.link_forms import Edit, Terms
from parlour.web.api.shapes import LinkShown
from parlour.web.counting import spared
from parlour.web.gates import Asked, key

_SEE = {"gate": key(Permission.LINKS_SEE)}
_MANAGE = {"gate": key(Permission.LINKS_MANAGE)}
_PATH: Final = "/api/agents/{name:str}/public-links"
_LARGEST: Final = 32
_PICTURE: Final = {**codes.HEADERS, "Content-Disposition": "inline"}


class NewLink(Terms, frozen=True):
    """A new link. Without a kind it is temporary when it has an end, else permanent."""

    name: str | None = None
    kind: str | None = None
    slug: str | None = None
    """A word that leads to it, too: `/chat/<slug>`; of permanent links only."""


class LinkEdit(Edit, frozen=True):
    """What to change of a link: absent stays, null is cleared."""

    name: str | UnsetType | None = UNSET
    slug: str | UnsetType | None = UNSET


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
    ends = moments.moment("expires_at", data.expires_at)
    kind = rules.kind_meant(kind_of(data.kind), data.hours, ends)
    wish = replace(data.wish(kind, data.name), slug=data.slug)
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
    return await edited(request, tools, who, agent, found, edit=data)


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
    request: Asked, tools: Tools, who: Who, name: str, link_id: str, scale: str = "8"
) -> Response[bytes]:
    """Draw a link's address as a QR code. `scale` is the side of one square, 1 to 32."""
    await spared(request, tools, "codes")
    _, found = await _find(tools, who, name, link_id)
    return picture(tools, found, "svg", scale)


@get(_PATH + "/{link_id:str}/qr.png", opt=_MANAGE, media_type="image/png")
async def qr_png(
    request: Asked, tools: Tools, who: Who, name: str, link_id: str, scale: str = "8"
) -> Response[bytes]:
    """Draw a link's address as a QR code. `scale` is the side of one square in pixels, 1 to 32."""
    await spared(request, tools, "codes")
    _, found = await _find(tools, who, name, link_id)
    return picture(tools, found, "png", scale)


async def _find(tools: Tools, who: Who, name: str, link_id: str) -> tuple[Agent, Link]:
    return await find_link(tools, who, name, link_id, private=False)


async def find_link(
    tools: Tools, who: Who, name: str, link_id: str, *, private: bool
) -> tuple[Agent, Link]:
    """Find a link of an agent, with the agent; NotFound also for one of the other sort."""
    agent = await find(tools, who, name)
    found = await tools.db.read(store.find, agent.id, link_id)
    if (found.kind is rules.Kind.PRIVATE) is not private:
        raise NotFound(f"there is no link {link_id!r}")
    return agent, found


async def edited(
    request: Asked, tools: Tools, who: Who, agent: Agent, found: Link, *, edit: Edit
) -> Response[LinkShown]:
    """Change a link, unless somebody else did since the caller looked, and show it."""
    seen = asking.seen(request, found.updated_at)
    changed = await keeping.change(tools, who, found, edit.wanted(), seen)
    usage = await tools.db.browse(transcripts.usage_of_links, [found.id])
    told = shown(tools, who, agent, changed, usage.get(found.id))
    return asking.tagged(told, changed.updated_at)


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
        base = address.home(tools, found.workspace_id)
        opens = (found.token(tools.keys), address.url(base, tools.keys, found))
    told = shapes.link(found, agent, tools.clock.now(), opens, usage)
    return msgspec.structs.replace(told, name=transcripts.link_name(who, found.name))


def picture(tools: Tools, found: Link, kind: str, scale: str) -> Response[bytes]:
    """Draw a link's address; Problem for a scale that is none."""
    if not (scale.isascii() and scale.isdigit() and 1 <= int(scale[:9]) <= _LARGEST):
        told = f"scale must be a whole number from 1 to {_LARGEST}"
        raise Problem(told, code="invalid", errors=[FieldError("scale", told)])
    url = address.url(address.home(tools, found.workspace_id), tools.keys, found)
    media = {"svg": "image/svg+xml", "png": "image/png"}[kind]
    return Response(codes.picture(url, kind, int(scale)), media_type=media, headers=_PICTURE)


HANDLERS = [public_links, make_link, public_link, edit_link, revoke_link, qr_svg, qr_png]
