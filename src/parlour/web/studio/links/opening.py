"""Hours and seats of one link in the studio."""

from typing import Annotated, Any

from litestar import Response, post

from parlour.kit.errors import Invalid, Stale
from parlour.links import keeping
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.links.forms import FORM
from parlour.web.studio.links.one import ONE, after, page
from parlour.web.studio.links.rows import find
from parlour.web.studio.opening import HoursForm, named


@post(ONE + "/hours", opt={"gate": person(Permission.LINKS_MANAGE)})
async def change_hours(
    request: Asked, tools: Tools, seat: Seat, link_id: str, data: Annotated[HoursForm, FORM]
) -> Response[Any]:
    """Say when a link is open and how many may talk at once, unless somebody changed it."""
    row = await find(tools, seat, link_id)
    try:
        await keeping.change(tools, seat.who, row.link, data.wanted(), shell.seen(data.seen))
    except (Invalid, Stale) as problem:
        said = after(named(problem), data.typed())
        return await page(request, tools, seat, link_id, hours=said)
    return shell.go(row.path, "saved")


HANDLERS = [change_hours]
