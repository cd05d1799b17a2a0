"""The history: what the staff and their programs did, line by line."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from parlour.events.recording import BY_STAFF, events
from parlour.kit.clock import Moment


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the history: what somebody of the staff, or a program of theirs, did."""

    id: int
    kind: str
    at: Moment
    actor_kind: str
    actor_id: str
    agent_id: str | None
    link_id: str | None
    conversation_id: str | None
    data: Mapping[str, Any]
    place: str | None
    """The network address from where; None at the command line, and before that was kept."""


def by_staff(
    conn: sa.Connection,
    workspace_id: str,
    *,
    limit: int,
    before: int | None = None,
    actor_id: str | None = None,
    kinds: Collection[str] = (),
    since: Moment | None = None,
    until: Moment | None = None,
) -> list[Entry]:
    """List what the staff and their programs did, newest first: at most `limit`, below that id.

    With an `actor_id` only what that one did; with `kinds` only those; from `since` on, and before
    `until`.
    """
    columns = events.c
    wanted = sa.select(*(columns[name] for name in Entry.__slots__)).where(
        BY_STAFF, columns.workspace_id == workspace_id
    )
    if before is not None:
        wanted = wanted.where(columns.id < before)
    if actor_id is not None:
        wanted = wanted.where(columns.actor_id == actor_id)
    if kinds:
        wanted = wanted.where(columns.kind.in_(kinds))
    if since is not None:
        wanted = wanted.where(columns.at >= since)
    if until is not None:
        wanted = wanted.where(columns.at < until)
    return [Entry(*row) for row in conn.execute(wanted.order_by(columns.id.desc()).limit(limit))]
