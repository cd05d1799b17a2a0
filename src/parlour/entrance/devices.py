"""The browsers in which a confirmed visitor is known, as the staff sees them, and ending one."""

from dataclasses import replace

import sqlalchemy as sa

from parlour import events, visitors
from parlour.kit.clock import Moment
from parlour.kit.errors import NotFound
from parlour.rights import Who
from parlour.tools import Tools
from parlour.visitors import Device


def of_visitor(conn: sa.Connection, who: Who, visitor_id: str, now: Moment) -> list[Device]:
    """List them, the latest first; their names go only to who sees personal details.

    A visitor who has not confirmed an address has none: nothing is kept of their browser.
    """
    found = visitors.devices(conn, visitor_id, now)
    return found if who.sees_personal else [replace(each, client="") for each in found]


async def end(
    tools: Tools, who: Who, visitor_id: str, device_id: str, *, agent_id: str, link_id: str
) -> None:
    """End what a visitor has in one browser: it knows them no more, open streams included.

    NotFound: it is none of theirs, or has ended.
    """

    def unit(conn: sa.Connection) -> None:
        if not visitors.end_device(conn, visitor_id, device_id):
            raise NotFound("there is no such device, or it has ended")
        now, kind = tools.clock.now(), events.Kind.VISITOR_SESSION_ENDED
        told = {"visitor_id": visitor_id, "device_id": device_id}
        events.record(conn, kind, who, now, agent_id=agent_id, link_id=link_id, data=told)

    await tools.db.write(unit)
