"""Putting a picture of an agent into its draft in the studio, and taking it away."""

from typing import Any

from litestar import Response, post

from parlour.agents import picturing
from parlour.kit.errors import Invalid, TooLarge
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import uploads
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents import editing, frame, trying
from parlour.web.studio.shell import Filled


@post(
    frame.LIST + "/{name:str}/avatar",
    opt={"gate": person(Permission.AGENTS_MANAGE)},
    request_max_body_size=uploads.PICTURE_BYTES,
)
async def put_avatar(request: Asked, tools: Tools, seat: Seat, name: str) -> Response[Any]:
    """Have a picture stand for an agent, or a letter again; what is typed beside it stays."""
    agent = await frame.find(tools, seat, name)
    try:
        sent = await uploads.picture(request)
        agent = await picturing.put(tools, seat.who, agent, sent.content)
    except (Invalid, TooLarge) as problem:
        form = Filled({}, {"picture": uploads.told(problem)}, "", problem.status)
        return await editing.show(request, tools, seat, agent, form)
    await trying.mirror(tools, agent)
    if shell.partly(request):
        return await editing.show(request, tools, seat, agent)
    return shell.go(frame.path_of(agent), "pictured")


HANDLERS = [put_avatar]
