"""Teams in the studio: who is in them, which agents they look after, and so what they see."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.response import Redirect

from parlour import transcripts
from parlour.agents import store as agents
from parlour.agents.model import Agent
from parlour.calling import trying
from parlour.conversations.model import Wanted
from parlour.kit.errors import Conflict, Invalid, Stale
from parlour.rights import Permission, Role
from parlour.staff import store as staff
from parlour.staff.model import Person
from parlour.staff.sessions import Seat
from parlour.staff.teams import hooks, keeping, store
from parlour.staff.teams.hooks import Ways
from parlour.staff.teams.keeping import Edit
from parlour.staff.teams.store import Team
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell, today
from parlour.web.studio.agents.forms import FORM
from parlour.web.studio.shell import NOTHING, Filled

_LIST: Final = shell.place("teams")
_ONE: Final = _LIST + "/{team_id:str}"
_SEE: Final = {"gate": person(Permission.TEAMS_SEE)}
_LEAD: Final = {"gate": person(Permission.TEAMS_LEAD)}
_MANAGE: Final = {"gate": person(Permission.TEAMS_MANAGE)}


@dataclass(frozen=True, slots=True)
class Row:
    """A team in the list."""

    team: Team
    people: list[Person]
    agents: list[Agent]
    waiting: int | None
    """Visitors who wait for a person with its agents; None for who does not see them."""


class WaysForm(msgspec.Struct, frozen=True):
    """How a team is told; `act` is `try`, `secret` (a new one) or nothing."""

    mails: str = ""
    hook_url: str = ""
    seen: str = ""
    act: str = ""


@get(_LIST, opt=_SEE)
async def teams(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """List the teams."""
    return await _list(request, tools, seat)


@post(_LIST, opt=_MANAGE)
async def make_team(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """Make a team."""
    data = await request.form()
    try:
        made = await keeping.create(tools, seat.who, await _edit(tools, seat, data))
    except (Invalid, Conflict) as problem:
        return await _list(request, tools, seat, Filled.after(problem, _typed(data)))
    return shell.go(f"{_LIST}/{made.id}", "team-made")


@get(_ONE, opt=_SEE)
async def team(request: Asked, tools: Tools, seat: Seat, team_id: str) -> Response[Any]:
    """Show a team: who is in it, and what it looks after."""
    return await _one(request, tools, seat, team_id)


@post(_ONE, opt=_LEAD)
async def change_team(request: Asked, tools: Tools, seat: Seat, team_id: str) -> Response[Any]:
    """Change a team, unless somebody else did so meanwhile."""
    data = await request.form()
    edit = await _edit(tools, seat, data)
    if not seat.who.may(Permission.TEAMS_MANAGE):
        edit = Edit(people=edit.people)  # the rest of the form is not there for a lead
    seen = shell.seen(str(data.get("seen", "")))
    try:
        await keeping.change(tools, seat.who, team_id, edit, seen)
    except (Invalid, Conflict, Stale) as problem:
        return await _one(request, tools, seat, team_id, Filled.after(problem, _typed(data)))
    return shell.go(f"{_LIST}/{team_id}", "saved")


@post(_ONE + "/ways", opt=_MANAGE)
async def change_ways(
    request: Asked, tools: Tools, seat: Seat, team_id: str, data: Annotated[WaysForm, FORM]
) -> Response[Any]:
    """Say how the team is told that a visitor waits; or try the webhook."""
    if data.act == "try":
        found = await tools.db.read(store.find, seat.person.workspace_id, team_id)
        return await _one(request, tools, seat, team_id, tried=await trying.hook(tools, found))
    wanted = Ways(bool(data.mails), data.hook_url, data.act == "secret")
    try:
        told = await hooks.change(tools, seat.who, team_id, wanted, shell.seen(data.seen))
    except (Invalid, Stale) as problem:
        typed = {"mails": data.mails[:1] or "0", "hook_url": data.hook_url[:2_100]}
        form = Filled.after(problem, typed)
        return await _one(request, tools, seat, team_id, ways=form)
    if told.secret is not None:
        return await _one(request, tools, seat, team_id, secret=told.secret)
    return shell.go(f"{_LIST}/{team_id}", "saved")


@post(_ONE + "/delete", opt=_MANAGE)
async def delete_team(tools: Tools, seat: Seat, team_id: str) -> Redirect:
    """Delete a team."""
    await keeping.delete(tools, seat.who, team_id)
    return shell.go(_LIST, "team-deleted")


async def _edit(tools: Tools, seat: Seat, data: FormMultiDict) -> Edit:
    """Read the form; an agent that has gone meanwhile is left out."""
    there = {each.id for each in await tools.db.read(agents.every, seat.person.workspace_id)}
    chosen = {str(each) for each in data.getall("agent", [])}
    return Edit(
        str(data.get("name", ""))[:300],
        [str(each) for each in data.getall("person", [])],
        chosen & there,
    )


def _typed(data: FormMultiDict) -> dict[str, str]:
    """Keep what was chosen: each box that was ticked, by what it stands for."""
    ticked = [str(each) for name in ("person", "agent") for each in data.getall(name, [])]
    return {"name": str(data.get("name", ""))[:300], **dict.fromkeys(ticked, "1")}


async def _list(request: Asked, tools: Tools, seat: Seat, form: Filled = NOTHING) -> Response[Any]:
    workspace, now = seat.person.workspace_id, tools.clock.now()
    people = await tools.db.read(staff.every_person, workspace)
    every = await tools.db.browse(agents.every, workspace)
    rows = []
    for each in await tools.db.read(store.every, workspace):
        waiting = None
        if each.agents and not each.agents & seat.who.elsewhere:
            wanted = Wanted(agents=each.agents, waits_at=now)
            waiting = await tools.db.browse(transcripts.count, seat.who, wanted)
        members = [one for one in people if one.id in each.people]
        rows.append(Row(each, members, _named(every, each), waiting))
    cared_for = {one.id for row in rows for one in row.agents}
    return shell.inside(
        request,
        seat,
        "studio/teams.html",
        "teams",
        status=form.status,
        form=form,
        rows=rows,
        open_to_all=[each for each in every if each.id not in cared_for],
        faces=_faces(every),
        **_choices([each for each in people if each.disabled_at is None], every),
    )


async def _one(
    request: Asked,
    tools: Tools,
    seat: Seat,
    team_id: str,
    form: Filled = NOTHING,
    *,
    ways: Filled = NOTHING,
    secret: str | None = None,
    tried: tuple[bool, str] | None = None,
) -> Response[Any]:
    """Show a team; `secret` was just made for its webhook, and `tried` says how that went."""
    workspace = seat.person.workspace_id
    found = await tools.db.read(store.find, workspace, team_id)
    people = await tools.db.read(staff.every_person, workspace)
    every = await tools.db.browse(agents.every, workspace)
    return shell.inside(
        request,
        seat,
        "studio/team.html",
        "teams",
        status=max(form.status, ways.status),
        form=form,
        ways=ways,
        secret=secret,
        tried=tried,
        mails=tools.mail.way,
        team=found,
        members=[each for each in people if each.id in found.people],
        looked_after=_named(every, found),
        faces=_faces(every),
        manages=seat.who.may(Permission.TEAMS_MANAGE),
        leads=found.is_lead(seat.who),
        sees=not found.agents & seat.who.elsewhere,
        **_choices([e for e in people if e.disabled_at is None or e.id in found.people], every),
    )


def _choices(people: list[Person], every: list[Agent]) -> Mapping[str, Any]:
    """Return who can be in a team, and what it can look after."""
    return {"people": people, "agents": every, "lead": Role.TEAM_LEAD}


def _named(every: list[Agent], of: Team) -> list[Agent]:
    return [each for each in every if each.id in of.agents]


def _faces(every: list[Agent]) -> dict[str, str]:
    return {each.id: today.named(each) for each in every}


HANDLERS = [teams, make_team, team, change_team, change_ways, delete_team]
