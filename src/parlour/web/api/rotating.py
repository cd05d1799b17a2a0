"""New addresses of links for programs: rotate, who still comes by an old one, end those at once."""

from typing import Final

from litestar import Response, delete, get, post

from parlour.agents.model import Agent
from parlour.links import rotating
from parlour.links.rotating import OVERLAP
from parlour.links.store import Link
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.transcripts.lingering import earlier
from parlour.web.api import asking, moments
from parlour.web.api.address_shapes import OldAddresses, told
from parlour.web.api.links import find_link, shown
from parlour.web.api.shapes import LinkShown
from parlour.web.api.strict import Strict
from parlour.web.gates import Asked, key

_SEE = {"gate": key(Permission.LINKS_SEE)}
_MANAGE = {"gate": key(Permission.LINKS_MANAGE)}
_PUBLIC: Final = "/api/agents/{name:str}/public-links/{link_id:str}"
_PRIVATE: Final = "/api/agents/{name:str}/private-links/{link_id:str}"
_OLD: Final = "/old-addresses"


class Rotation(Strict, frozen=True):
    """How a link changes its address."""

    overlap_hours: float = OVERLAP
    """For how many hours the old address still works; 0 ends it at once."""
    hours: float | None = None
    """When the link ends from now on; neither of the two leaves its end where it is."""
    expires_at: str | None = None


async def _rotate(
    request: Asked, tools: Tools, who: Who, at: tuple[Agent, Link], data: Rotation
) -> Response[LinkShown]:
    agent, found = at
    turn = rotating.Turn(
        overlap_hours=data.overlap_hours,
        hours=data.hours,
        expires_at=moments.moment("expires_at", data.expires_at),
    )

    async def rotate(tools: Tools) -> Link:
        # Looked at only now: what was asked for before is answered as it was then.
        seen = asking.seen(request, found.updated_at)
        return await rotating.rotate(tools, who, found, turn, seen)

    return await asking.made(
        request, tools, who, rotate, lambda made: shown(tools, who, agent, made)
    )


async def _earlier(
    tools: Tools, who: Who, name: str, link_id: str, *, private: bool
) -> OldAddresses:
    _, found = await find_link(tools, who, name, link_id, private=private)
    now = tools.clock.now()
    return told(await tools.db.browse(earlier, found, now), now)


async def _retire(
    request: Asked, tools: Tools, who: Who, name: str, link_id: str, *, private: bool
) -> OldAddresses:
    _, found = await find_link(tools, who, name, link_id, private=private)
    await rotating.retire(tools, who, found, asking.seen(request, found.updated_at))
    return await _earlier(tools, who, name, link_id, private=private)


@post(_PUBLIC + "/rotate", opt=_MANAGE, status_code=201)
async def rotate_link(
    request: Asked, tools: Tools, who: Who, name: str, link_id: str, data: Rotation
) -> Response[LinkShown]:
    """Give a link a new address; the old one works for `overlap_hours` more.

    Everything else stays: its policy, its uses, its visitors and their conversations. A link with
    an end can get a later one with it.
    """
    at = await find_link(tools, who, name, link_id, private=False)
    return await _rotate(request, tools, who, at, data)


@post(_PRIVATE + "/rotate", opt=_MANAGE, status_code=201)
async def rotate_private_link(
    request: Asked, tools: Tools, who: Who, name: str, link_id: str, data: Rotation
) -> Response[LinkShown]:
    """Give a private link a new address; uses that were taken stay taken, by either address."""
    at = await find_link(tools, who, name, link_id, private=True)
    return await _rotate(request, tools, who, at, data)


@get(_PUBLIC + _OLD, opt=_SEE)
async def old_addresses(tools: Tools, who: Who, name: str, link_id: str) -> OldAddresses:
    """List the addresses that a link had, and who last said something by one of them."""
    return await _earlier(tools, who, name, link_id, private=False)


@get(_PRIVATE + _OLD, opt=_SEE)
async def old_private_addresses(tools: Tools, who: Who, name: str, link_id: str) -> OldAddresses:
    """List the addresses that a private link had, and who last said something by one of them."""
    return await _earlier(tools, who, name, link_id, private=True)


@delete(_PUBLIC + _OLD, opt=_MANAGE, status_code=200)
async def end_old_addresses(
    request: Asked, tools: Tools, who: Who, name: str, link_id: str
) -> OldAddresses:
    """End the addresses that a link had before; only its present one works from now on."""
    return await _retire(request, tools, who, name, link_id, private=False)


@delete(_PRIVATE + _OLD, opt=_MANAGE, status_code=200)
async def end_old_private_addresses(
    request: Asked, tools: Tools, who: Who, name: str, link_id: str
) -> OldAddresses:
    """End the addresses that a private link had before."""
    return await _retire(request, tools, who, name, link_id, private=True)


HANDLERS = [
    rotate_link,
    rotate_private_link,
    old_addresses,
    old_private_addresses,
    end_old_addresses,
    end_old_private_addresses,
]
