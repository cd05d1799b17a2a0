"""Sharing an agent in the studio: whether it answers, who may come in, its widgets, its links."""

from typing import Any, Final

from litestar import Response, get

from parlour.links import listing
from parlour.links.listing import Search
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio.agents import frame
from parlour.web.studio.links.rows import rows
from parlour.web.studio.widgets.cards import Card, ink_sheet
from parlour.widgets import store as widgets

_AT_ONCE: Final = 25


@get(frame.LIST + "/{name:str}/sharing", opt={"gate": person(Permission.LINKS_SEE)})
async def sharing(request: Asked, tools: Tools, seat: Seat, name: str) -> Response[Any]:
    """Show how an agent is shared."""
    agent = await frame.find(tools, seat, name)
    workspace, now = seat.person.workspace_id, tools.clock.now()
    found = await tools.db.browse(
        listing.page, workspace, Search(agents=[agent.id]), now, limit=_AT_ONCE + 1
    )
    looks = (await tools.db.browse(widgets.of_agents, workspace, [agent.id]))[agent.id]
    return await frame.page(
        request,
        tools,
        seat,
        agent,
        "studio/agent-sharing.html",
        tab="sharing",
        rows=await rows(tools, seat, found[:_AT_ONCE], {agent.id: agent}),
        more=len(found) > _AT_ONCE,
        cards=[Card(each, agent) for each in looks],
        inks=ink_sheet(looks),
        hands_out=seat.who.may(Permission.LINKS_MANAGE),
    )


HANDLERS = [sharing]
