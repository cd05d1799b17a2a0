"""The rows of teams: who is in them, and which agents they look after."""

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from parlour.kit.clock import Moment
from parlour.kit.db import metadata
from parlour.kit.errors import NotFound
from parlour.rights import Permission, Who

LONGEST_NAME: Final = 60

teams = sa.Table(
    "teams",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("workspace_id", sa.ForeignKey("workspaces.id"), nullable=False),
    sa.Column("name", sa.String(LONGEST_NAME), nullable=False),
    sa.Column("folded", sa.String(200), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("updated_by", sa.String(200), nullable=False),
    sa.Column("mails", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("hook_url", sa.Text),
    sa.Column("hook_secret", sa.Text),
    sa.Column("hook_trouble", sa.String(200)),
    sa.UniqueConstraint("workspace_id", "folded", name="teams_name"),
)
"""`folded` is the name as names are compared: no two teams differ by capitals alone. `hook_secret`
is sealed."""

team_people = sa.Table(
    "team_people",
    metadata,
    sa.Column("team_id", sa.ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("person_id", sa.ForeignKey("people.id"), primary_key=True),
    sa.Index("team_people_person", "person_id"),
)

team_agents = sa.Table(
    "team_agents",
    metadata,
    sa.Column("team_id", sa.ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("agent_id", sa.ForeignKey("agents.id"), primary_key=True),
    sa.Index("team_agents_agent", "agent_id"),
)

_T: Final = teams.c
_FORM: Final = re.compile(r"tem_[0-9A-Za-z]{22}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Team:
    """People who look after agents together; in each list ids, in no order."""

    id: str
    workspace_id: str
    name: str
    created_at: Moment
    updated_at: Moment
    updated_by: str
    """The name of whoever changed this last, for the one who comes second."""
    mails: bool
    """Whether its people are told by mail that a visitor waits for one of them."""
    hook_url: str | None
    """Which program is told, too."""
    hook_secret: str | None = field(repr=False)
    """What that is signed with, sealed."""
    hook_trouble: str | None
    """Why the program is told no more, or what was wrong the last time."""
    people: frozenset[str]
    agents: frozenset[str]

    def is_lead(self, who: Who) -> bool:
        """Whether somebody may say who is in this team, and how it is told."""
        if who.may(Permission.TEAMS_MANAGE):
            return True
        return who.kind == "person" and who.id in self.people and who.may(Permission.TEAMS_LEAD)


_TEAM: Final = [_T[name] for name in Team.__slots__ if name not in {"people", "agents"}]


def every(conn: sa.Connection, workspace_id: str) -> list[Team]:
    """List the teams of a workspace by name."""
    found = sa.select(*_TEAM).where(_T.workspace_id == workspace_id).order_by(_T.folded, _T.id)
    return _whole(conn, conn.execute(found).all())


def open_to(conn: sa.Connection, who: Who) -> list[Team]:
    """List the teams whose conversations somebody sees because of the team, by name."""
    found = every(conn, who.workspace_id)
    is_staff = who.kind == "person" and not who.may(Permission.CONVERSATIONS_ALL)
    return [each for each in found if who.id in each.people] if is_staff else found


def find(conn: sa.Connection, workspace_id: str, team_id: str, *, hold: bool = False) -> Team:
    """Find a team; NotFound when there is none. `hold`: nobody else changes it meanwhile."""
    wanted = sa.select(*_TEAM).where(_T.id == team_id[:40], _T.workspace_id == workspace_id)
    # Not every database takes every string, even to look for it.
    row = None
    if _FORM.match(team_id):
        row = conn.execute(wanted.with_for_update() if hold else wanted).first()
    if row is None:
        raise NotFound("there is no such team")
    return _whole(conn, [row])[0]


def named(conn: sa.Connection, workspace_id: str, name: str) -> Team:
    """Find a team by its name, capitals or not; NotFound when there is none."""
    wanted = sa.select(_T.id).where(_T.workspace_id == workspace_id, _T.folded == folded(name))
    team_id = conn.execute(wanted).scalar()
    if team_id is None:
        raise NotFound("there is no team of that name")
    return find(conn, workspace_id, team_id)


def folded(name: str) -> str:
    """Return a name as names are compared."""
    return name.casefold()[:200]


def of_person(conn: sa.Connection, person_id: str) -> frozenset[str]:
    """Return the ids of the teams that somebody is in."""
    wanted = sa.select(team_people.c.team_id).where(team_people.c.person_id == person_id)
    return frozenset(conn.execute(wanted).scalars())


def of_agent(conn: sa.Connection, workspace_id: str, agent_id: str) -> list[Team]:
    """List the teams that look after an agent, by name."""
    those = sa.select(team_agents.c.team_id).where(team_agents.c.agent_id == agent_id)
    found = sa.select(*_TEAM).where(_T.workspace_id == workspace_id, _T.id.in_(those))
    return _whole(conn, conn.execute(found.order_by(_T.folded, _T.id)).all())


def elsewhere(conn: sa.Connection, workspace_id: str, person_id: str) -> frozenset[str]:
    """Return the agents that teams look after, and none that this person is in."""
    theirs = (
        sa.select(team_agents.c.agent_id)
        .join(team_people, team_people.c.team_id == team_agents.c.team_id)
        .where(team_people.c.person_id == person_id)
    )
    wanted = (
        sa.select(team_agents.c.agent_id)
        .join(teams, _T.id == team_agents.c.team_id)
        .where(_T.workspace_id == workspace_id, team_agents.c.agent_id.not_in(theirs))
    )
    return frozenset(conn.execute(wanted).scalars())


def set_people(conn: sa.Connection, team_id: str, ids: Collection[str]) -> None:
    """Have these people be in a team, and nobody else."""
    conn.execute(sa.delete(team_people).where(team_people.c.team_id == team_id))
    rows = [{"team_id": team_id, "person_id": each} for each in sorted(ids)]
    if rows:
        conn.execute(sa.insert(team_people), rows)


def set_agents(conn: sa.Connection, team_id: str, ids: Collection[str]) -> None:
    """Have a team look after these agents, and no others."""
    conn.execute(sa.delete(team_agents).where(team_agents.c.team_id == team_id))
    rows = [{"team_id": team_id, "agent_id": each} for each in sorted(ids)]
    if rows:
        conn.execute(sa.insert(team_agents), rows)


def _whole(conn: sa.Connection, rows: Collection[Any]) -> list[Team]:
    ids = [row.id for row in rows]
    people, agents = defaultdict(set), defaultdict(set)
    for team_id, person_id in conn.execute(
        sa.select(team_people).where(team_people.c.team_id.in_(ids))
    ):
        people[team_id].add(person_id)
    for team_id, agent_id in conn.execute(
        sa.select(team_agents).where(team_agents.c.team_id.in_(ids))
    ):
        agents[team_id].add(agent_id)
    return [
        Team(**row._mapping, people=frozenset(people[row.id]), agents=frozenset(agents[row.id]))  # noqa: SLF001 - SQLAlchemy's own public name
        for row in rows
    ]
