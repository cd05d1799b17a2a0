"""What pages and programs ask of numbers: which days, agent and link; and numbers as CSV."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from litestar import Response

from parlour.agents import store as agents
from parlour.insights import logs, metrics, spans, terms
from parlour.insights.logs import How, Line
from parlour.insights.metrics import Amounts, Chosen, Report
from parlour.insights.spans import Span
from parlour.kit.clock import Moment, rfc3339
from parlour.kit.errors import FieldError, Invalid
from parlour.rights import Who
from parlour.tools import Tools
from parlour.web import spreadsheets

PERIODS: Final = (1, 7, 14, 30, 90)
"""Days, up to today."""
USUAL: Final = 14
MOST_LINES: Final = 100_000
"""Lines of a file."""
_AT_ONCE: Final = 2_000

COLUMNS: Final = (
    *("opened", "sessions", "visitors", "answered", "handed", "messages", "questions"),
    *("answers", "failures", "words", "asked", "taken", "input_tokens", "output_tokens"),
    *("again", "edited", "good", "poor"),
)
"""What is told of a day, an hour, an agent or a link, by the names of `Amounts`."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which numbers somebody wants to see."""

    span: Span
    days: int
    """How many days up to today; 0 where the days were chosen otherwise."""
    chosen: Chosen
    agent: str = ""
    """The name of the agent, where one is chosen."""


async def asked(tools: Tools, who: Who, given: Mapping[str, str]) -> Asked:
    """Read what is asked for: `days`, or `first` and `last`; `agent`, by its name; `link`.

    Raises:
        Invalid: these are no days. NotFound: there is no such agent.
    """
    zone = (await tools.db.read(terms.find, who.workspace_id)).zone
    now = tools.clock.now()
    first, last = given.get("first", ""), given.get("last", "")
    if first or last:
        today = spans.today(now, zone).isoformat()
        span, days = spans.between(first or last, last or max(first, today), zone), 0
    else:
        days = _days(given.get("days", ""))
        span = spans.last_days(now, zone, days)
    agent = given.get("agent", "")
    agent_id = None
    if agent:
        found = await tools.db.read(agents.find, who.workspace_id, agent, who.agent_id)
        agent_id = found.id
    return Asked(span, days, Chosen(agent_id, given.get("link") or None), agent)


def _days(text: str) -> int:
    if not text:
        return USUAL
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= spans.LONGEST):
        message = f"is a number of days from 1 to {spans.LONGEST}"
        raise Invalid(f"days {message}", errors=[FieldError("days", message)])
    return int(text)


async def report(tools: Tools, who: Who, wanted: Asked) -> Report:
    """Count what is asked for."""
    return await tools.db.browse(metrics.report, who, wanted.span, wanted.chosen)


def wanted_sessions(wanted: Asked, how: How | None = None) -> logs.Wanted:
    """Return which sessions are behind the numbers that are asked for."""
    return logs.Wanted(
        agent_id=wanted.chosen.agent_id,
        link_id=wanted.chosen.link_id,
        since=wanted.span.since,
        until=wanted.span.until,
        how=how,
    )


def as_csv(found: Report) -> bytes:
    """Write a report as CSV, a day a line, and the whole below."""
    heads = ["day", *COLUMNS, "cost", "currency", "first_word_p50_ms", "first_word_p95_ms"]
    rows = [_row(day, each, found) for day, each in found.days]
    return spreadsheets.written([heads, *rows, _row("all", found.total, found)])


def _row(day: date | str, each: Amounts, found: Report) -> list[Any]:
    waits = [each.within(percent) for percent in (50, 95)]
    return [
        str(day),
        *(getattr(each, name) for name in COLUMNS),
        terms.money(each.cost),
        found.terms.currency,
        *waits,
    ]


_LINE: Final = (
    *("began_at", "ended_at", "seconds", "agent", "link", "link_kind", "visitor", "messages"),
    *("questions", "answers", "failures", "by_people", "input_tokens", "output_tokens"),
    *("good", "poor"),
    *("with_a_person", "reason_of_end", "conversation"),
)


def sessions_csv(lines: Iterable[Line]) -> bytes:
    """Write sessions as CSV, one a line."""
    return spreadsheets.written([_LINE, *map(_line, lines)])


def _line(line: Line) -> list[Any]:
    each = line.session
    return [
        rfc3339(each.began_at),
        rfc3339(each.ended_at),
        each.lasted // 1000,
        line.agent_name,
        line.link_name or each.link_id,
        line.link_kind,
        line.visitor,
        each.messages,
        each.questions,
        each.answers,
        each.failures,
        each.words,
        each.input_tokens,
        each.output_tokens,
        each.good,
        each.poor,
        "yes" if each.handed else "no",
        each.over.value if each.over else "",
        each.conversation_id,
    ]


async def lines(
    tools: Tools,
    who: Who,
    wanted: logs.Wanted,
    *,
    after: tuple[Moment, str] | None = None,
    limit: int,
) -> list[Line]:
    """Read a page of sessions with the names of what is in them."""
    now = tools.clock.now()
    found = await tools.db.browse(logs.page, who, wanted, now, after=after, limit=limit)
    return await tools.db.browse(logs.told, who, found)


async def every_line(tools: Tools, who: Who, wanted: logs.Wanted) -> list[Line]:
    """Read all sessions that are wanted, at most `MOST_LINES`, a few at a time."""
    found: list[Line] = []
    after = None
    while len(found) < MOST_LINES:
        some = await lines(tools, who, wanted, after=after, limit=_AT_ONCE)
        found += some
        if len(some) < _AT_ONCE:
            break
        after = some[-1].session.place
    return found[:MOST_LINES]


def file(content: bytes, name: str, media: str) -> Response[bytes]:
    """Answer with a file to keep."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=media, headers=headers)


def how_of(word: str) -> How | None:
    """Read how a session went; Invalid for what is no way to go."""
    if not word:
        return None
    if word not in set(How):
        message = f"is one of {', '.join(How)}"
        raise Invalid(f"how {message}", errors=[FieldError("how", message)])
    return How(word)
