"""The days of the home page: what happened on each of the last ones, counted once and kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from parlour import events
from parlour.events import Tally
from parlour.kit.clock import DAY, HOUR, MINUTE, Moment
from parlour.kit.db import insert_or_ignore, metadata
from parlour.rights import Who
from parlour.tools import Tools

DAYS: Final = 14
"""How many days are kept and shown, today included. Days are those of UTC."""
_SETTLED: Final = 10 * MINUTE
"""How long after its end a day may still be written to: longer than any transaction."""
_SMALL: Final = 3_000
"""Facts that are counted on the spot, so that on a quiet day a number is never a minute old."""
_LATELY: Final = HOUR
_AT_ONCE: Final = 5
"""Days that are counted together: what was counted is kept, also if the next ones cannot be."""
_NEVER: Final = (0, -1)
"""When a day was counted, and of how many facts, that never was."""

daily = sa.Table(
    "daily_counts",
    metadata,
    sa.Column("workspace_id", sa.String(40), primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("agent_id", sa.String(40), primary_key=True),
    sa.Column("conversations", sa.Integer, nullable=False),
    sa.Column("questions", sa.Integer, nullable=False),
    sa.Column("answers", sa.Integer, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("visitors", sa.Integer, nullable=False),
)
"""What the visitors of one agent did on one day, numbered since 1970 UTC."""

counted = sa.Table(
    "daily_counted",
    metadata,
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("facts", sa.BigInteger, nullable=False),
)
"""Which days have been counted, when, and of how many facts in all workspaces."""

_WHATS: Final = ("conversations", "questions", "answers", "failures", "visitors")


@dataclass(frozen=True, slots=True)
class Figures:
    """How much of everything there was on each of the last days, oldest first, today last."""

    conversations: tuple[int, ...]
    questions: tuple[int, ...]
    answers: tuple[int, ...]
    failures: tuple[int, ...]
    visitors: tuple[int, ...]
    """How many different ones came on each day."""


@dataclass(frozen=True, slots=True)
class Failing:
    """How the replies of an agent ended lately."""

    failed: int
    ended: int
    problem: str
    """The code of the last failure."""

    @property
    def never_answers(self) -> bool:
        """Whether there was not one answer."""
        return self.failed == self.ended


def figures(conn: sa.Connection, who: Who, now: Moment, agent_id: str | None = None) -> Figures:
    """Read the figures of all that somebody sees, or of one agent. At most a minute behind."""
    today = now // DAY
    first = today - DAYS + 1
    done = _counted(conn, first)
    live = [
        day for day in range(first, today + 1) if day not in done or _is_small(day, today, done)
    ]
    sums = [sa.func.sum(daily.c[name]) for name in _WHATS]
    kept = sa.select(daily.c.day, *sums).where(
        daily.c.workspace_id == who.workspace_id, daily.c.day >= first, daily.c.day.not_in(live)
    )
    if who.elsewhere:
        kept = kept.where(daily.c.agent_id.not_in(who.elsewhere))
    if agent_id is not None:
        kept = kept.where(daily.c.agent_id == agent_id)
    found = {row[0]: tuple(map(int, row[1:])) for row in conn.execute(kept.group_by(daily.c.day))}
    for day in live:
        facts = events.tally(conn, day * DAY, (day + 1) * DAY, who.workspace_id)
        seen = (each for each in facts if who.sees(each.agent_id))
        found[day] = _sum(each for each in seen if agent_id in (None, each.agent_id))
    nothing = (0,) * len(_WHATS)
    days = [found.get(day, nothing) for day in range(first, today + 1)]
    return Figures(*zip(*days, strict=True))


def failing(conn: sa.Connection, workspace_id: str, now: Moment) -> dict[str, Failing]:
    """Find the agents that did not answer lately, or failed again and again, by id."""
    lately = events.endings(conn, workspace_id, now - _LATELY)
    found = {}
    for agent_id, ends in lately.items():
        failed = sum(each.failed for each in ends)
        problem = next((each.problem for each in ends if each.failed), "")
        told = Failing(failed, len(ends), problem or "")
        if failed and (told.never_answers or failed >= 3):
            found[agent_id] = told
    return found


async def count(tools: Tools) -> None:
    """Count every day that is not settled yet; the present one is counted again and again."""
    now = tools.clock.now()
    today = now // DAY
    first = today - DAYS + 1
    done = await tools.db.read(_counted, first)
    days = range(first, today + 1)
    unsettled = [day for day in days if not _is_settled(day, done.get(day, _NEVER)[0])]
    for start in range(0, len(unsettled), _AT_ONCE):
        found = await tools.db.browse(_tallies, unsettled[start : start + _AT_ONCE])
        new = {
            day: facts
            for day, facts in found.items()
            if _is_settled(day, now) or _total(facts) != done.get(day, _NEVER)[1]
        }
        if new:
            await tools.db.write(_keep_all, new, now)
    if any(_is_settled(day, now) for day in unsettled):
        await tools.db.write(_forget, first)


def _is_settled(day: int, at: Moment) -> bool:
    """Whether nothing is added any more to a day that is counted at this moment."""
    return at >= (day + 1) * DAY + _SETTLED


def _tallies(conn: sa.Connection, days: list[int]) -> dict[int, list[Tally]]:
    return {day: events.tally(conn, day * DAY, (day + 1) * DAY) for day in days}


def _total(facts: list[Tally]) -> int:
    return sum(each.facts for each in facts)


def _counted(conn: sa.Connection, first: int) -> dict[int, tuple[Moment, int]]:
    wanted = sa.select(counted.c.day, counted.c.at, counted.c.facts)
    return {
        row.day: (row.at, row.facts) for row in conn.execute(wanted.where(counted.c.day >= first))
    }


def _is_small(day: int, today: int, done: dict[int, tuple[Moment, int]]) -> bool:
    return day == today and done[day][1] <= _SMALL


def _sum(facts: Iterable[Tally]) -> tuple[int, ...]:
    rows = [tuple(getattr(each, name) for name in _WHATS) for each in facts]
    return tuple(map(sum, zip(*rows, strict=True))) if rows else (0,) * len(_WHATS)


def _keep_all(conn: sa.Connection, days: dict[int, list[Tally]], at: Moment) -> None:
    for day, facts in sorted(days.items()):
        _keep(conn, day, at, facts)


def _keep(conn: sa.Connection, day: int, at: Moment, facts: list[Tally]) -> None:
    """Replace what is kept of a day; where two count at once, the next count sees to the rest."""
    # First the row that there is one of: whoever comes second waits for it, and then sees all.
    known = {"day": day, "at": at, "facts": _total(facts)}
    conn.execute(insert_or_ignore(conn, counted), known)
    conn.execute(sa.update(counted).where(counted.c.day == day).values(known))
    conn.execute(sa.delete(daily).where(daily.c.day == day))
    rows = [
        {
            "workspace_id": each.workspace_id,
            "day": day,
            "agent_id": each.agent_id,
            **{name: getattr(each, name) for name in _WHATS},
        }
        for each in facts
    ]
    if rows:
        conn.execute(sa.insert(daily), rows)


def _forget(conn: sa.Connection, first: int) -> None:
    for table in (daily, counted):
        conn.execute(sa.delete(table).where(table.c.day < first))
