"""The studio's home: what there is, in numbers, and what is left to do at the beginning."""

from dataclasses import dataclass
from typing import Any

import segno
from litestar import Response, get
from markupsafe import Markup

from parlour import events
from parlour.agents import store as agents
from parlour.agents.model import Agent
from parlour.events import Kind
from parlour.kit.clock import DAY
from parlour.kit.errors import NotFound
from parlour.links import address
from parlour.links import store as links
from parlour.rights import Permission
from parlour.staff import store
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell


@dataclass(frozen=True, slots=True)
class Row:
    """An agent on the home page."""

    agent: Agent
    links: int
    conversations: int

    @property
    def state(self) -> str:
        """`live`, `offline`, or `draft` before the first publishing."""
        if self.agent.published is None:
            return "draft"
        return "live" if self.agent.live else "offline"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do at the beginning, and how."""

    label: str
    done: bool
    command: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Phone:
    """A link to be opened on a phone: its address, and the same as a drawing for a camera."""

    url: str
    drawing: Markup


@get("/studio", opt={"gate": person(Permission.AGENTS_SEE)})
async def home(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """Show what there is."""
    workspace, since = seat.person.workspace_id, tools.clock.now() - DAY
    found = await tools.db.browse(agents.every, workspace)
    doors = await tools.db.browse(links.count_of_agents, workspace)
    begun = await tools.db.browse(events.count_since, workspace, Kind.CONVERSATION_STARTED, since)
    rows = [Row(each, doors.get(each.id, (0, 0))[0], begun.get(each.id, 0)) for each in found]
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
        rows=rows,
        live=sum(row.state == "live" for row in rows),
        links=sum(row.links for row in rows),
        conversations=sum(begun.values()),
        steps=[] if all(step.done for step in steps) else steps,
        phone=phone,
    )


async def _steps(
    tools: Tools, seat: Seat, rows: list[Row], *, used: bool, drawn: bool
) -> list[Step]:
    """List the first steps that this person may take."""
    steps = []
    name = rows[0].agent.name if rows else "handbook"
    if seat.who.may(Permission.AGENTS_MANAGE):
        find = "" if drawn else f"parlour link list {name}"
        make = "parlour agent create handbook --backend documents --path ./handbook"
        live = any(row.state == "live" for row in rows)
        steps += [
            Step("Make an agent", bool(rows), make),
            Step("Put it live", live, f"parlour agent {_goes_live(rows)} {name}"),
            Step(
                "Make a link to it", any(row.links for row in rows), f"parlour link create {name}"
            ),
            Step("Open the link on your phone and ask something", used, find),
        ]
    if seat.who.may(Permission.PEOPLE_MANAGE):
        people = await tools.db.read(store.every_person, seat.person.workspace_id)
        steps.append(Step("Invite a colleague", len(people) > 1, path="/studio/people"))
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
