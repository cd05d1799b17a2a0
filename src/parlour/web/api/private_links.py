"""Private links of an agent for programs: list, make many at once, read, change, revoke."""

from typing import Final

from litestar import Response, delete, get, patch, post
from msgspec import UNSET, UnsetType

from parlour import transcripts
from parlour.links import keeping, private, rules
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web import handouts
from parlour.web.api import asking
from parlour.web.api.agents import find
from parlour.web.api.link_forms import Edit, Terms
from parlour.web.api.links import LinkDeleted, edited, find_link, picture, shown
from parlour.web.api.shapes import LinkShown
from parlour.web.api.strict import Strict
from parlour.web.gates import Asked, key

_SEE = {"gate": key(Permission.LINKS_SEE)}
_MANAGE = {"gate": key(Permission.LINKS_MANAGE)}
_PATH: Final = "/api/agents/{name:str}/private-links"


class Invited(Strict, frozen=True):
    """A user or a group, who gets a link."""

    name: str
    max_uses: int = 0
    """How often the link may be used; 0 is without a maximum."""


class Invitations(Terms, frozen=True, kw_only=True):
    """Who gets a private link, and what these links have in common."""

    users: list[Invited]


class PrivateEdit(Edit, frozen=True):
    """What to change of a private link: absent stays, null is cleared."""

    name: str | UnsetType = UNSET
    max_uses: int | UnsetType = UNSET


@get(_PATH, opt=_SEE)
async def private_links(tools: Tools, who: Who, name: str) -> list[LinkShown]:
    """List an agent's private links, newest first; there are `PARLOUR_MAX_PRIVATE_LINKS` at most.

    Whoever an address is passed on to can use it, too.
    """
    agent = await find(tools, who, name)
    found = await tools.db.browse(private.every, agent.id)
    usage = await tools.db.browse(transcripts.usage_of_links, [each.id for each in found])
    return [shown(tools, who, agent, each, usage.get(each.id)) for each in found]


@post(_PATH, opt=_MANAGE, status_code=201)
async def invite(
    request: Asked, tools: Tools, who: Who, name: str, data: Invitations
) -> Response[list[LinkShown]]:
    """Make a private link for each user or group, all of them or none.

    409 `too_many_links` when the agent would have more than it may; nothing is made then.
    """
    agent = await find(tools, who, name)
    wishes = [data.wish(rules.Kind.PRIVATE, each.name, each.max_uses) for each in data.users]
    return await asking.made(
        request,
        tools,
        who,
        lambda tools: private.invite(tools, who, agent.id, wishes),
        lambda made: [shown(tools, who, agent, each) for each in made],
    )


@get(_PATH + "/{link_id:str}", opt=_SEE)
async def private_link(tools: Tools, who: Who, name: str, link_id: str) -> Response[LinkShown]:
    """Read one private link."""
    agent, found = await find_link(tools, who, name, link_id, private=True)
    usage = await tools.db.browse(transcripts.usage_of_links, [found.id])
    told = shown(tools, who, agent, found, usage.get(found.id))
    return asking.tagged(told, found.updated_at)


@patch(_PATH + "/{link_id:str}", opt=_MANAGE)
async def edit_private_link(
    request: Asked, tools: Tools, who: Who, name: str, link_id: str, data: PrivateEdit
) -> Response[LinkShown]:
    """Change a private link: absent stays, null is cleared.

    A maximum may be set below what was used: nobody new comes in then, and whoever is in the
    middle of a use may finish it.
    """
    agent, found = await find_link(tools, who, name, link_id, private=True)
    return await edited(request, tools, who, agent, found, edit=data)


@delete(_PATH + "/{link_id:str}", opt=_MANAGE, status_code=200)
async def revoke_private_link(
    request: Asked, tools: Tools, who: Who, name: str, link_id: str
) -> LinkDeleted:
    """End a private link for good. It opens nothing any more; streams end within 2 seconds."""
    _, found = await find_link(tools, who, name, link_id, private=True)
    await keeping.revoke(tools, who, found, asking.seen(request, found.updated_at))
    return LinkDeleted("the link has been revoked", found.id)


@get(_PATH + "/{link_id:str}/qr.svg", opt=_MANAGE, media_type="image/svg+xml")
async def private_qr_svg(
    tools: Tools, who: Who, name: str, link_id: str, scale: str = "8"
) -> Response[bytes]:
    """Draw a private link's address as a QR code. `scale` is the side of one square, 1 to 32."""
    _, found = await find_link(tools, who, name, link_id, private=True)
    return picture(tools, found, "svg", scale)


@get(_PATH + "/{link_id:str}/qr.png", opt=_MANAGE, media_type="image/png")
async def private_qr_png(
    tools: Tools, who: Who, name: str, link_id: str, scale: str = "8"
) -> Response[bytes]:
    """Draw a private link's address as a QR code. `scale` is the side of a square in pixels."""
    _, found = await find_link(tools, who, name, link_id, private=True)
    return picture(tools, found, "png", scale)


@get(_PATH + "/urls.csv", opt=_MANAGE, media_type="text/csv")
async def private_table(tools: Tools, who: Who, name: str) -> Response[bytes]:
    """Give away the addresses of an agent's private links as CSV, by name."""
    return await handouts.taken_away(tools, await find(tools, who, name), "csv")


@get(_PATH + "/codes.pdf", opt=_MANAGE, media_type="application/pdf")
async def private_sheet(tools: Tools, who: Who, name: str) -> Response[bytes]:
    """Give away the QR codes of an agent's private links as a sheet to print: PDF, A4."""
    return await handouts.taken_away(tools, await find(tools, who, name), "pdf")


HANDLERS = [
    private_links,
    invite,
    private_table,
    private_sheet,
    private_link,
    edit_private_link,
    revoke_private_link,
    private_qr_svg,
    private_qr_png,
]
