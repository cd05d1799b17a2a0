"""Uploading documents in the studio, and removing them; how far they are is part of the page."""

from typing import Annotated, Any

import msgspec
from litestar import Response, post
from litestar.params import QueryParameter

from parlour.agents import uploading
from parlour.kit.errors import Conflict, Invalid, TooLarge
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import uploads
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents import editing, frame, trying
from parlour.web.studio.agents.forms import FORM
from parlour.web.studio.shell import Filled

_MANAGE = {"gate": person(Permission.AGENTS_MANAGE)}
_ONE = frame.LIST + "/{name:str}/documents"


class Remove(msgspec.Struct, frozen=True):
    """The form that removes a document."""

    document: str = ""


@post(_ONE, opt=_MANAGE, request_max_body_size=None)
async def upload(
    request: Asked,
    tools: Tools,
    seat: Seat,
    name: str,
    filename: Annotated[str | None, QueryParameter(max_length=1_000)] = None,
) -> Response[Any]:
    """Take documents in, one that a script sends or all of a form; the page then shows them."""
    agent = await frame.find(tools, seat, name)
    try:
        added = await uploads.received(
            request,
            filename,
            tools.settings.upload_agent_bytes,
            lambda given, content: uploading.add(tools, seat.who, agent, given, content),
        )
    except (Invalid, Conflict, TooLarge) as problem:
        said = shell.sentence(problem.detail)
        form = Filled({}, {"file": said}, "", problem.status)
        agent = await frame.find(tools, seat, name)
        return await editing.show(request, tools, seat, agent, form)
    await trying.mirror(tools, added[-1].agent)
    if filename is not None:
        return await editing.show(request, tools, seat, added[-1].agent)
    return shell.go(frame.path_of(agent), "uploaded")


@post(_ONE + "/remove", opt=_MANAGE)
async def remove(
    tools: Tools, seat: Seat, name: str, data: Annotated[Remove, FORM]
) -> Response[Any]:
    """Take a document out of the draft."""
    agent = await frame.find(tools, seat, name)
    changed = await uploading.remove(tools, seat.who, agent, data.document)
    await trying.mirror(tools, changed)
    return shell.go(frame.path_of(agent), "removed")


HANDLERS = [upload, remove]
