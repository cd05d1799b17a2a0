"""Who may come in at all: anyone with a link, or only by private links."""

from typing import Annotated, Any

import msgspec
from litestar import Response, post

from parlour.agents import sharing
from parlour.agents.sharing import Mode
from parlour.kit.errors import Invalid, Stale
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents import frame
from parlour.web.studio.agents.forms import FORM
from parlour.web.studio.agents.sharing import page
from parlour.web.studio.telling import Told

_SAID = {
    Mode.ANYONE: "Anyone with a link can come in again.",
    Mode.PRIVATE: "Only private links open a chat now. The others are kept, and say so.",
}


class ModeForm(msgspec.Struct, frozen=True):
    """Who may come in; `seen` says which state of the agent was on the page."""

    mode: str = ""
    seen: str = ""


@post(page.OWN + "/mode", opt={"gate": person(Permission.LINKS_MANAGE)})
async def choose_mode(
    request: Asked, tools: Tools, seat: Seat, name: str, data: Annotated[ModeForm, FORM]
) -> Response[Any]:
    """Say who may come in; it is in force at once."""
    agent = await frame.find(tools, seat, name)
    try:
        wanted = {"mode": data.mode}
        agent, terms = await sharing.change(tools, seat.who, agent, wanted, shell.seen(data.seen))
    except (Invalid, Stale) as problem:
        agent = await frame.find(tools, seat, name)
        typed = {"mode": data.mode[:20]}
        return await page.show(request, tools, seat, agent, page.after(problem, typed), of="mode")
    return shell.tell(request, seat, page.path_of(agent), Told(_SAID[terms.mode]))


HANDLERS = [choose_mode]
