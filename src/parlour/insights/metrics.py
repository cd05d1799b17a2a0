"""Metrics: how much of everything there was in some days, by day and hour, agent and link."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Final

import sqlalchemy as sa

from parlour.events.accounting import AMOUNTS, WAITS
from parlour.insights import terms
from parlour.insights.spans import Span
from parlour.insights.tables import hourly, openings, sittings
from parlour.insights.terms import Terms
from parlour.kit.clock import DAY, HOUR, Moment
from parlour.rights import Who

_EPOCH: Final = date(1970, 1, 1).toordinal()
_PLAIN: Final = AMOUNTS[: AMOUNTS.index("wait_0")]
MOST_LINKS: Final = 500
"""Links in a report: those by which the most was said."""


@dataclass(slots=True)
class Amounts:
    """How much there was."""

    opened: int = 0
    """How often the page was opened, by whoever says that they are no robot."""
    sessions: int = 0
    """Sittings that began then."""
    visitors: int = 0
    """How many different visitors these were of."""
    answered: int = 0
    """Those sessions in which there was an answer."""
    handed: int = 0
    """Those sessions in which a person answered, or took over."""
    lasted: Moment = 0
    """How long those sessions lasted together."""
    questions: int = 0
    answers: int = 0
    failures: int = 0
    words: int = 0
    """What people of the team and guests said."""
    asked: int = 0
    """How often a person was asked for."""
    taken: int = 0
    """How often a person took over."""
    input_tokens: int = 0
    output_tokens: int = 0
    again: int = 0
    """Answers that visitors asked for anew."""
    edited: int = 0
    """Questions that visitors said otherwise."""
    good: int = 0
    """Answers in those sessions that their visitors found good."""
    poor: int = 0
    cost: int = 0
    """In millionths of the money, at the present prices."""
    waits: list[int] = field(default_factory=lambda: [0] * (len(WAITS) + 1))
    """How many answers took so long to their first word, by `WAITS`."""

    @property
    def messages(self) -> int:
        """All that was said."""
        return self.questions + self.answers + self.words

    @property
    def tokens(self) -> int:
        """Tokens in and out."""
        return self.input_tokens + self.output_tokens

    @property
    def liked(self) -> int | None:
        """Of a hundred answers that were rated those found good; None where none was."""
        rated = self.good + self.poor
        return round(self.good * 100 / rated) if rated else None

    @property
    def typical(self) -> Moment:
        """How long a session lasted on average."""
        return self.lasted // self.sessions if self.sessions else 0

    def within(self, percent: int) -> Moment | None:
        """Return within which time so many of a hundred answers began; None where none did.

        It is one of `WAITS`; 0 stands for longer than all of them.
        """
        total = sum(self.waits)
        if not total:
            return None
        seen = 0
        for bound, number in zip((*WAITS, 0), self.waits, strict=True):
            seen += number
            if seen * 100 >= total * percent:
                return bound
        raise AssertionError("unreachable")

    def add(self, other: "Amounts") -> None:
        """Add another span's; different visitors are not to be added up."""
        for each in fields(self):
            if each.name == "waits":
                self.waits = [a + b for a, b in zip(self.waits, other.waits, strict=True)]
            elif each.name != "visitors":
                setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is counted: all that somebody sees, or what was said with one agent or by one link."""

    agent_id: str | None = None
    link_id: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """How much there was in a span, and how it went."""

    span: Span
    terms: Terms
    total: Amounts
    before: Amounts
    """In the same number of days before."""
    days: list[tuple[date, Amounts]]
    hours: list[Amounts]
    """By the hour of the day, all days together."""
    agents: dict[str, Amounts]
    """By their ids."""
    links: dict[str, Amounts]
    """By their ids, at most `MOST_LINKS`."""


def report(conn: sa.Connection, who: Who, span: Span, chosen: Chosen = Chosen()) -> Report:
    """Count what somebody of the staff sees of what happened in some days."""
    found = terms.find(conn, who.workspace_id)
    counter = _Counter(conn, who, span, chosen, found)
    days = counter.by("day")
    total = Amounts()
    for each in days.values():
        total.add(each)
    total.visitors = counter.visitors()
    hours = counter.by("hour")
    return Report(
        span,
        found,
        total,
        _Counter(conn, who, span.before, chosen, found).whole(),
        [(each, days.get(each.toordinal() - _EPOCH, Amounts())) for each in span.dates()],
        [hours.get(hour, Amounts()) for hour in range(24)],
        counter.by("agent"),
        _busiest(counter.by("link")),
    )


def _busiest(found: dict[Any, Amounts]) -> dict[str, Amounts]:
    ranked = sorted(found, key=lambda each: (-found[each].sessions, -found[each].messages, each))
    return {each: found[each] for each in ranked[:MOST_LINKS]}


class _Counter:
    """Adds up what was rolled up in a span, and counts the sittings of it."""

    def __init__(
        self, conn: sa.Connection, who: Who, span: Span, chosen: Chosen, found: Terms
    ) -> None:
        self._conn = conn
        self._who = who
        self._span = span
        self._chosen = chosen
        self._terms = found

    def by(self, what: str) -> dict[Any, Amounts]:
        """Count by `day` since 1970, by `hour` of the day, by `agent` or by `link`."""
        found: dict[Any, Amounts] = {}
        for row in self._rows(hourly, hourly.c.at, what, _sums(what)):
            held = found.setdefault(row[0], Amounts())
            _add(held, row[2:], self._terms, row[1])
        for row in self._rows(openings, openings.c.at, what, [sa.func.sum(openings.c.times)]):
            found.setdefault(row[0], Amounts()).opened += int(row[2])
        for row in self._rows(sittings, sittings.c.began_at, what, _sat(), by_agent=False):
            held = found.setdefault(row[0], Amounts())
            held.sessions, held.visitors, held.answered, held.handed = map(int, row[1:5])
            held.lasted, held.good, held.poor = (int(each or 0) for each in row[5:8])
        return found

    def whole(self) -> Amounts:
        """Count all of the span together."""
        found = self.by("agent")
        total = Amounts()
        for each in found.values():
            total.add(each)
        total.visitors = self.visitors()
        return total

    def visitors(self) -> int:
        """Count the different visitors of the span."""
        wanted = sa.select(_different()).where(*self._within(sittings, sittings.c.began_at))
        return int(self._conn.execute(wanted).scalar_one())

    def _rows(
        self,
        table: sa.Table,
        at: sa.ColumnElement[int],
        what: str,
        sums: Sequence[sa.ColumnElement[Any]],
        *,
        by_agent: bool = True,
    ) -> Sequence[Any]:
        key = self._key(table, at, what)
        # What tokens cost differs by agent.
        keys = [key, table.c.agent_id] if by_agent else [key]
        wanted = sa.select(*keys, *sums).where(*self._within(table, at)).group_by(*keys)
        return self._conn.execute(wanted).all()

    def _key(self, table: sa.Table, at: sa.ColumnElement[int], what: str) -> sa.ColumnElement[Any]:
        if what == "day":
            return self._local(at) // DAY
        if what == "hour":
            return self._local(at) % DAY // HOUR
        return table.c.agent_id if what == "agent" else table.c.link_id

    def _local(self, at: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
        """Return a moment as what the clock shows in the zone."""
        pieces = self._span.offsets()
        ahead = sa.case(
            *((at >= since, sa.literal_column(str(by))) for since, by in reversed(pieces[1:])),
            else_=sa.literal_column(str(pieces[0][1])),
        ) if len(pieces) > 1 else sa.literal_column(str(pieces[0][1]))  # fmt: skip
        return at + ahead

    def _within(self, table: sa.Table, at: sa.ColumnElement[int]) -> list[sa.ColumnElement[bool]]:
        who, chosen = self._who, self._chosen
        found = [
            table.c.workspace_id == who.workspace_id,
            at >= self._span.since,
            at < self._span.until,
        ]
        if who.agent_id is not None:
            found.append(table.c.agent_id == who.agent_id)
        if who.elsewhere:
            found.append(table.c.agent_id.not_in(who.elsewhere))
        if chosen.agent_id is not None:
            found.append(table.c.agent_id == chosen.agent_id)
        if chosen.link_id is not None:
            found.append(table.c.link_id == chosen.link_id)
        return found


def _sums(what: str) -> list[sa.ColumnElement[Any]]:
    names = AMOUNTS if what in ("day", "agent") else _PLAIN
    return [sa.func.sum(hourly.c[name]) for name in names]


def _sat() -> list[sa.ColumnElement[Any]]:
    columns = sittings.c
    return [
        sa.func.count(),
        _different(),
        sa.func.count(sa.case((columns.answers > 0, 1))),
        sa.func.count(sa.case((columns.handed, 1))),
        sa.func.sum(columns.ended_at - columns.began_at),
        sa.func.sum(columns.good),
        sa.func.sum(columns.poor),
    ]


def _different() -> sa.ColumnElement[int]:
    # Of those who were forgotten nobody knows any more who came twice.
    return sa.func.count(sa.distinct(sa.func.coalesce(sittings.c.visitor_id, sittings.c.id)))


def _add(held: Amounts, sums: Sequence[Any], found: Terms, agent_id: str) -> None:
    numbers = [int(each or 0) for each in sums]
    named = dict(zip(_PLAIN, numbers, strict=False))
    for name, number in named.items():
        setattr(held, name, getattr(held, name) + number)
    price = found.prices.get(agent_id)
    if price is not None:
        held.cost += price.of(named["input_tokens"], named["output_tokens"])
    waits = numbers[len(_PLAIN) :]
    if waits:
        held.waits = [a + b for a, b in zip(held.waits, waits, strict=True)]
