"""Making, listing, changing and deleting teams at the command line."""

import click
import msgspec

from parlour.cli.base import Host, as_json, asynchronous, confirmed, host, in_workspace, show, table
from parlour.kit.errors import NotFound
from parlour.staff import model
from parlour.staff import store as staff
from parlour.staff.teams import keeping, store
from parlour.staff.teams.keeping import Edit
from parlour.staff.teams.store import Team
from parlour.web.api.team_shapes import TeamShown, agent_ids, names

_name = click.argument("name")
_people = click.option(
    "--person", "people", multiple=True, metavar="EMAIL", help="Is in it; give it once for each."
)
_agents = click.option(
    "--agent", "agents", multiple=True, metavar="NAME", help="It looks after; once for each."
)


@click.group(short_help="Say who looks after which agents.")
def team() -> None:
    """Say who looks after which agents, and so sees what is said with them."""


@team.command("create")
@_name
@_people
@_agents
@in_workspace
@as_json
@asynchronous
async def create(
    name: str, people: tuple[str, ...], agents: tuple[str, ...], workspace: str, *, as_json: bool
) -> None:
    """Make a team. From now on no other team sees what is said with its agents."""
    async with host(workspace) as here:
        wish = Edit(name, await _ids(here, people), await _agent_ids(here, agents))
        made = await keeping.create(here.tools, here.who, wish)
        told = await _told(here, made)
    show(msgspec.to_builtins(told), _lines(told), as_json=as_json)


@team.command("list")
@in_workspace
@as_json
@asynchronous
async def listed(workspace: str, *, as_json: bool) -> None:
    """List the teams by name."""
    async with host(workspace) as here:
        found = await here.tools.db.read(store.every, here.who.workspace_id)
        named = await names(here.tools, here.who.workspace_id)
    told = [named.shown(each) for each in found]
    rows = [
        (each.name, ", ".join(one.name for one in each.people), ", ".join(each.agents))
        for each in told
    ]
    lines = table(["TEAM", "PEOPLE", "AGENTS"], rows, "There are no teams.")
    show(msgspec.to_builtins(told), lines, as_json=as_json)


@team.command("show")
@_name
@in_workspace
@as_json
@asynchronous
async def shown(name: str, workspace: str, *, as_json: bool) -> None:
    """Show one team."""
    async with host(workspace) as here:
        told = await _told(here, await here.team(name))
    show(msgspec.to_builtins(told), _lines(told), as_json=as_json)


@team.command("edit")
@_name
@click.option("--name", "new_name", metavar="TEXT", help="What it is called from now on.")
@_people
@click.option("--without-person", "gone", multiple=True, metavar="EMAIL", help="Is in it no more.")
@_agents
@click.option("--without-agent", "given_up", multiple=True, metavar="NAME", help="No more its own.")
@in_workspace
@as_json
@asynchronous
async def edit(
    name: str,
    *,
    new_name: str | None,
    people: tuple[str, ...],
    gone: tuple[str, ...],
    agents: tuple[str, ...],
    given_up: tuple[str, ...],
    workspace: str,
    as_json: bool,
) -> None:
    """Change who is in a team, and which agents it looks after; all else stays."""
    async with host(workspace) as here:
        found = await here.team(name)
        wish = Edit(
            new_name,
            found.people - await _ids(here, gone) | await _ids(here, people),
            found.agents - await _agent_ids(here, given_up) | await _agent_ids(here, agents),
        )
        told = await _told(here, await keeping.change(here.tools, here.who, found.id, wish))
    show(msgspec.to_builtins(told), _lines(told), as_json=as_json)


@team.command("delete")
@_name
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_workspace
@as_json
@asynchronous
async def delete(name: str, workspace: str, *, yes: bool, as_json: bool) -> None:
    """Delete a team. Agents that no team looks after then are everybody's."""
    if not confirmed(f"Delete the team {name}?", yes=yes):
        raise click.Abort
    async with host(workspace) as here:
        gone = await keeping.delete(here.tools, here.who, (await here.team(name)).id)
    show({"team_id": gone.id}, f"Deleted {gone.name}.", as_json=as_json)


async def _ids(here: Host, emails: tuple[str, ...]) -> frozenset[str]:
    found = set()
    for email in emails:
        person = await here.tools.db.read(staff.by_email, model.canonical(email))
        if person is None or person.workspace_id != here.who.workspace_id:
            raise NotFound(f"nobody here has the address {email}")
        found.add(person.id)
    return frozenset(found)


async def _agent_ids(here: Host, agents: tuple[str, ...]) -> frozenset[str]:
    return await agent_ids(here.tools, here.who, agents)


async def _told(here: Host, found: Team) -> TeamShown:
    return (await names(here.tools, here.who.workspace_id)).shown(found)


def _lines(told: TeamShown) -> list[str]:
    people = ", ".join(each.name for each in told.people) or "nobody"
    return [told.name, f"People  {people}", f"Agents  {', '.join(told.agents) or 'none'}"]
