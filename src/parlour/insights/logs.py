"""Logs: one line per session, with who, when, how long, how much was said, and why it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from parlour.agents import store as agents
from parlour.insights.tables import sittings
from parlour.kit.clock import Moment
from parlour.links import store as links
from parlour.rights import Who
from parlour.transcripts import label, visitor


class Over(StrEnum):
    """Why a session ended."""

    NEW = "new"
    """The visitor began another conversation."""
    COMPLETED = "completed"
    """The team had done with it."""
    SILENCE = "silence"
    LONGEST = "longest"
    """It had lasted as long as one may."""


class How(StrEnum):
    """How a session went, for those who look for some."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    FAILED = "failed"
    """An answer in it failed."""
    PERSON = "person"
    """A person answered in it, or took it over."""
    RATED = "rated"
    """Its visitor said what they make of an answer."""
    POOR = "poor"
    """Its visitor found an answer poor."""


@dataclass(frozen=True, slots=True)
class Session:
    """A line of the log."""

    id: str
    agent_id: str
    link_id: str
    conversation_id: str
    visitor_id: str | None
    began_at: Moment
    ended_at: Moment
    """When the last thing was said in it."""
    over: Over | None
    """Why it ended; None while it goes on."""
    questions: int
    answers: int
    failures: int
    words: int
    input_tokens: int
    output_tokens: int
    good: int
    """Answers that its visitor found good."""
    poor: int
    handed: bool

    @property
    def messages(self) -> int:
        """All that was said in it."""
        return self.questions + self.answers + self.words

    @property
    def lasted(self) -> Moment:
        """How long it lasted."""
        return self.ended_at - self.began_at

    @property
    def place(self) -> tuple[Moment, str]:
        """Where it stands in the list."""
        return self.began_at, self.id


@dataclass(frozen=True, slots=True)
class Line:
    """A session with the names of what is in it, as somebody may see them."""

    session: Session
    agent_name: str
    link_name: str | None
    link_kind: str
    visitor: str
    """What to call them: by a name that somebody proved, or by a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which sessions somebody wants to see; None does not matter."""

    agent_id: str | None = None
    link_id: str | None = None
    visitor_id: str | None = None
    since: Moment | None = None
    """They began then or later."""
    until: Moment | None = None
    """They began before that."""
    how: How | None = None


def page(
    conn: sa.Connection,
    who: Who,
    wanted: Wanted,
    now: Moment,
    *,
    after: tuple[Moment, str] | None = None,
    limit: int,
) -> list[Session]:
    """List sessions, the latest first: at most `limit`. Forgotten ones are in no list."""
    found = sa.select(sittings).where(*_fits(who, wanted))
    if after is not None:
        place = sa.tuple_(sittings.c.began_at, sittings.c.id)
        found = found.where(place < sa.tuple_(*(sa.literal(each) for each in after)))
    found = found.order_by(sittings.c.began_at.desc(), sittings.c.id.desc()).limit(limit)
    return [_session(row, now) for row in conn.execute(found)]


def told(conn: sa.Connection, who: Who, found: list[Session]) -> list[Line]:
    """Name what is in these sessions, as somebody may see it."""
    names = agents.names(conn, {each.agent_id for each in found})
    doors = links.titles(conn, {each.link_id for each in found})
    known = visitor.known(conn, who, {each.visitor_id for each in found if each.visitor_id})
    lines = []
    for each in found:
        id_, (name, kind) = each.visitor_id or "", doors[each.link_id]
        called = visitor.called(id_, known.get(id_), visitor.group(who, name, kind))
        agent = names[each.agent_id]
        lines.append(Line(each, agent, label(who, name), kind.word, called))
    return lines


def count(conn: sa.Connection, who: Who, wanted: Wanted) -> int:
    """Count the sessions that are wanted."""
    found = sa.select(sa.func.count()).select_from(sittings).where(*_fits(who, wanted))
    return int(conn.execute(found).scalar_one())


_HOW: Final[Mapping[How, sa.ColumnElement[bool]]] = {
    How.ANSWERED: sittings.c.answers > 0,
    How.UNANSWERED: sittings.c.answers == 0,
    How.FAILED: sittings.c.failures > 0,
    How.PERSON: sittings.c.handed,
    How.RATED: sittings.c.good + sittings.c.poor > 0,
    How.POOR: sittings.c.poor > 0,
}


def _fits(who: Who, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    c = sittings.c
    given = {"agent_id": wanted.agent_id, "link_id": wanted.link_id,
             "visitor_id": wanted.visitor_id}  # fmt: skip
    fits = [c.workspace_id == who.workspace_id, c.conversation_id.is_not(None)]
    fits += [c[name] == value for name, value in given.items() if value is not None]
    if who.agent_id is not None:
        fits.append(c.agent_id == who.agent_id)
    if who.elsewhere:
        fits.append(c.agent_id.not_in(who.elsewhere))
    if wanted.since is not None:
        fits.append(c.began_at >= wanted.since)
    if wanted.until is not None:
        fits.append(c.began_at < wanted.until)
    if wanted.how is not None:
        fits.append(_HOW[wanted.how])
    return fits


def _session(row: Any, now: Moment) -> Session:
    return Session(
        id=row.id,
        agent_id=row.agent_id,
        link_id=row.link_id,
        conversation_id=row.conversation_id,
        visitor_id=row.visitor_id,
        began_at=row.began_at,
        ended_at=row.ended_at,
        over=_over(row, now),
        questions=row.questions,
        answers=row.answers,
        failures=row.failures,
        words=row.words,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        good=row.good,
        poor=row.poor,
        handed=row.handed,
    )


def _over(row: Any, now: Moment) -> Over | None:
    if row.over is not None:
        return Over(row.over)
    if now < min(row.silent_at, row.longest_at):
        return None
    return Over.SILENCE if row.silent_at <= row.longest_at else Over.LONGEST
