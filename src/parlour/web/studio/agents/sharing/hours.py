"""When an agent's links are open, and how many may talk at once by all of them."""

from typing import Annotated, Any

from litestar import Response, post

from parlour.agents import sharing
from parlour.kit.errors import Invalid, Stale
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents import frame
from parlour.web.studio.agents.forms import FORM
from parlour.web.studio.agents.sharing import page
from parlour.web.studio.opening import HoursForm, named
from parlour.web.studio.telling import Told


@post(page.OWN + "/hours", opt={"gate": person(Permission.LINKS_MANAGE)})
async def change_hours(
    request: Asked, tools: Tools, seat: Seat, name: str, data: Annotated[HoursForm, FORM]
) -> Response[Any]:
    """Say when visitors may talk and how many at once; it is in force at once."""
    agent = await frame.find(tools, seat, name)
    try:
        wanted = data.wanted()
        agent, _ = await sharing.change(tools, seat.who, agent, wanted, shell.seen(data.seen))
    except (Invalid, Stale) as problem:
        agent = await frame.find(tools, seat, name)
        form = page.after(named(problem), data.typed())
        return await page.show(request, tools, seat, agent, form, of="hours")
    told = Told("The hours are in force.")
    return shell.tell(request, seat, page.path_of(agent), told)


HANDLERS = [change_hours]
