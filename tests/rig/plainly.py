"""The plain count of what visitors left: row by row, by no way in which the program counts."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from parlour.conversations import turns as rows
from parlour.conversations.handoffs import handoffs
from parlour.conversations.store import conversations, messages
from parlour.events.accounting import WAITS
from parlour.kit.clock import DAY, HOUR

SAID: Final = ("questions", "answers", "words")
NUMBERS: Final = (
    *("opened", "questions", "answers", "failures", "words", "asked", "taken"),
    *("input_tokens", "output_tokens", "again", "edited"),
)
Where = Callable[[int, str, str], bool]
"""Whether something counts: by its moment, its agent and its link."""


@dataclass(frozen=True)
class Ways:
    """Ways in which what counts can be chosen, in a time zone."""

    zone: ZoneInfo

    def days(self, first: date, last: date) -> Where:
        return lambda at, *_: first <= self.shown(at).date() <= last

    def day(self, day: date) -> Where:
        return self.days(day, day)

    def hour(self, hour: int) -> Where:
        return lambda at, *_: self.shown(at).hour == hour

    def agent(self, agent: str) -> Where:
        return lambda _, about, __: about == agent

    def link(self, link: str) -> Where:
        return lambda _, __, by: by == link

    def shown(self, at: int) -> datetime:
        """What the clock shows at a moment."""
        return datetime.fromtimestamp(at / 1000, self.zone)


@dataclass(frozen=True)
class Fact:
    """Something happened once, or so often."""

    at: int
    agent: str
    link: str
    name: str
    number: int = 1


@dataclass
class Sat:
    """A session: from a message of a visitor until an hour's silence, or a day."""

    talk: str
    visitor: str
    agent: str
    link: str
    began: int
    said: int
    ended: int
    found: Counter[str] = field(default_factory=Counter)
    handed: bool = False


@dataclass
class Plain:
    """What there is in the rows, one by one."""

    facts: list[Fact] = field(default_factory=list)
    sat: list[Sat] = field(default_factory=list)

    def amounts(
        self, where: Where, prices: Mapping[str, tuple[str, str]], *, waits: bool = True
    ) -> dict[str, Any]:
        """Add up what counts, as the interface tells it; `prices` of a million tokens."""
        found = [each for each in self.facts if where(each.at, each.agent, each.link)]
        sat = [each for each in self.sat if where(each.began, each.agent, each.link)]
        sums: Counter[str] = Counter()
        cost = Decimal()
        for each in found:
            sums[each.name] += each.number
            if each.name.endswith("_tokens"):
                price = prices.get(each.agent, ("0", "0"))[each.name == "output_tokens"]
                cost += each.number * Decimal(price)
        lasted = sum(each.ended - each.began for each in sat)
        took = sorted(each.number for each in found if each.name == "wait") if waits else []
        return {
            **{name: sums[name] for name in NUMBERS},
            "messages": sum(sums[name] for name in SAID),
            "sessions": len(sat),
            "visitors": len({each.visitor for each in sat}),
            "answered": sum(each.found["answers"] > 0 for each in sat),
            "handed": sum(each.handed for each in sat),
            "good": sum(each.found["good"] for each in sat),
            "poor": sum(each.found["poor"] for each in sat),
            "typical_seconds": lasted // len(sat) / 1000 if sat else 0.0,
            "cost": cost / 1_000_000,
            "first_word_p50_ms": _within(took, 50),
            "first_word_p95_ms": _within(took, 95),
        }


def _within(waits: list[int], percent: int) -> int | None:
    """Return the first bound within which so many of a hundred are; 0: longer than all bounds."""
    if not waits:
        return None
    last = waits[-(-len(waits) * percent // 100) - 1]
    return next((bound for bound in WAITS if last <= bound), 0)


def counted(conn: sa.Connection, noted: Iterable[tuple[str, int, str]] = ()) -> Plain:
    """Count every row. `noted`: what leaves no row of its own, as whoever did it wrote it down."""
    plain = Plain()
    talks = {row.id: row for row in conn.execute(sa.select(conversations))}
    agents = {row.link_id: row.agent_id for row in talks.values()}
    for name, at, about in noted:
        link = talks[about].link_id if about in talks else about
        plain.facts.append(Fact(at, agents[link], link, name))
    for row in conn.execute(sa.select(handoffs)):
        talk = talks[row.conversation_id]
        plain.facts.append(Fact(row.asked_at, talk.agent_id, talk.link_id, "asked"))
    last: dict[str, Sat] = {}
    for row in conn.execute(_said()):
        talk = talks[row.conversation_id]
        if row.author_kind == "visitor":
            held = last.get(talk.id)
            if held and row.created_at - held.said < HOUR and row.created_at - held.began < DAY:
                held.said = row.created_at
            else:
                here = (talk.id, talk.visitor_id, talk.agent_id, talk.link_id)
                last[talk.id] = Sat(*here, *[row.created_at] * 3)
                plain.sat.append(last[talk.id])
        _add(plain, last[talk.id], row)
    for name, at, about in noted:
        mine = [each for each in plain.sat if each.talk == about and each.began <= at]
        if name == "taken":
            mine[-1].handed = True
    return plain


def _said() -> sa.Select[Any]:
    turns = rows.turns
    reply = sa.and_(turns.c.id == messages.c.turn_id, turns.c.reply_seq == messages.c.seq)
    names = ("first_text_at", "ended_at", "input_tokens", "output_tokens")
    told = [turns.c.created_at.label("asked"), *(turns.c[name] for name in names)]
    found = sa.select(messages, *told).select_from(messages.outerjoin(turns, reply))
    return found.order_by(messages.c.conversation_id, messages.c.seq)


def _add(plain: Plain, sat: Sat, row: Any) -> None:
    def note(name: str, number: int = 1, at: int = row.created_at) -> None:
        plain.facts.append(Fact(at, sat.agent, sat.link, name, number))
        sat.found[name] += number

    sat.ended = max(sat.ended, row.created_at)
    if row.author_kind == "visitor":
        note("questions")
    elif row.author_kind == "operator":
        note("words")
        sat.handed = True
    elif row.author_kind == "agent":
        well = row.state in ("done", "stopped")
        note("answers" if well else "failures", at=row.ended_at)
        note("input_tokens", row.input_tokens or 0, row.ended_at)
        note("output_tokens", row.output_tokens or 0, row.ended_at)
        if row.first_text_at:
            note("wait", row.first_text_at - row.asked, row.ended_at)
    sat.found["good"] += row.rating == 1
    sat.found["poor"] += row.rating == -1
