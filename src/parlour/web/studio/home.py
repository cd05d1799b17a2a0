"""The studio's home: what needs somebody, how it went lately, and what is left to do first."""

from dataclasses import dataclass
from typing import Any, Final

import segno
from litestar import Response, get
from markupsafe import Markup

from parlour import insights, transcripts
from parlour.agents import store as agents
from parlour.agents.library import store as library
from parlour.agents.model import Agent
from parlour.conversations.model import Standing, Wanted
from parlour.kit.clock import DAY
from parlour.kit.errors import NotFound
from parlour.links import address, private
from parlour.links import store as links
from parlour.notes import store as notes
from parlour.rights import Permission
from parlour.staff import store
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell, today
from parlour.web.studio.today import Matter
from parlour.webhooks import store as webhooks
from parlour.widgets.model import first_id

_WEEK: Final = 7
_NAMED: Final = 3
_ASK: Final = "Open the link on your phone and ask something"
_SHOWN: Final = 12
"""How many agents stand on the page itself."""


@dataclass(frozen=True, slots=True)
class Row:
    """An agent on the home page."""

    agent: Agent
    links: int
    state: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do at the beginning, and where; what comes later has no place yet."""

    label: str
    done: bool
    path: str = ""


@dataclass(frozen=True, slots=True)
class Phone:
    """A link to be opened on a phone: its address, and the same as a drawing for a camera."""

    url: str
    drawing: Markup


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the last seven days, what it was today, and the line of two weeks."""

    label: str
    number: str
    told: str
    days: tuple[int, ...]
    path: str = ""
    """Where the conversations are that it counts."""


@get(shell.HOME, opt={"gate": person(Permission.AGENTS_SEE)})
async def home(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """Show what there is."""
    workspace = seat.person.workspace_id
    found = await tools.db.browse(agents.every, workspace)
    doors = await tools.db.browse(links.count_of_agents, workspace)
    rows = [Row(each, doors.get(each.id, (0, 0))[0], today.state(each)) for each in found]
    uses = sum(used for _, used in doors.values())
    phone = (
        await _phone(tools, rows) if not uses and seat.who.may(Permission.LINKS_MANAGE) else None
    )
    steps = await _steps(tools, seat, rows, used=uses > 0)
    talks = f"{shell.place('conversations')}?days={_WEEK}"
    reads = seat.who.may(Permission.CONVERSATIONS_SEE)
    return shell.inside(
        request,
        seat,
        "studio/home.html",
        "home",
        rows=rows[:_SHOWN],
        agents=len(rows),
        live=sum(row.state == "live" for row in rows),
        links=sum(row.links for row in rows),
        matters=await _matters(tools, seat, rows),
        figures=await _figures(tools, seat, talks if reads else ""),
        steps=[] if all(step.done for step in steps) else steps,
        phone=phone,
        asking=_ASK,
        agents_at=shell.place("agents"),
    )


async def _matters(tools: Tools, seat: Seat, rows: list[Row]) -> list[Matter]:
    now, workspace = tools.clock.now(), seat.person.workspace_id
    rows = [row for row in rows if seat.who.sees(row.agent.id)]
    failing = await tools.db.browse(insights.failing, workspace, now)
    reading = await tools.db.browse(library.states_of, [row.agent.id for row in rows])
    ending, number = await tools.db.browse(links.ending, workspace, now, now + DAY, most=_NAMED)
    doors = {row.agent.id: row.links for row in rows}
    found = [row.agent for row in rows]
    invited = await tools.db.browse(private.of_workspace, workspace)
    at = shell.place("agents")
    of_agents = today.of_agents(found, doors, failing, reading, at, invited=invited)
    waiting = await tools.db.browse(transcripts.count, seat.who, Wanted(waits_at=now))
    of_visitors = today.of_visitors(waiting, shell.place("conversations"))
    left = await tools.db.browse(notes.count_open, seat.who)
    of_notes = today.of_notes(left, shell.place("notes"))
    of_links = today.of_links(ending, number, shell.place("links"), found)
    # What needs a builder is no matter of whoever answers visitors.
    builds = seat.who.may(Permission.AGENTS_MANAGE) and seat.who.may(Permission.LINKS_MANAGE)
    of_hooks: list[Matter] = []
    if seat.who.may(Permission.WEBHOOKS_MANAGE):
        off, faulty = await tools.db.read(webhooks.count_off, workspace)
        of_hooks = today.of_webhooks(off, faulty, shell.place("webhooks"))
    return of_visitors + of_notes + of_hooks + (of_agents + of_links if builds else [])


async def _figures(tools: Tools, seat: Seat, talks: str) -> list[Figure]:
    """Return the four numbers; none before anything has happened.

    `talks` is the address of the week's conversations, for whoever may read them.
    """
    seen = await tools.db.browse(insights.figures, seat.who, tools.clock.now())
    if not any(seen.conversations) and not any(seen.questions):
        return []
    ended = sum(seen.answers[-_WEEK:]) + sum(seen.failures[-_WEEK:])
    failed = sum(seen.failures[-_WEEK:])
    share = f"{failed / ended:.1%} of all replies" if failed else "none of all replies"
    return [
        _figure("Conversations", seen.conversations, talks),
        _figure("Visits", seen.visitors),
        _figure("Answers", seen.answers),
        Figure(
            "Failed replies",
            f"{failed:,}",
            share,
            seen.failures,
            f"{talks}&state={Standing.FAILED}" if talks and failed else "",
        ),
    ]


def _figure(label: str, days: tuple[int, ...], path: str = "") -> Figure:
    return Figure(label, f"{sum(days[-_WEEK:]):,}", f"{days[-1]:,} today", days, path)


async def _steps(tools: Tools, seat: Seat, rows: list[Row], *, used: bool) -> list[Step]:
    """List the first steps that this person may take."""
    steps = []
    if seat.who.may(Permission.AGENTS_MANAGE):
        live = [row for row in rows if row.state == "live"]
        agent = (live or rows)[0].agent if rows else None
        linked = any(row.links for row in rows)
        page = f"{shell.place('agents')}/{agent.name}" if agent else ""
        share = f"{shell.place('widgets')}/{agent.name}/{first_id(agent.id)}/share" if agent else ""
        steps += [
            Step("Make an agent", bool(rows), f"{shell.place('agents')}/new"),
            Step("Publish it", bool(live), page),
            Step("Share a chat link", linked, share if live else ""),
            Step(_ASK, used, shell.place("links") if linked else ""),
        ]
    if seat.who.may(Permission.PEOPLE_MANAGE):
        people = await tools.db.read(store.every_person, seat.person.workspace_id)
        steps.append(Step("Invite a colleague", len(people) > 1, "/studio/people"))
    return steps


async def _phone(tools: Tools, rows: list[Row]) -> Phone | None:
    """Draw a link that nobody has used yet; None when none of them would open."""
    answering = [row.agent.id for row in rows if row.state == "live" and row.links]
    found = await tools.db.browse(links.of_agents, answering[:1])
    now = tools.clock.now()
    for link in found:
        if link.enabled and (link.expires_at is None or link.expires_at > now):
            url = address.url(address.home(tools, link.workspace_id), tools.keys, link)
            code = segno.make(url, micro=False, error="m")
            drawn = code.svg_inline(border=0, omitsize=True, svgclass=None, lineclass=None)
            return Phone(url, Markup(drawn))  # noqa: S704 - squares; the address is not in it
    return None


@get("/studio/{rest:path}", opt={"gate": person()})
async def nothing(seat: Seat, rest: str) -> None:
    """Answer for an address of the studio that leads nowhere."""
    del seat, rest
    raise NotFound("there is no such page")


HANDLERS = [home, nothing]
