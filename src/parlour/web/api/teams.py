"""Teams for programs: who looks after which agents, and so sees what is said with them."""

from collections.abc import Sequence
from typing import Final

import msgspec
from litestar import Response, delete, get, post, put
from msgspec import UNSET, UnsetType

from parlour.rights import Permission, Who
from parlour.staff.teams import keeping, store
from parlour.staff.teams.keeping import Edit
from parlour.staff.teams.store import Team
from parlour.tools import Tools
from parlour.web.api import asking
from parlour.web.api.asking import After, Limit, Page
from parlour.web.api.strict import Strict
from parlour.web.api.team_shapes import TeamShown, agent_ids, names
from parlour.web.gates import Asked, key

_PATH: Final = "/api/teams"
_ONE: Final = _PATH + "/{team_id:str}"
_SEE: Final = {"gate": key(Permission.TEAMS_SEE)}
_LEAD: Final = {"gate": key(Permission.TEAMS_LEAD)}
_MANAGE: Final = {"gate": key(Permission.TEAMS_MANAGE)}


class NewTeam(Strict, frozen=True):
    """A team to make."""

    name: str
    people: Sequence[str] = ()
    """The ids of whoever is in it."""
    agents: Sequence[str] = ()
    """The names of the agents that it looks after."""


class TeamEdit(Strict, frozen=True):
    """What to change of a team; absent stays as it is."""

    name: str | UnsetType = UNSET
    people: Sequence[str] | UnsetType = UNSET
    """The ids of all who are in it from now on."""
    agents: Sequence[str] | UnsetType = UNSET
    """The names of all agents that it looks after from now on."""


class TeamDeleted(msgspec.Struct, frozen=True):
    """A team that is gone."""

    message: str
    team_id: str


@get(_PATH, opt=_SEE)
async def list_teams(
    tools: Tools, who: Who, limit: Limit = 50, after: After = None
) -> Page[TeamShown]:
    """List the teams by name."""
    found = await tools.db.read(store.every, who.workspace_id)
    if last := asking.place(after):
        places = [each.id for each in found]
        if last not in places:
            raise asking.bad_cursor()
        found = found[places.index(last) + 1 :]
    kept, cursor = asking.page(found, limit, lambda each: each.id)
    named = await names(tools, who.workspace_id)
    return Page([named.shown(each) for each in kept], cursor)


@post(_PATH, opt=_MANAGE, status_code=201)
async def make_team(request: Asked, tools: Tools, who: Who, data: NewTeam) -> Response[TeamShown]:
    """Make a team. From now on no other team sees what is said with its agents."""
    wish = Edit(data.name, data.people, await agent_ids(tools, who, data.agents))
    named = await names(tools, who.workspace_id)
    return await asking.made(
        request, tools, who, lambda tools: keeping.create(tools, who, wish), named.shown
    )


@get(_ONE, opt=_SEE)
async def read_team(tools: Tools, who: Who, team_id: str) -> Response[TeamShown]:
    """Read one team."""
    return await _tagged(tools, await tools.db.read(store.find, who.workspace_id, team_id))


@put(_ONE, opt=_LEAD)
async def edit_team(
    request: Asked, tools: Tools, who: Who, team_id: str, data: TeamEdit
) -> Response[TeamShown]:
    """Change a team. What its people see changes with it, at once."""
    found = await tools.db.read(store.find, who.workspace_id, team_id)
    edit = Edit(
        None if data.name is UNSET else str(data.name),
        None if isinstance(data.people, UnsetType) else data.people,
        None if isinstance(data.agents, UnsetType) else await agent_ids(tools, who, data.agents),
    )
    seen = asking.seen(request, found.updated_at)
    return await _tagged(tools, await keeping.change(tools, who, team_id, edit, seen))


@delete(_ONE, opt=_MANAGE, status_code=200)
async def delete_team(tools: Tools, who: Who, team_id: str) -> TeamDeleted:
    """Delete a team. Agents that no team looks after then are everybody's."""
    gone = await keeping.delete(tools, who, team_id)
    return TeamDeleted(f"{gone.name} has been deleted", gone.id)


async def _tagged(tools: Tools, team: Team) -> Response[TeamShown]:
    named = await names(tools, team.workspace_id)
    return asking.tagged(named.shown(team), team.updated_at)


HANDLERS = [list_teams, make_team, read_team, edit_team, delete_team]
