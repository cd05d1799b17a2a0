"""Folding: days that are over are counted once and kept as sheets, and again where they changed."""

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from parlour import workspaces
from parlour.insights import daybook, marking, sheets, terms
from parlour.insights.daybook import Calendar
from parlour.insights.tables import folded_days, folded_sheets, folded_stale, marks
from parlour.kit.clock import Moment
from parlour.kit.db import insert_or_ignore
from parlour.tools import Tools

_AT_ONCE: Final = 4
"""Days folded in one transaction: others get their turn between two."""
_NOTES: Final = 5_000
"""Rows of `folded_stale` read and taken away in one transaction."""
_FOLDED: Final = "folded"


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is to be kept, all of it seen in one snapshot."""

    workspace_id: str
    zone: str
    folded: int
    """How often days had been folded by then."""
    days: list[int]
    rows: list[dict[str, Any]]
    done: list[int]
    """Rows of `folded_stale` that have told what they had to."""
    is_other: bool
    """Whether days of other zones are kept."""
    more: bool
    """Whether there is more to do."""


async def fold(tools: Tools) -> None:
    """Keep every day that is over as it is now, the latest first.

    Whoever is killed half-way has kept some days. Where two processes fold at once, one stops.
    """
    for workspace_id in await tools.db.read(_workspaces):
        more = True
        while more:
            piece = await tools.db.browse(_next, workspace_id, tools.clock.now())
            more = piece is not None and await tools.db.write(_keep, piece) and piece.more


def _workspaces(conn: sa.Connection) -> list[str]:
    every = [each.id for each in workspaces.every(conn)]
    previews = workspaces.of_previews(conn)
    return every if previews is None else [*every, previews]


def _next(conn: sa.Connection, workspace_id: str, now: Moment) -> _Piece | None:
    """Count the next days that are to be kept; None where there is nothing to do."""
    zone = terms.find(conn, workspace_id).zone
    calendar = Calendar(zone)
    columns = folded_days.c
    mine = sa.select(columns.day, columns.zone).where(columns.workspace_id == workspace_id)
    states = {row.day: row.zone for row in conn.execute(mine)}
    kept = {day for day, its in states.items() if its == zone}
    noted = sa.select(folded_stale.c.id, folded_stale.c.at).where(
        folded_stale.c.workspace_id == workspace_id
    )
    notes = conn.execute(noted.limit(_NOTES)).all()
    stale = {row.id: calendar.place(row.at)[0] for row in notes}
    first = daybook.first(conn, workspace_id)
    today = calendar.place(now)[0]
    over = range(today if first is None else calendar.place(first)[0], today)
    again = kept & set(stale.values())
    wanted = sorted((set(over) - kept) | again, reverse=True)
    days = sorted(wanted[:_AT_ONCE])
    done = [id_ for id_, day in stale.items() if day not in kept or day in days]
    is_other = len(kept) < len(states)
    if not (days or done or is_other):
        return None
    found: daybook.Drafts = {}
    for run in daybook.runs(days):
        found |= daybook.count(
            conn, calendar, run, lambda table: [table.c.workspace_id == workspace_id]
        )
    rows = [
        {"workspace_id": workspace_id, "day": day, "agent_id": agent, **sheets.written(draft)}
        for (day, agent), draft in found.items()
    ]
    folded = marking.reached(conn, _FOLDED) or 0
    more = len(wanted) > len(days) or len(notes) == _NOTES
    return _Piece(workspace_id, zone, folded, days, rows, done, is_other, more)


def _keep(conn: sa.Connection, piece: _Piece) -> bool:
    """Keep days; False where somebody else has kept some since these were counted."""
    conn.execute(insert_or_ignore(conn, marks), {"name": _FOLDED, "at": 0})
    # Whoever else keeps days waits here, and then finds that its own were counted too early.
    mine = sa.update(marks).where(marks.c.name == _FOLDED, marks.c.at == piece.folded)
    if conn.execute(mine.values(at=piece.folded + 1)).rowcount != 1:
        return False
    for table in (folded_days, folded_sheets):
        here = table.c.workspace_id == piece.workspace_id
        conn.execute(sa.delete(table).where(here, table.c.day.in_(piece.days)))
    if piece.is_other:
        _drop_other(conn, piece)
    if piece.rows:
        conn.execute(sa.insert(folded_sheets), piece.rows)
    states = [
        {"workspace_id": piece.workspace_id, "day": day, "zone": piece.zone} for day in piece.days
    ]
    if states:
        conn.execute(sa.insert(folded_days), states)
    if piece.done:
        conn.execute(sa.delete(folded_stale).where(folded_stale.c.id.in_(piece.done)))
    return True


def _drop_other(conn: sa.Connection, piece: _Piece) -> None:
    """Drop days that began and ended in another zone: what changed in them was noted by ours."""
    days, rows = folded_days.c, folded_sheets.c
    here = days.workspace_id == piece.workspace_id
    conn.execute(sa.delete(folded_days).where(here, days.zone != piece.zone))
    left = sa.select(days.day).where(here)
    mine = rows.workspace_id == piece.workspace_id
    conn.execute(sa.delete(folded_sheets).where(mine, rows.day.not_in(left)))
