"""Giving a link another address: the old one still leads in for a while, then no more."""

import math
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa

from parlour import events
from parlour.kit.clock import HOUR, Moment
from parlour.kit.errors import FieldError, Invalid
from parlour.kit.tokens import new_address
from parlour.links import keeping, past, rules, store
from parlour.links.past import Past
from parlour.links.store import Link
from parlour.rights import Who
from parlour.tools import Tools

OVERLAP: Final[float] = 24
"""Hours for which the old address still works where nobody says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """How a link changes its address."""

    overlap_hours: float = OVERLAP
    """How long the old address still leads in; 0 ends it at once."""
    hours: float | None = None
    expires_at: Moment | None = None
    """When the link then ends; both None leave its end where it is."""


async def rotate(
    tools: Tools, who: Who, link: Link, turn: Turn, seen: Moment | None = None
) -> Link:
    """Give a link a new address; all else of it stays: policy, uses, visitors, conversations.

    No earlier address outlasts the overlap, or the end that the link had: one that ended opens
    nothing again, whatever end the link gets now.

    Raises:
        Invalid: the overlap or the end does not fit, or the link has ended and gets no new end.
        Stale: it was changed since `seen`.
        NotFound: it is gone.
    """
    overlap = _overlap(turn.overlap_hours)

    def unit(conn: sa.Connection) -> Link:
        now = tools.clock.now()
        held = keeping.hold(conn, link, seen)
        values = _new_end(held, turn, now)
        ends = now + overlap
        if held.expires_at is not None:
            ends = min(ends, held.expires_at)
        past.curtail(conn, held.id, now + overlap)
        past.add(conn, held.id, Past(held.address, held.token_expires, now, ends))
        values["address"] = _unused(conn, held)
        at = store.change(conn, held, now, who.name, values)
        turned = replace(held, updated_at=at, updated_by=who.name, **values)
        # The ledger needs the number, so that no old backup has it lead in again.
        told = {"old_works_until": ends, "old_address": held.address, "fields": sorted(values)}
        keeping.record(conn, events.Kind.LINK_ROTATED, who, turned, told)
        return turned

    return await tools.db.write(unit)


async def retire(tools: Tools, who: Who, link: Link, seen: Moment | None = None) -> Link:
    """End every earlier address of a link now; errors as in `rotate`."""

    def unit(conn: sa.Connection) -> Link:
        now = tools.clock.now()
        held = keeping.hold(conn, link, seen)
        if not past.curtail(conn, held.id, now):
            return held
        at = store.change(conn, held, now, who.name, {})
        changed = replace(held, updated_at=at, updated_by=who.name)
        told = {"fields": ["old_addresses"]}
        keeping.record(conn, events.Kind.LINK_CHANGED, who, changed, told)
        return changed

    return await tools.db.write(unit)


def _overlap(hours: float) -> Moment:
    if not (math.isfinite(hours) and 0 <= hours <= rules.LONGEST / HOUR):
        message = "must be 0, for no overlap, or at most a year (8784 hours)"
        raise Invalid(f"overlap_hours {message}", errors=[FieldError("overlap_hours", message)])
    return round(hours * HOUR)


def _new_end(held: Link, turn: Turn, now: Moment) -> dict[str, Any]:
    """Return the columns of a link's new end; Invalid where it does not fit its kind."""
    if turn.hours is None and turn.expires_at is None:
        if held.expires_at is not None and held.expires_at <= now:
            message = "this link has ended: say when it shall end with its new address"
            raise Invalid(message, errors=[FieldError("hours", message)])
        return {}
    ends = rules.ending(held.kind, turn.hours, turn.expires_at, now)
    return {"token_expires": store.token_seconds(ends), "expires_at": ends}


def _unused(conn: sa.Connection, held: Link) -> int:
    had = {each.address for each in past.of_link(conn, held.id)}
    while (address := new_address()) in had:
        continue
    return address
