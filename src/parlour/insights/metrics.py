"""Metrics: how much of everything there was in some days, by day and hour, agent and link."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Final

import sqlalchemy as sa

from parlour.events.accounting import WAITS
from parlour.insights import daybook, sheets, terms
from parlour.insights.daybook import EVERYTHING, Chosen
from parlour.insights.sheets import Sheet, Visitors
from parlour.insights.spans import Span
from parlour.insights.terms import Terms
from parlour.kit.clock import Moment
from parlour.rights import Who

__all__ = ["MOST_LINKS", "Amounts", "Chosen", "Report", "report"]

_INPUT, _OUTPUT = map(sheets.SHORT.index, ("input_tokens", "output_tokens"))
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


def report(conn: sa.Connection, who: Who, span: Span, chosen: Chosen = EVERYTHING) -> Report:
    """Count what somebody of the staff sees of what happened in some days."""
    found = terms.find(conn, who.workspace_id)
    sums = _Sums(found)
    for day, agent, sheet in daybook.read(conn, who, span, chosen):
        sums.add(day, agent, sheet)
    earlier = _Sums(found)
    for _, agent, sheet in daybook.read(conn, who, span.before, chosen):
        earlier.add_whole(agent, sheet)
    days = sums.by_day()
    total = _together(days.values())
    total.visitors = sums.visitors()
    before = _together(earlier.by_agent().values())
    before.visitors = earlier.visitors()
    return Report(
        span,
        found,
        total,
        before,
        [
            (day, days.get(number, Amounts()))
            for day, number in zip(span.dates(), daybook.days_of(span), strict=True)
        ],
        sums.by_hour(),
        sums.by_agent(),
        _busiest(sums.by_link()),
    )


def _together(parts: Iterable[Amounts]) -> Amounts:
    total = Amounts()
    for each in parts:
        total.add(each)
    return total


def _busiest(found: dict[str, Amounts]) -> dict[str, Amounts]:
    ranked = sorted(found, key=lambda each: (-found[each].sessions, -found[each].messages, each))
    return {each: found[each] for each in ranked[:MOST_LINKS]}


class _Sums:
    """Adds up sheets: by day, hour, agent and link. What tokens cost differs by agent."""

    def __init__(self, found: Terms) -> None:
        self._terms = found
        self._days: dict[tuple[int, str], int] = {}
        self._hours: dict[str, int] = {}
        self._agents: dict[str, int] = {}
        self._links: dict[tuple[str, str], int] = {}
        self._came: dict[tuple[str, str], Visitors] = {}
        """Visitors are of one link, each: those of several links are others."""

    def add(self, day: int, agent: str, sheet: Sheet) -> None:
        """Add a day with an agent."""
        whole = 0
        for link, number in sheet.links.items():
            key = link, agent
            self._links[key] = self._links.get(key, 0) + number
            whole += number
        self._days[day, agent] = self._days.get((day, agent), 0) + whole
        self._agents[agent] = self._agents.get(agent, 0) + whole
        self._hours[agent] = self._hours.get(agent, 0) + sheet.hours
        self._add_visitors(agent, sheet)

    def add_whole(self, agent: str, sheet: Sheet) -> None:
        """Add a day of which only the agent counts."""
        self._agents[agent] = self._agents.get(agent, 0) + sum(sheet.links.values())
        self._add_visitors(agent, sheet)

    def _add_visitors(self, agent: str, sheet: Sheet) -> None:
        for link, came in sheet.came.items():
            self._came.setdefault((link, agent), Visitors()).add(came)

    def visitors(self) -> int:
        """Count the different visitors."""
        return sum(map(len, self._came.values()))

    def by_day(self) -> dict[int, Amounts]:
        """Return what there was by the day, numbered since 1970."""
        whole: dict[int, int] = {}
        cost: dict[int, int] = {}
        for (day, agent), number in self._days.items():
            whole[day] = whole.get(day, 0) + number
            if agent in self._terms.prices:
                numbers = sheets.unpacked(number, sheets.LANES)
                cost[day] = cost.get(day, 0) + self._cost(agent, numbers)
        found = {day: Amounts() for day in whole}
        for day, number in whole.items():
            self._fill(found[day], "", number)
            found[day].cost = cost.get(day, 0)
        return found

    def by_agent(self) -> dict[str, Amounts]:
        """Return what there was by the agent."""
        found = {agent: Amounts() for agent in self._agents}
        for agent, number in self._agents.items():
            self._fill(found[agent], agent, number)
            found[agent].visitors = 0
        for (_, agent), came in self._came.items():
            found[agent].visitors += len(came)
        return found

    def by_link(self) -> dict[str, Amounts]:
        """Return what there was by the link, without waits."""
        found: dict[str, Amounts] = {}
        for (link, agent), number in self._links.items():
            held = found.setdefault(link, Amounts())
            self._fill(held, agent, number, waits=False)
            held.visitors = 0
        for (link, _), came in self._came.items():
            found[link].visitors += len(came)
        return found

    def by_hour(self) -> list[Amounts]:
        """Return what there was by the hour of the day, without waits."""
        found = [Amounts() for _ in range(sheets.HOURS)]
        for agent, number in self._hours.items():
            for held, numbers in zip(found, sheets.by_hour(number), strict=True):
                self._take(held, agent, numbers)
        for came in self._came.values():
            for hour, visitors in came.twice.items():
                found[hour].visitors -= visitors
        return found

    def _fill(self, held: Amounts, agent: str, number: int, *, waits: bool = True) -> None:
        numbers = sheets.unpacked(number, sheets.LANES)
        self._take(held, agent, numbers)
        if waits:
            rest = numbers[len(sheets.SHORT) :]
            held.waits = [a + b for a, b in zip(held.waits, rest, strict=True)]

    def _take(self, held: Amounts, agent: str, numbers: list[int]) -> None:
        for name, number in zip(sheets.SHORT, numbers, strict=False):
            setattr(held, name, getattr(held, name) + number)
        held.cost += self._cost(agent, numbers)

    def _cost(self, agent: str, numbers: list[int]) -> int:
        price = self._terms.prices.get(agent)
        return 0 if price is None else price.of(numbers[_INPUT], numbers[_OUTPUT])
