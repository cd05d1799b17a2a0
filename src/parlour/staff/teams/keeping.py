"""Making teams, changing who is in them and what they look after, and deleting them."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from parlour import events
from parlour.events import Kind
from parlour.kit.clock import Moment
from parlour.kit.db import insert_or_ignore
from parlour.kit.errors import Conflict, FieldError, Invalid, NotAllowed, Stale
from parlour.kit.texts import trouble
from parlour.kit.tokens import new_id
from parlour.rights import Permission, Who
from parlour.staff import people
from parlour.staff import store as staff
from parlour.staff.teams import store
from parlour.staff.teams.store import LONGEST_NAME, Team, teams
from parlour.tools import Tools


@dataclass(frozen=True, slots=True)
class Edit:
    """What to change of a team; None stays as it is. Agents are ids of this workspace's."""

    name: str | None = None
    people: Collection[str] | None = None
    agents: Collection[str] | None = None


async def create(tools: Tools, who: Who, wish: Edit) -> Team:
    """Make a team. From now on what is said with its agents is seen by it, and by no other team.

    Raises:
        Invalid: a name that is none, or somebody who is not there. Conflict: there is one of
        that name.
    """
    name = _named(wish.name or "")

    def unit(conn: sa.Connection) -> Team:
        now = tools.clock.now()
        values = {
            "id": new_id("tem"),
            "workspace_id": who.workspace_id,
            "name": name,
            "folded": store.folded(name),
            "created_at": now,
            "updated_at": now,
            "updated_by": who.name[:200],
        }
        made = insert_or_ignore(conn, teams).returning(teams.c.id)
        team_id = conn.execute(made, values).scalar()
        if team_id is None:
            raise _taken(name)
        store.set_people(conn, team_id, _people(conn, who, wish.people or ()))
        store.set_agents(conn, team_id, frozenset(wish.agents or ()))
        return _kept(conn, tools, who, Kind.TEAM_CREATED, team_id)

    return await tools.db.write(unit)


async def change(
    tools: Tools, who: Who, team_id: str, edit: Edit, seen: Moment | None = None
) -> Team:
    """Change a team; what people see changes with it, at once.

    Raises:
        NotAllowed: this one leads it not, or wants more than a lead may change. Stale: somebody
        changed it since `seen`. NotFound, Invalid, Conflict: as for `create`.
    """

    def unit(conn: sa.Connection) -> Team:
        held = store.find(conn, who.workspace_id, team_id, hold=True)
        _require_lead(who, held, edit)
        if seen is not None and seen != held.updated_at:
            raise Stale(f"{held.updated_by} changed this meanwhile; look again before you save")
        now = max(tools.clock.now(), held.updated_at + 1)
        values = {"updated_at": now, "updated_by": who.name[:200]}
        if edit.name is not None and _named(edit.name) != held.name:
            values |= _renamed(conn, held, _named(edit.name))
        conn.execute(sa.update(teams).where(teams.c.id == held.id).values(**values))
        if edit.people is not None:
            store.set_people(conn, held.id, _people(conn, who, edit.people))
        if edit.agents is not None:
            store.set_agents(conn, held.id, frozenset(edit.agents))
        return _kept(conn, tools, who, Kind.TEAM_CHANGED, held.id)

    return await tools.db.write(unit)


async def delete(tools: Tools, who: Who, team_id: str) -> Team:
    """Delete a team; agents that nobody else looks after are everybody's again. NotFound."""

    def unit(conn: sa.Connection) -> Team:
        held = store.find(conn, who.workspace_id, team_id, hold=True)
        _kept(conn, tools, who, Kind.TEAM_DELETED, held.id)
        conn.execute(sa.delete(teams).where(teams.c.id == held.id))
        return held

    return await tools.db.write(unit)


def _require_lead(who: Who, held: Team, edit: Edit) -> None:
    if not held.is_lead(who):
        raise NotAllowed("whoever leads this team can change it, and owners")
    # Agents decide what the team sees: nobody widens that for themselves.
    is_more = edit.agents is not None and frozenset(edit.agents) != held.agents
    if (is_more or edit.name not in (None, held.name)) and not who.may(Permission.TEAMS_MANAGE):
        raise NotAllowed("owners say what a team is called, and which agents it looks after")


def _kept(conn: sa.Connection, tools: Tools, who: Who, kind: Kind, team_id: str) -> Team:
    """Write down what was done to a team, and have everybody's sight judged again."""
    team = store.find(conn, who.workspace_id, team_id)
    told = {
        "team": team.id,
        "name": team.name,
        "people": sorted(team.people),
        "agents": sorted(team.agents),
    }
    events.record(conn, kind, who, tools.clock.now(), data=told)
    for each in staff.every_person(conn, who.workspace_id):
        people.announce(conn, tools, each.id)
    return team


def _renamed(conn: sa.Connection, held: Team, name: str) -> dict[str, str]:
    others = sa.select(teams.c.id).where(
        teams.c.workspace_id == held.workspace_id,
        teams.c.folded == store.folded(name),
        teams.c.id != held.id,
    )
    if conn.execute(others).first() is not None:
        raise _taken(name)
    return {"name": name, "folded": store.folded(name)}


def _people(conn: sa.Connection, who: Who, ids: Collection[str]) -> frozenset[str]:
    known = {each.id for each in staff.every_person(conn, who.workspace_id)}
    if not known.issuperset(ids):
        said = "must be people of this workspace, by their ids"
        raise Invalid(f"people {said}", errors=[FieldError("people", said)])
    return frozenset(ids)


def _named(name: str) -> str:
    made = " ".join(name.split())
    if (said := trouble(made, LONGEST_NAME)) is not None:
        raise Invalid(f"name {said}", errors=[FieldError("name", said)])
    return made


def _taken(name: str) -> Conflict:
    said = "another team is called so already"
    return Conflict(f"{name}: {said}", code="name_taken", errors=[FieldError("name", said)])
