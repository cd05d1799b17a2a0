"""Ending what a confirmed visitor has in one of their browsers, in the studio."""

from typing import Any

from litestar import Response, post

from parlour.entrance import devices
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.transcripts import finding
from parlour.web.gates import person
from parlour.web.studio import shell
from parlour.web.studio.sieve import PATH


@post(
    PATH + "/{conversation_id:str}/devices/{device_id:str}/end",
    opt={"gate": person(Permission.LINKS_MANAGE)},
)
async def end_device(
    tools: Tools, seat: Seat, conversation_id: str, device_id: str
) -> Response[Any]:
    """End one of them at once, open streams included."""
    talk = await tools.db.read(finding.find, seat.who, conversation_id)
    await devices.end(
        tools, seat.who, talk.visitor_id, device_id, agent_id=talk.agent_id, link_id=talk.link_id
    )
    return shell.go(f"{PATH}/{talk.id}", "device-ended")


HANDLERS = [end_device]
