"""Rolling up: what happened is counted hour by hour, and again where something came later."""

from collections.abc import Collection, Iterable
from typing import Any, Final

import sqlalchemy as sa

from parlour.events import accounting
from parlour.events.accounting import AMOUNTS, Account
from parlour.insights import marking, terms
from parlour.insights.tables import counted, hourly
from parlour.kit.clock import HOUR, MINUTE, Moment
from parlour.kit.db import insert_or_ignore
from parlour.tools import Tools

LATE: Final = 48 * HOUR
"""So many hours are looked at again once in each hour, whatever has been read."""
OVERLAP: Final = 5 * MINUTE
"""Events are read again for so long: one with a smaller id may be committed only now."""
_AT_ONCE: Final = 24
"""Hours that are counted together."""
_MARK: Final = "rolled"
_LOOKED: Final = "rolled all"

_Key = tuple[Moment, str, str, str]


async def roll_up(tools: Tools) -> None:
    """Count every hour to which events were added since last time, however late they came."""
    now = tools.clock.now()
    mark = await tools.db.read(marking.reached, _MARK)
    looked = await tools.db.read(marking.reached, _LOOKED)
    seen = await tools.db.browse(accounting.last_before, now - OVERLAP)
    if mark is None or looked is None or now // HOUR != looked // HOUR:
        await _count(tools, await _all_hours(tools, now))
        await tools.db.write(marking.reach, _LOOKED, now)
    else:
        # Where all events were deleted, their ids begin again.
        await _count(tools, await tools.db.browse(accounting.hours_after, min(mark, seen)))
    await tools.db.write(marking.reach, _MARK, seen)


async def _all_hours(tools: Tools, now: Moment) -> set[Moment]:
    """Return the hours of the last days, at first of all there are."""
    last = await tools.db.read(_last)
    if last is None:
        last = await tools.db.browse(accounting.first)
    since = min(now - LATE, now if last is None else last)
    return set(range(since - since % HOUR, now + HOUR, HOUR))


async def _count(tools: Tools, hours: Collection[Moment]) -> None:
    """Count those of these hours in which there are more events than when they were counted."""
    if not hours:
        return
    finely = await tools.db.read(terms.finely)
    before = await tools.db.read(_counted, min(hours))
    every = sorted(hours)
    for start in range(0, len(every), _AT_ONCE):
        some = every[start : start + _AT_ONCE]
        found = await tools.db.browse(_facts, some)
        # Fewer there are where old events have been deleted: what was counted of them stays.
        more = [hour for hour in some if found[hour] > before.get(hour, 0)]
        if more:
            accounts = await tools.db.browse(_accounts, more)
            sums = {hour: _merged(accounts[hour], finely) for hour in more}
            await tools.db.write(_keep, found, sums)


def _facts(conn: sa.Connection, hours: Collection[Moment]) -> dict[Moment, int]:
    return {hour: accounting.facts(conn, hour, hour + HOUR) for hour in hours}


def _accounts(conn: sa.Connection, hours: Collection[Moment]) -> dict[Moment, list[Account]]:
    return {hour: accounting.accounts(conn, hour, hour + HOUR) for hour in hours}


def _merged(accounts: Iterable[Account], finely: frozenset[str]) -> dict[_Key, list[int]]:
    """Add up the quarters of each hour, but for workspaces that need them."""
    sums: dict[_Key, list[int]] = {}
    for each in accounts:
        at = each.at if each.workspace_id in finely else each.at - each.at % HOUR
        key = (at, each.workspace_id, each.agent_id, each.link_id)
        held = sums.setdefault(key, [0] * len(AMOUNTS))
        for place, amount in enumerate(each.amounts):
            held[place] += amount
    return sums


def _last(conn: sa.Connection) -> Moment | None:
    found: Moment | None = conn.scalar(sa.select(sa.func.max(counted.c.at)))
    return found


def _counted(conn: sa.Connection, since: Moment) -> dict[Moment, int]:
    found = conn.execute(sa.select(counted).where(counted.c.at >= since))
    return {row.at: row.facts for row in found}


def _keep(
    conn: sa.Connection, facts: dict[Moment, int], sums: dict[Moment, dict[_Key, list[int]]]
) -> None:
    """Replace what is kept of hours; two who count at once write the same."""
    for hour, found in sums.items():
        within = (hourly.c.at >= hour, hourly.c.at < hour + HOUR)
        # First the row that there is one of: whoever comes second waits for it, and then sees all.
        known = {"at": hour, "facts": facts[hour]}
        conn.execute(insert_or_ignore(conn, counted), known)
        conn.execute(sa.update(counted).where(counted.c.at == hour).values(known))
        conn.execute(sa.delete(hourly).where(*within))
        rows: list[dict[str, Any]] = [
            {
                "at": at,
                "workspace_id": workspace_id,
                "agent_id": agent_id,
                "link_id": link_id,
                **dict(zip(AMOUNTS, amounts, strict=True)),
            }
            for (at, workspace_id, agent_id, link_id), amounts in found.items()
        ]
        if rows:
            conn.execute(sa.insert(hourly), rows)
