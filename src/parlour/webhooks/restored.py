"""Holding back what waited when a backup was made: the programs may have been told of it since."""

import sqlalchemy as sa

from parlour import events
from parlour.events import Kind
from parlour.kit.clock import Moment
from parlour.rights import Who
from parlour.webhooks import deliveries, store
from parlour.webhooks.handing_out import AT_ONCE, some

WHY = "a backup was restored: it may have been told already of what waits"


def hold_back(conn: sa.Connection, now: Moment) -> int:
    """Turn off every webhook that something waits for; return how many.

    Its owner reads why, and turns it on again: then it goes on with what waits.
    """
    while some(conn, now)[1] == AT_ONCE:
        pass
    waiting = (store.by_id(conn, each) for each in deliveries.waiting_hooks(conn))
    held = [hook for hook in waiting if hook is not None and hook.is_on]
    for hook in held:
        events.wish(conn, hook.id, hook.workspace_id, ())
        house = Who("system", hook.id, "house", hook.workspace_id)
        data = {"webhook": hook.id, "name": hook.name, "why": WHY}
        events.record(conn, Kind.WEBHOOK_DISABLED, house, now, data=data)
        at = max(now, hook.updated_at + 1)
        store.change(conn, hook.id, is_on=False, off_why=WHY, updated_at=at)
    return len(held)
