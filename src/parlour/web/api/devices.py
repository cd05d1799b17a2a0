"""Devices of a confirmed visitor for programs: where they are known, and ending one."""

from typing import Final

import msgspec
from litestar import delete, get

from parlour.entrance import devices
from parlour.kit.clock import Moment, rfc3339
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.transcripts import finding
from parlour.visitors import Device
from parlour.web.gates import key

_PATH: Final = "/api/conversations/{conversation_id:str}/devices"


class DeviceShown(msgspec.Struct, frozen=True):
    """A browser or program in which a visitor is known by a confirmed address."""

    id: str
    client: str
    """Such as `Firefox on Linux`; empty for who does not see personal details."""
    created_at: str
    last_seen_at: str
    """To the hour."""
    expires_at: str


class DeviceEnded(msgspec.Struct, frozen=True):
    """A device in which a visitor is known no more."""

    message: str
    device_id: str


def shown(found: Device) -> DeviceShown:
    """Show a device."""
    times: list[Moment] = [found.created_at, found.seen_at, found.expires_at]
    return DeviceShown(found.id, found.client, *(rfc3339(each) for each in times))


@get(_PATH, opt={"gate": key(Permission.CONVERSATIONS_SEE)})
async def visitor_devices(tools: Tools, who: Who, conversation_id: str) -> list[DeviceShown]:
    """List where the visitor of a conversation is known; empty for who confirmed no address."""
    talk = await tools.db.read(finding.find, who, conversation_id)
    now = tools.clock.now()
    found = await tools.db.read(devices.of_visitor, who, talk.visitor_id, now)
    return [shown(each) for each in found]


@delete(_PATH + "/{device_id:str}", opt={"gate": key(Permission.LINKS_MANAGE)}, status_code=200)
async def end_device(tools: Tools, who: Who, conversation_id: str, device_id: str) -> DeviceEnded:
    """End one of them at once, open streams included: it takes another code to come in again."""
    talk = await tools.db.read(finding.find, who, conversation_id)
    await devices.end(
        tools, who, talk.visitor_id, device_id, agent_id=talk.agent_id, link_id=talk.link_id
    )
    return DeviceEnded("the visitor is known there no more", device_id)


HANDLERS = [visitor_devices, end_device]
