"""Trying a webhook at once: what comes back is told to whoever asked, and noted among the rest."""

import sqlalchemy as sa

from parlour.kit.clock import rfc3339
from parlour.kit.tokens import new_id
from parlour.rights import Who
from parlour.tools import Tools
from parlour.webhooks import deliveries, delivering, rules, store
from parlour.webhooks.rules import State


async def send_test(tools: Tools, who: Who, hook_id: str) -> tuple[bool, str]:
    """Call a webhook as for an event; tell whether it took that, and what it said. NotFound.

    One that works is not left alone any longer.
    """
    hook = await tools.db.read(store.find, who.workspace_id, hook_id)
    now = tools.clock.now()
    document = {
        "type": rules.TEST,
        "timestamp": rfc3339(now),
        "data": {"workspace_id": hook.workspace_id, "webhook_id": hook.id},
    }
    id_ = new_id("dlv")
    outcome = await delivering.sent(tools, hook, id_, document)
    took = tools.clock.now() - now

    def unit(conn: sa.Connection) -> None:
        held = store.hold(conn, hook.id)
        if held is None:
            return
        state = State.DELIVERED if outcome.is_taken else State.FAILED
        how = {"state": state.value, "status": outcome.status, "trouble": outcome.trouble}
        deliveries.add_done(
            conn, hook.id, rules.TEST, now, id=id_, took_ms=took, done_at=now, **how
        )
        if outcome.is_taken:
            well = {"failures": 0, "failing_since": None, "rests_until": None, "trouble": None}
            store.change(conn, hook.id, **well)
            delivering.begin(conn, tools, hook.id)

    await tools.db.write(unit)
    if outcome.is_taken:
        return True, f"It works: the program answered {outcome.status}."
    said = outcome.trouble or "it did not work"
    return False, f"{said[:1].upper()}{said[1:]}{'' if said.endswith('.') else '.'}"
