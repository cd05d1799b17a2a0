"""Saying what is personal in a workspace, and who may see it for a reason; in force at once."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from parlour import events
from parlour.events import Kind
from parlour.kit.clock import Moment
from parlour.kit.db import after_commit
from parlour.kit.errors import Stale
from parlour.privacy import rules, store
from parlour.privacy.rules import Privacy, Reveal
from parlour.rights import Who
from parlour.tools import Tools


def topic(workspace_id: str) -> str:
    """Name the topic on which is told that who may see what in a workspace has changed."""
    return f"privacy:{workspace_id}"


async def change(
    tools: Tools,
    who: Who,
    *,
    patterns: Sequence[str] | None = None,
    reveal: Reveal | None = None,
    seen: Moment | None = None,
) -> Privacy:
    """Change what a workspace says of personal details; what is not given stays.

    Raises:
        Invalid: a pattern cannot be looked for. Stale: somebody changed it since `seen`.
    """
    wanted = None if patterns is None else rules.patterns_of(patterns)

    def unit(conn: sa.Connection) -> Privacy:
        held = store.hold(conn, who.workspace_id)
        if seen is not None and held.updated_at != seen:
            raise Stale(f"{held.updated_by or 'somebody'} changed this meanwhile; read it again")
        new = replace(
            held,
            patterns=held.patterns if wanted is None else wanted,
            reveal=reveal or held.reveal,
        )
        if new == held:
            return held
        # Never the same moment twice, or the second of two editors would not be told of the first.
        at = max(tools.clock.now(), held.updated_at + 1)
        new = replace(new, updated_at=at, updated_by=who.name)
        store.keep(conn, who.workspace_id, new)
        data = {"patterns": len(new.patterns), "reveal": new.reveal.value}
        events.record(conn, Kind.PRIVACY_CHANGED, who, at, data=data)
        after_commit(conn, lambda: tools.bus.publish(topic(who.workspace_id), "changed"))
        return new

    return await tools.db.write(unit)
