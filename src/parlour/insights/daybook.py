"""The daybook: what each day came to with each agent, as it is kept or as the rows say."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from parlour.events.accounting import AMOUNTS, QUARTER
from parlour.insights import sheets
from parlour.insights.sheets import PLAIN, SHORT, Draft, Sheet
from parlour.insights.spans import Span, midnight
from parlour.insights.tables import (
    folded_days,
    folded_sheets,
    folded_stale,
    hourly,
    openings,
    sittings,
)
from parlour.kit.clock import Moment
from parlour.rights import Who

EPOCH: Final = date(1970, 1, 1).toordinal()
_LONGEST: Final = 28
"""Days whose rows are held in memory at once."""
_OPENED: Final = (0,) * len(PLAIN)
_NO_SITTING: Final = (0,) * (len(SHORT) - len(PLAIN))
_READ: Final = [folded_sheets.c[name] for name in ("links", "amounts", "hours", "came")]
_READ_ONE: Final = [folded_sheets.c[name] for name in ("links", "amounts", "came", "apart")]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is counted: all that somebody sees, or what was said with one agent or by one link."""

    agent_id: str | None = None
    link_id: str | None = None


EVERYTHING: Final = Chosen()


class Calendar:
    """Says on which day of a zone a moment lies, and in which hour of it."""

    def __init__(self, zone: str) -> None:
        """Take the zone by its name."""
        self.zone = zone
        self._zone = ZoneInfo(zone)
        self._known: dict[Moment, tuple[int, int]] = {}

    def place(self, at: Moment) -> tuple[int, int]:
        """Return the day, numbered since 1970, and the hour."""
        # Clocks are changed on a quarter of an hour, wherever one is.
        quarter = at - at % QUARTER
        found = self._known.get(quarter)
        if found is None:
            shown = datetime.fromtimestamp(quarter / 1000, self._zone)
            found = self._known[quarter] = shown.toordinal() - EPOCH, shown.hour
        return found

    def begins(self, day: int) -> Moment:
        """Return when a day begins."""
        return midnight(date.fromordinal(day + EPOCH), self.zone)


def days_of(span: Span) -> range:
    """Return the days of a span by their numbers."""
    return range(span.first.toordinal() - EPOCH, span.last.toordinal() - EPOCH + 1)


def read(
    conn: sa.Connection, who: Who, span: Span, chosen: Chosen
) -> Iterator[tuple[int, str, Sheet]]:
    """Yield what somebody sees of each day of a span with each agent: day, agent, sheet.

    A day that is kept, and of which nothing has changed since, is read as it was kept. All others
    are counted now.
    """
    calendar, wanted = Calendar(span.zone), days_of(span)
    ready = kept(conn, who.workspace_id, span.zone, wanted)
    if ready:
        ready -= {calendar.place(at)[0] for at in stale(conn, who.workspace_id, span)}
    if ready:
        yield from _kept_sheets(conn, who, chosen, ready)
    missing = [day for day in wanted if day not in ready]
    if len(missing) > _LONGEST:
        missing = _since_first(conn, who.workspace_id, calendar, missing)
    for run in runs(missing):
        found = count(conn, calendar, run, lambda table: _seen(table, who, chosen))
        yield from ((day, agent, draft.sheet()) for (day, agent), draft in found.items())


def first(conn: sa.Connection, workspace_id: str) -> Moment | None:
    """Return the first moment of which there is anything to count."""
    found = [
        conn.scalar(sa.select(sa.func.min(at)).where(at.table.c.workspace_id == workspace_id))
        for at in (hourly.c.at, openings.c.at, sittings.c.began_at)
    ]
    return min((each for each in found if each is not None), default=None)


def _since_first(
    conn: sa.Connection, workspace_id: str, calendar: Calendar, days: list[int]
) -> list[int]:
    at = first(conn, workspace_id)
    return [] if at is None else [day for day in days if day >= calendar.place(at)[0]]


def kept(conn: sa.Connection, workspace_id: str, zone: str, days: Collection[int]) -> set[int]:
    """Return which of these days are kept, in a zone."""
    columns = folded_days.c
    found = sa.select(columns.day).where(
        columns.workspace_id == workspace_id,
        columns.zone == zone,
        columns.day.between(min(days), max(days)),
    )
    return set(conn.execute(found).scalars())


def stale(conn: sa.Connection, workspace_id: str, span: Span) -> Sequence[Moment]:
    """Return at which moments of a span something has changed since its days were kept."""
    columns = folded_stale.c
    mine = columns.workspace_id == workspace_id
    within = columns.at >= span.since, columns.at < span.until
    found = sa.select(columns.at).where(mine, *within).distinct()
    return conn.execute(found).scalars().all()


def runs(days: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Put days in a row together, at most `_LONGEST`: the first and the last of each run."""
    begin = end = None
    for day in sorted(days):
        if begin is None or end is None:
            begin = day
        elif day != end + 1 or day - begin == _LONGEST:
            yield begin, end
            begin = day
        end = day
    if begin is not None and end is not None:
        yield begin, end


def _kept_sheets(
    conn: sa.Connection, who: Who, chosen: Chosen, ready: set[int]
) -> Iterator[tuple[int, str, Sheet]]:
    columns, link = folded_sheets.c, chosen.link_id
    about = [columns.day, columns.agent_id]
    wanted = sa.select(*about, *(_READ if link is None else _READ_ONE)).where(
        *_seen(folded_sheets, who, Chosen(chosen.agent_id)),
        columns.day.between(min(ready), max(ready)),
    )
    if link is not None:
        wanted = wanted.where(columns.links.contains(link, autoescape=True))
    for day, agent, *rest in conn.execute(wanted):
        if day in ready:
            sheet = sheets.read(*rest) if link is None else sheets.read_one(link, *rest)
            if sheet is not None:
                yield day, agent, sheet


def _seen(table: sa.Table, who: Who, chosen: Chosen) -> list[sa.ColumnElement[bool]]:
    found = [table.c.workspace_id == who.workspace_id]
    if who.agent_id is not None:
        found.append(table.c.agent_id == who.agent_id)
    if who.elsewhere:
        found.append(table.c.agent_id.not_in(who.elsewhere))
    if chosen.agent_id is not None:
        found.append(table.c.agent_id == chosen.agent_id)
    if chosen.link_id is not None:
        found.append(table.c.link_id == chosen.link_id)
    return found


Seen = Callable[[sa.Table], list[sa.ColumnElement[bool]]]
"""What is true of the rows of a table that count."""
Drafts = dict[tuple[int, str], Draft]
"""By the day and the agent."""


def count(conn: sa.Connection, calendar: Calendar, run: tuple[int, int], seen: Seen) -> Drafts:
    """Count the days of a run, from hours, openings and sittings; `seen` says whose rows."""
    since, until = calendar.begins(run[0]), calendar.begins(run[1] + 1)
    found: Drafts = {}

    def rows(table: sa.Table, at: str, *columns: Any) -> Iterator[tuple[Draft, str, int, Any]]:
        moment = table.c[at]
        wanted = sa.select(moment, table.c.agent_id, table.c.link_id, *columns).where(
            *seen(table), moment >= since, moment < until
        )
        for row in conn.execute(wanted):
            day, hour = calendar.place(row[0])
            yield found.setdefault((day, row[1]), Draft()), row[2], hour, row

    names = [hourly.c[name] for name in AMOUNTS]
    for draft, link, hour, row in rows(hourly, "at", *names):
        end = 3 + len(PLAIN)
        draft.add(link, hour, (*row[3:end], *_NO_SITTING), row[end:])
    for draft, link, hour, row in rows(openings, "at", openings.c.times):
        draft.add(link, hour, (*_OPENED, row[3], *_NO_SITTING[1:]))
    for draft, link, hour, row in rows(sittings, "began_at", *_sat()):
        visitor, began, ended, answers, handed, good, poor = row[3:]
        sat = 1, 0, int(answers > 0), int(handed), ended - began, good, poor
        draft.add(link, hour, (*_OPENED, 0, *sat))
        draft.visited(link, hour, visitor)
    return found


def _sat() -> list[sa.ColumnElement[Any]]:
    columns = sittings.c
    # Of those who were forgotten nobody knows any more who came twice.
    visitor = sa.func.coalesce(columns.visitor_id, columns.id)
    rest = ("began_at", "ended_at", "answers", "handed", "good", "poor")
    return [visitor, *(columns[name] for name in rest)]
