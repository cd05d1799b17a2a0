"""Metrics in the studio: how much of everything there was, as numbers that lead to sessions."""

from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from zoneinfo import available_timezones

import orjson
from litestar import Response, get, post
from litestar.params import Body

from parlour import transcripts
from parlour.agents import store as agents
from parlour.agents.model import Agent
from parlour.insights import spans, terms
from parlour.insights.logs import How
from parlour.insights.metrics import Amounts, Chosen, Report
from parlour.kit.errors import Invalid, NotFound, Stale
from parlour.links import store as links
from parlour.rights import Permission, Who
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import figures
from parlour.web.figures import PERIODS
from parlour.web.gates import Asked, person
from parlour.web.studio import shell, today
from parlour.web.studio.shell import NOTHING, Filled

PATH: Final = "/studio/metrics"
SESSIONS: Final = "/studio/sessions"
SEE: Final = {"gate": person(Permission.CONVERSATIONS_SEE)}
_MANAGE: Final = {"gate": person(Permission.AGENTS_MANAGE)}
_TERMS: Final = f"{PATH}/terms"
_ROWS: Final = 50
"""Links on the page; all are in the files."""
_WITHOUT_NAME: Final = "Without a name"


@dataclass(frozen=True, slots=True)
class Looked:
    """What the page is narrowed to, as its address carries it."""

    asked: figures.Asked
    link: str = ""
    trouble: str = ""

    def query(self, **more: str) -> str:
        """Return the part of an address behind its path."""
        span = self.asked.span
        days = {"days": str(self.asked.days)} if self.asked.days else {
            "first": span.first.isoformat(), "last": span.last.isoformat()}  # fmt: skip
        fields = {**days, "agent": self.asked.agent, "link": self.link, **more}
        return "?" + urlencode({name: value for name, value in fields.items() if value})

    def sessions(self, **more: str) -> str:
        """Return where the sessions are that a number counts."""
        return SESSIONS + self.query(**more)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table of agents or links."""

    label: str
    told: str
    path: str
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Step:
    """A step from the door to an answer."""

    label: str
    number: int
    share: int | None
    """Of a hundred of the step before; None for the first."""
    path: str
    by_person: bool = False
    of: int | None = None
    """Of how many, where that is not the step before."""


async def looked(request: Asked, tools: Tools, who: Who) -> Looked:
    """Read what a page is narrowed to; what cannot be is left out, and said."""
    given = dict(request.query_params)
    trouble = ""
    try:
        found = await figures.asked(tools, who, given)
    except Invalid as problem:
        trouble = shell.sentence(problem.detail)
        for name in ("first", "last", "days"):
            given.pop(name, None)
        found = await figures.asked(tools, who, given)
    except NotFound:
        del given["agent"]
        return await _nowhere(tools, who, given)
    return Looked(found, found.chosen.link_id or "", trouble)


async def _nowhere(tools: Tools, who: Who, given: dict[str, str]) -> Looked:
    found = await figures.asked(tools, who, given)
    nobody = Chosen("agt_nobody", found.chosen.link_id)
    return Looked(figures.Asked(found.span, found.days, nobody), nobody.link_id or "",
                  "There is no such agent.")  # fmt: skip


@get(PATH, opt=SEE)
async def page(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """Show how much of everything there was in some days."""
    at = await looked(request, tools, seat.who)
    found = await figures.report(tools, seat.who, at.asked)
    every = await tools.db.read(agents.every, seat.who.workspace_id, seat.who.agent_id)
    seen = [each for each in every if seat.who.sees(each.id)]
    return shell.inside(
        request,
        seat,
        "studio/metrics.html",
        "metrics",
        at=at,
        report=found,
        total=found.total,
        before=found.before,
        periods=PERIODS,
        agents=seen,
        by_agent=_agents(found, seen, at),
        by_link=await _links(tools, seat.who, found, at),
        most=_ROWS,
        steps=_steps(found, at),
        plots=_plots(found),
        link_name=await link_name(tools, seat.who, at.link),
        today=spans.today(tools.clock.now(), found.span.zone).isoformat(),
        money=terms.money,
        priced=bool(found.terms.prices),
    )


async def link_name(tools: Tools, who: Who, link_id: str) -> str:
    """Return what the link is called that everything came by; empty where none is chosen."""
    if not link_id:
        return ""
    titles = await tools.db.read(links.titles, {link_id})
    name = titles[link_id][0] if link_id in titles else None
    return transcripts.label(who, name) or _WITHOUT_NAME


def _agents(found: Report, every: list[Agent], at: Looked) -> list[Line]:
    rows = [
        Line(today.named(each), each.name, PATH + at.query(agent=each.name), found.agents[each.id])
        for each in every
        if each.id in found.agents
    ]
    return sorted(rows, key=lambda row: (-row.amounts.sessions, row.label))


async def _links(tools: Tools, who: Who, found: Report, at: Looked) -> list[Line]:
    ids = [*found.links][:_ROWS]
    titles = await tools.db.read(links.titles, set(ids))
    return [
        Line(
            transcripts.label(who, titles[each][0]) or _WITHOUT_NAME,
            titles[each][1].word,
            PATH + at.query(link=each),
            found.links[each],
        )
        for each in ids
        if each in titles
    ]


def _steps(found: Report, at: Looked) -> list[Step]:
    total = found.total
    numbers = [
        ("Opened", total.opened, "", False),
        ("Started", total.sessions, at.sessions(), False),
        ("Answered", total.answered, at.sessions(how=How.ANSWERED), False),
        ("With a person", total.handed, at.sessions(how=How.PERSON), True),
    ]
    steps = []
    before = 0
    for label, number, path, by_person in numbers:
        share = round(number * 100 / before) if before else None
        steps.append(Step(label, number, share, path, by_person))
        before = total.sessions if label == "Answered" else number
    rated = total.good + total.poor
    if rated:
        path = at.sessions(how=How.RATED)
        steps.append(Step("Thumbs up", total.good, None, path, of=rated))
    return steps


def _plots(found: Report) -> dict[str, str]:
    """Return what is drawn, as JSON; the same numbers stand in tables below."""
    days = [each for _, each in found.days]
    labels = [f"{day.day} {day:%b}" for day, _ in found.days]
    drawn = {
        "sessions": {"labels": labels, "bars": [
            {"name": "By the agent", "of": [each.sessions - each.handed for each in days]},
            {"name": "With a person", "of": [each.handed for each in days], "kind": "person"},
        ]},
        "hours": {"labels": [f"{hour:02}:00" for hour in range(24)], "bars": [
            {"name": "Sessions", "of": [each.sessions for each in found.hours]},
        ]},
        "waits": {"labels": labels, "unit": "s", "lines": [
            {"name": "Half", "of": [_seconds(each, 50) for each in days]},
            {"name": "95 of 100", "of": [_seconds(each, 95) for each in days], "kind": "person"},
        ]},
        "tokens": {"labels": labels, "bars": [
            {"name": "In", "of": [each.input_tokens for each in days]},
            {"name": "Out", "of": [each.output_tokens for each in days], "kind": "second"},
        ]},
    }  # fmt: skip
    return {name: orjson.dumps(each).decode() for name, each in drawn.items()}


def _seconds(each: Amounts, percent: int) -> float | None:
    bound = each.within(percent)
    return None if bound is None else (bound or 60_000) / 1000


@get(PATH + ".csv", opt=SEE)
async def as_csv(request: Asked, tools: Tools, seat: Seat) -> Response[bytes]:
    """Download the numbers, a day a line."""
    at = await looked(request, tools, seat.who)
    found = await figures.report(tools, seat.who, at.asked)
    return figures.file(figures.as_csv(found), "metrics.csv", "text/csv")


@get(_TERMS, opt=SEE)
async def settings(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """Show on which terms is counted: the zone of the days, the money, and what tokens cost."""
    return await _settings(request, tools, seat)


@post(_TERMS, opt=_MANAGE)
async def change(
    request: Asked,
    tools: Tools,
    seat: Seat,
    data: Annotated[dict[str, str], Body(media_type="application/x-www-form-urlencoded")],
) -> Response[Any]:
    """Change them, unless somebody else did so meanwhile."""
    typed = {name: str(value)[:60] for name, value in [*data.items()][:2_000]}
    every = await tools.db.read(agents.every, seat.who.workspace_id, None)
    cost = {
        each.id: (typed.get(f"in-{each.name}", ""), typed.get(f"out-{each.name}", ""))
        for each in every
        if f"in-{each.name}" in typed
    }
    try:
        await terms.change(
            tools,
            seat.who,
            zone=typed.get("zone"),
            currency=typed.get("currency", "").strip().upper(),
            cost=cost,
            seen=shell.seen(typed.get("seen", "")),
        )
    except (Invalid, Stale) as problem:
        return await _settings(request, tools, seat, Filled.after(problem, typed))
    return shell.go(_TERMS, "saved")


async def _settings(
    request: Asked, tools: Tools, seat: Seat, form: Filled = NOTHING
) -> Response[Any]:
    return shell.inside(
        request,
        seat,
        "studio/metrics-terms.html",
        "metrics",
        status=form.status,
        form=form,
        kept=await tools.db.read(terms.find, seat.who.workspace_id),
        agents=await tools.db.read(agents.every, seat.who.workspace_id, None),
        zones=sorted(each for each in available_timezones() if "/" in each or each == "UTC"),
        money=terms.money,
    )


HANDLERS = [page, as_csv, settings, change]
