"""Teams as programs see them, with the names of who is in them and what they look after."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from parlour.agents import store as agents
from parlour.agents.model import Agent
from parlour.kit.clock import rfc3339
from parlour.kit.errors import FieldError, Invalid, NotFound
from parlour.rights import Who
from parlour.staff import store as staff
from parlour.staff.model import Person
from parlour.staff.teams.store import Team
from parlour.tools import Tools


class Member(msgspec.Struct, frozen=True):
    """Somebody in a team."""

    id: str
    name: str
    role: str
    """A `team_lead` leads the team."""


class TeamShown(msgspec.Struct, frozen=True):
    """People who look after agents together."""

    id: str
    name: str
    people: list[Member]
    agents: list[str]
    """The names of the agents that it looks after. What is said with these is seen by the teams
    that look after them, and by whoever sees the conversations of every team."""
    created_at: str
    updated_at: str
    updated_by: str
    """The name of whoever changed it last."""


@dataclass(frozen=True, slots=True)
class Names:
    """Who and what there is in a workspace, by name."""

    people: list[Person]
    agents: list[Agent]

    def shown(self, team: Team) -> TeamShown:
        """Show a team."""
        return TeamShown(
            id=team.id,
            name=team.name,
            people=[
                Member(each.id, each.name, each.role.value)
                for each in self.people
                if each.id in team.people
            ],
            agents=sorted(each.name for each in self.agents if each.id in team.agents),
            created_at=rfc3339(team.created_at),
            updated_at=rfc3339(team.updated_at),
            updated_by=team.updated_by,
        )


async def names(tools: Tools, workspace_id: str) -> Names:
    """Read who and what there is, to show teams with."""
    people = await tools.db.read(staff.every_person, workspace_id)
    return Names(people, await tools.db.read(agents.every, workspace_id))


async def agent_ids(tools: Tools, who: Who, names: Sequence[str]) -> frozenset[str]:
    """Return the ids of the agents that a list names; Invalid for one that is not there."""
    found = set()
    for name in names:
        try:
            found.add((await tools.db.read(agents.find, who.workspace_id, name)).id)
        except NotFound:
            said = "must be names of agents that are there"
            raise Invalid(f"agents {said}", errors=[FieldError("agents", said)]) from None
    return frozenset(found)
