"""Metrics and logs for programs: how much of everything there was, and a line for each session."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, put
from litestar.params import QueryParameter
from msgspec import UNSET, UnsetType

from parlour import transcripts
from parlour.agents import store as agents
from parlour.insights import terms
from parlour.insights.logs import How, Line
from parlour.insights.metrics import Amounts, Report
from parlour.insights.terms import Terms
from parlour.kit.clock import rfc3339
from parlour.links import store as links
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web import figures
from parlour.web.api import asking, moments
from parlour.web.api.asking import After, Limit, Page
from parlour.web.api.strict import Strict
from parlour.web.gates import Asked, key

_SEE: Final = {"gate": key(Permission.CONVERSATIONS_SEE)}
_MANAGE: Final = {"gate": key(Permission.AGENTS_MANAGE)}
_TERMS: Final = "/api/metrics/terms"

Days = Annotated[
    str | None, QueryParameter(description="So many days up to today; 14 when not said.")
]
First = Annotated[str | None, QueryParameter(description="The first day, such as 2026-11-01.")]
Last = Annotated[str | None, QueryParameter(description="The last day; today when not said.")]
Agent = Annotated[str | None, QueryParameter(description="Only with the agent of this name.")]
LinkId = Annotated[str | None, QueryParameter(description="Only by this link.")]
HowItWent = Annotated[str | None, QueryParameter(description=f"One of {', '.join(How)}.")]


class AmountsShown(msgspec.Struct, frozen=True):
    """How much there was."""

    opened: int
    """How often the page was opened; programs that say that they are some are not counted."""
    sessions: int
    """Stretches of conversations from a first message to a silence, that began then."""
    visitors: int
    answered: int
    """Sessions with an answer of the agent."""
    handed: int
    """Sessions in which a person answered, or took over."""
    typical_seconds: float
    """How long a session lasted on average."""
    messages: int
    questions: int
    answers: int
    failures: int
    words: int
    """What people of the team and guests said."""
    asked: int
    """How often a person was asked for."""
    taken: int
    """How often a person took over."""
    input_tokens: int
    output_tokens: int
    again: int
    """Answers that visitors asked for anew."""
    edited: int
    """Questions that visitors said otherwise."""
    good: int
    """Answers in these sessions that their visitors found good."""
    poor: int
    cost: str
    """At the present prices."""
    first_word_p50_ms: int | None
    """Half of the answers began within so long; 0 is longer than a minute. Null where none began,
    and of hours and links: those of one link are told when it is asked for."""
    first_word_p95_ms: int | None


class DayShown(msgspec.Struct, frozen=True):
    """A day, from midnight to midnight in the zone."""

    day: str
    amounts: AmountsShown


class AgentCounted(msgspec.Struct, frozen=True):
    """What was said with one agent."""

    agent_name: str
    amounts: AmountsShown


class LinkCounted(msgspec.Struct, frozen=True):
    """What was said by one link; of a private one, by one user or group."""

    link_id: str
    link_name: str | None
    kind: str
    amounts: AmountsShown


class MetricsShown(msgspec.Struct, frozen=True):
    """How much of everything there was in some days."""

    first: str
    last: str
    zone: str
    """The time zone of the days."""
    currency: str
    total: AmountsShown
    before: AmountsShown
    """In the same number of days before."""
    days: list[DayShown]
    hours: list[AmountsShown]
    """By the hour of the day, from midnight on, all days together."""
    agents: list[AgentCounted]
    links: list[LinkCounted]


class SessionShown(msgspec.Struct, frozen=True):
    """A session: a stretch of a conversation, from a message of its visitor until a silence."""

    id: str
    began_at: str
    ended_at: str
    """When the last thing was said in it."""
    seconds: float
    agent_name: str
    link_id: str
    link_name: str | None
    link_kind: str
    visitor_id: str | None
    visitor: str
    messages: int
    questions: int
    answers: int
    failures: int
    words: int
    """What people of the team and guests said."""
    input_tokens: int
    output_tokens: int
    good: int
    """Answers that its visitor found good."""
    poor: int
    handed: bool
    """Whether a person answered in it, or took it over."""
    over: str | None
    """Why it ended: `new` (the visitor began anew), `completed` by the team, `silence`, `longest`
    (it had lasted as long as one may), or null: it goes on."""
    conversation_id: str


class PriceShown(msgspec.Struct, frozen=True):
    """What a million tokens of an agent cost."""

    input: str
    output: str


class TermsShown(msgspec.Struct, frozen=True):
    """On which terms is counted: the zone of the days, the money, and what tokens cost."""

    zone: str
    currency: str
    prices: dict[str, PriceShown]
    """By the name of the agent."""
    updated_at: str | None
    updated_by: str | None


class TermsEdit(Strict, frozen=True):
    """What to change; absent stays as it is."""

    zone: str | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    prices: dict[str, PriceShown] | UnsetType = UNSET


def amounts(each: Amounts) -> AmountsShown:
    """Show how much there was."""
    plain = {name: getattr(each, name) for name in figures.COLUMNS}
    return AmountsShown(
        **plain,
        typical_seconds=each.typical / 1000,
        cost=terms.money(each.cost),
        first_word_p50_ms=each.within(50),
        first_word_p95_ms=each.within(95),
    )


async def shown(tools: Tools, who: Who, found: Report) -> MetricsShown:
    """Show a report, with the names of what is in it."""
    named = await tools.db.read(agents.names, set(found.agents))
    titles = await tools.db.read(links.titles, set(found.links))
    return MetricsShown(
        first=found.span.first.isoformat(),
        last=found.span.last.isoformat(),
        zone=found.span.zone,
        currency=found.terms.currency,
        total=amounts(found.total),
        before=amounts(found.before),
        days=[DayShown(day.isoformat(), amounts(each)) for day, each in found.days],
        hours=[amounts(each) for each in found.hours],
        agents=[
            AgentCounted(named.get(agent_id, agent_id), amounts(each))
            for agent_id, each in found.agents.items()
        ],
        links=[
            LinkCounted(
                link_id,
                transcripts.label(who, titles[link_id][0]),
                titles[link_id][1].word,
                amounts(each),
            )
            for link_id, each in found.links.items()
            if link_id in titles
        ],
    )


def session(line: Line) -> SessionShown:
    """Show a session."""
    each = line.session
    return SessionShown(
        id=each.id,
        began_at=rfc3339(each.began_at),
        ended_at=rfc3339(each.ended_at),
        seconds=each.lasted / 1000,
        agent_name=line.agent_name,
        link_id=each.link_id,
        link_name=line.link_name,
        link_kind=line.link_kind,
        visitor_id=each.visitor_id,
        visitor=line.visitor,
        messages=each.messages,
        questions=each.questions,
        answers=each.answers,
        failures=each.failures,
        words=each.words,
        input_tokens=each.input_tokens,
        output_tokens=each.output_tokens,
        good=each.good,
        poor=each.poor,
        handed=each.handed,
        over=each.over and each.over.value,
        conversation_id=each.conversation_id,
    )


async def terms_shown(tools: Tools, who: Who, found: Terms) -> TermsShown:
    """Show on which terms is counted."""
    named = await tools.db.read(agents.names, set(found.prices))
    return TermsShown(
        zone=found.zone,
        currency=found.currency,
        prices={
            named[agent_id]: PriceShown(terms.money(each.input), terms.money(each.output))
            for agent_id, each in found.prices.items()
            if agent_id in named and who.agent_id in (None, agent_id)
        },
        updated_at=moments.written(found.updated_at or None),
        updated_by=found.updated_by or None,
    )


def _given(**named: str | None) -> Mapping[str, str]:
    return {name: value for name, value in named.items() if value is not None}


@get("/api/metrics", opt=_SEE)
async def read_metrics(
    tools: Tools,
    who: Who,
    days: Days = None,
    first: First = None,
    last: Last = None,
    agent: Agent = None,
    link_id: LinkId = None,
) -> MetricsShown:
    """Count what happened in some days: in all, by day and hour, by agent and link.

    It is counted once a minute, so the last minute may be missing.
    """
    given = _given(days=days, first=first, last=last, agent=agent, link=link_id)
    wanted = await figures.asked(tools, who, given)
    return await shown(tools, who, await figures.report(tools, who, wanted))


@get("/api/metrics.csv", opt=_SEE)
async def metrics_csv(
    tools: Tools,
    who: Who,
    days: Days = None,
    first: First = None,
    last: Last = None,
    agent: Agent = None,
    link_id: LinkId = None,
) -> Response[bytes]:
    """Download the same as CSV, a day a line."""
    given = _given(days=days, first=first, last=last, agent=agent, link=link_id)
    wanted = await figures.asked(tools, who, given)
    return figures.file(
        figures.as_csv(await figures.report(tools, who, wanted)), "metrics.csv", "text/csv"
    )


@get("/api/sessions", opt=_SEE)
async def list_sessions(
    tools: Tools,
    who: Who,
    days: Days = None,
    first: First = None,
    last: Last = None,
    agent: Agent = None,
    link_id: LinkId = None,
    how: HowItWent = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[SessionShown]:
    """List sessions that began in some days, the latest first."""
    given = _given(days=days, first=first, last=last, agent=agent, link=link_id)
    wanted = await figures.asked(tools, who, given)
    at, _, id_ = asking.place(after).partition(" ")
    if after is not None and not (at.isdigit() and len(at) < 19):
        raise asking.bad_cursor()
    found = await figures.lines(
        tools,
        who,
        figures.wanted_sessions(wanted, figures.how_of(how or "")),
        after=(int(at), id_) if after is not None else None,
        limit=limit + 1,
    )
    kept, cursor = asking.page(
        found, limit, lambda each: f"{each.session.began_at} {each.session.id}"
    )
    return Page([session(each) for each in kept], cursor)


@get("/api/sessions.csv", opt=_SEE)
async def sessions_csv(
    tools: Tools,
    who: Who,
    days: Days = None,
    first: First = None,
    last: Last = None,
    agent: Agent = None,
    link_id: LinkId = None,
    how: HowItWent = None,
) -> Response[bytes]:
    """Download the same as CSV, a session a line."""
    given = _given(days=days, first=first, last=last, agent=agent, link=link_id)
    wanted = await figures.asked(tools, who, given)
    chosen = figures.wanted_sessions(wanted, figures.how_of(how or ""))
    found = await figures.every_line(tools, who, chosen)
    return figures.file(figures.sessions_csv(found), "sessions.csv", "text/csv")


@get(_TERMS, opt=_SEE)
async def read_terms(tools: Tools, who: Who) -> Response[TermsShown]:
    """Read on which terms is counted."""
    found = await tools.db.read(terms.find, who.workspace_id)
    return asking.tagged(await terms_shown(tools, who, found), found.updated_at)


@put(_TERMS, opt=_MANAGE)
async def change_metrics_terms(
    request: Asked, tools: Tools, who: Who, data: TermsEdit
) -> Response[TermsShown]:
    """Change on which terms is counted. Costs are told at the present prices, also of the past."""
    found = await tools.db.read(terms.find, who.workspace_id)
    changed = await terms.change(
        tools,
        who,
        zone=None if data.zone is UNSET else str(data.zone),
        currency=None if data.currency is UNSET else str(data.currency),
        cost=await _cost(tools, who, {} if data.prices is UNSET else data.prices),
        seen=asking.seen(request, found.updated_at),
    )
    return asking.tagged(await terms_shown(tools, who, changed), changed.updated_at)


async def _cost(tools: Tools, who: Who, prices: Any) -> dict[str, tuple[str, str]]:
    cost = {}
    for name, each in prices.items():
        agent = await tools.db.read(agents.find, who.workspace_id, name, who.agent_id)
        cost[agent.id] = (each.input, each.output)
    return cost


HANDLERS = [
    read_metrics,
    metrics_csv,
    list_sessions,
    sessions_csv,
    read_terms,
    change_metrics_terms,
]
