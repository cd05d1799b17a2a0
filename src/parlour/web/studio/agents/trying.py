"""Trying a draft: the visitor's own page, in a frame beside the form, answering with the draft."""

from litestar import post
from litestar.response import Redirect

from parlour import workspaces
from parlour.agents import keeping, previews
from parlour.agents.model import Agent
from parlour.kit.clock import HOUR, Moment
from parlour.kit.errors import Conflict
from parlour.links import keeping as links
from parlour.links import store
from parlour.links.rules import Kind
from parlour.links.store import Link
from parlour.rights import Permission, Who
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import person
from parlour.web.studio.agents import frame

_HOURS = 12
"""For how long an address at which one person tries a draft is good."""


@post(frame.LIST + "/{name:str}/try", opt={"gate": person(Permission.AGENTS_MANAGE)})
async def try_draft(tools: Tools, seat: Seat, name: str) -> Redirect:
    """Lead to a chat with the draft that only this person has the address of."""
    agent = await frame.find(tools, seat, name)
    if said := keeping.lacking(agent.draft):
        raise Conflict(said, code="not_ready")
    preview = await mirror(tools, agent)
    link = await _link(tools, seat, preview)
    return Redirect(f"/chat/{link.token(tools.keys)}", status_code=303)


async def mirror(tools: Tools, agent: Agent) -> Agent:
    """Have the preview of an agent answer with the draft as it is now."""
    home = await workspaces.ensure_previews(tools)
    return await previews.mirror(tools, agent, home.id)


async def _link(tools: Tools, seat: Seat, preview: Agent) -> Link:
    """Return this person's own link to a preview; a conversation goes on as long as it is good."""
    now = tools.clock.now()
    for link in await tools.db.read(store.of_agents, [preview.id]):
        if link.name == seat.person.id and _is_good(link, now):
            return link
    who = Who("person", seat.person.id, seat.person.name, preview.workspace_id, seat.who.role)
    wish = links.Wish(kind=Kind.TEMPORARY, name=seat.person.id, hours=_HOURS)
    return await links.create(tools, who, preview.id, wish)


def _is_good(link: Link, now: Moment) -> bool:
    return link.enabled and link.expires_at is not None and link.expires_at > now + HOUR


HANDLERS = [try_draft]
