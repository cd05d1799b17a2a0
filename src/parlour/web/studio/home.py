"""The studio's home: what needs somebody, how it went lately, and what is left to do first."""

from dataclasses import dataclass
from typing import Any, Final

import segno
from litestar import Response, get
from markupsafe import Markup

from parlour import insights
from parlour.agents import store as agents
from parlour.agents.library import store as library
from parlour.agents.model import Agent
from parlour.kit.clock import DAY
from parlour.kit.errors import NotFound
from parlour.links import address
from parlour.links import store as links
from parlour.rights import Permission
from parlour.staff import store
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell, today
from parlour.web.studio.today import Matter

_WEEK: Final = 7
_NAMED: Final = 3
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
    """One thing to do at the beginning, and where, or by which command."""

    label: str
    done: bool
    path: str = ""
    command: str = ""


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
    steps = await _steps(tools, seat, rows, used=uses > 0, drawn=phone is not None)
    return shell.inside(
        request,
        seat,
        "studio/home.html",
        "home",
        rows=rows[:_SHOWN],
        agents=len(rows),
        live=sum(row.state == "live" for row in rows),
        links=sum(row.links for row in rows),
        matters=await _matters(tools, workspace, rows),
        figures=await _figures(tools, workspace),
        steps=[] if all(step.done for step in steps) else steps,
        phone=phone,
        agents_at=shell.place("agents"),
    )


async def _matters(tools: Tools, workspace: str, rows: list[Row]) -> list[Matter]:
    now = tools.clock.now()
    failing = await tools.db.browse(insights.failing, workspace, now)
    reading = await tools.db.browse(library.states_of, [row.agent.id for row in rows])
    ending, number = await tools.db.browse(links.ending, workspace, now, now + DAY, most=_NAMED)
    doors = {row.agent.id: row.links for row in rows}
    found = [row.agent for row in rows]
    of_agents = today.of_agents(found, doors, failing, reading, shell.place("agents"))
    return of_agents + today.of_links(ending, number, shell.place("links"))


async def _figures(tools: Tools, workspace: str) -> list[Figure]:
    """Return the four numbers; none before anything has happened."""
    seen = await tools.db.browse(insights.figures, workspace, tools.clock.now())
    if not any(seen.conversations) and not any(seen.questions):
        return []
    ended = sum(seen.answers[-_WEEK:]) + sum(seen.failures[-_WEEK:])
    failed = sum(seen.failures[-_WEEK:])
    share = f"{failed / ended:.1%} of all replies" if failed else "none of all replies"
    return [
        _figure("Conversations", seen.conversations),
        _figure("Visits", seen.visitors),
        _figure("Answers", seen.answers),
        Figure("Failed replies", f"{failed:,}", share, seen.failures),
    ]


def _figure(label: str, days: tuple[int, ...]) -> Figure:
    return Figure(label, f"{sum(days[-_WEEK:]):,}", f"{days[-1]:,} today", days)


async def _steps(
    tools: Tools, seat: Seat, rows: list[Row], *, used: bool, drawn: bool
) -> list[Step]:
    """List the first steps that this person may take."""
    steps = []
    name = rows[0].agent.name if rows else "handbook"
    agent = f"{shell.place('agents')}/{name}" if rows and shell.place("agents") else ""
    if seat.who.may(Permission.AGENTS_MANAGE):
        make = "parlour agent create handbook --backend documents --path ./handbook"
        made = f"{shell.place('agents')}/new" if shell.place("agents") else ""
        live = any(row.state == "live" for row in rows)
        linked = any(row.links for row in rows)
        find = "" if drawn else f"parlour link list {name}"
        steps += [
            Step("Make an agent", bool(rows), made, make),
            Step("Publish it", live, agent, f"parlour agent {_goes_live(rows)} {name}"),
            Step("Make a link to it", linked, shell.place("links"), f"parlour link create {name}"),
            Step("Open the link on your phone and ask something", used, "", find),
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
            url = address.url(address.base(tools.settings), tools.keys, link)
            code = segno.make(url, micro=False, error="m")
            drawn = code.svg_inline(border=0, omitsize=True, svgclass=None, lineclass=None)
            return Phone(url, Markup(drawn))  # noqa: S704 - squares; the address is not in it
    return None


def _goes_live(rows: list[Row]) -> str:
    return "live" if rows and rows[0].state == "offline" else "publish"


@get("/studio/{rest:path}", opt={"gate": person()})
async def nothing(seat: Seat, rest: str) -> None:
    """Answer for an address of the studio that leads nowhere."""
    del seat, rest
    raise NotFound("there is no such page")


HANDLERS = [home, nothing]
