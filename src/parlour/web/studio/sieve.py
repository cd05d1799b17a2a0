"""Which conversations a page of the studio shows: its filters, as its address carries them."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from parlour import transcripts
from parlour.agents import store as agents
from parlour.agents.model import NAME
from parlour.conversations.model import Desk, Group, Place, Reason, Standing, Wanted
from parlour.kit.clock import DAY
from parlour.kit.errors import NotFound
from parlour.links import store as links
from parlour.rights import Who
from parlour.staff.teams import store as teams
from parlour.tools import Tools
from parlour.web.gates import Asked

PATH: Final = "/studio/conversations"
"""Where somebody looks back at all conversations."""
DESK: Final = "/studio/desk"
"""Where somebody answers: the same pages, with what has to be done now."""
NOBODY: Final = "agt_nobody"
"""Stands for an agent that is not there: nothing is found with it."""

STANDINGS: Final = {
    Standing.ANSWERING: ("live", "Answering"),
    Standing.COMPLETED: ("off", "Completed"),
    Standing.FAILED: ("stop", "Answer failed"),
    Standing.CLOSED: ("off", "Closed"),
    Standing.OPEN: ("plain", "Open"),
}
"""Each way to stand: the kind of its mark, and its words."""

REASONS: Final = {
    Reason.SOLVED: "Solved",
    Reason.SILENT: "The visitor is silent",
    Reason.ELSEWHERE: "It goes on elsewhere",
    Reason.SPAM: "Spam",
    Reason.OTHER: "Another reason",
}

TABS: Final = (
    ("", "All"),
    ("waiting", "Waiting"),
    (Standing.ANSWERING.value, "Now"),
    (Standing.FAILED.value, "Failed"),
    (Standing.OPEN.value, "Open"),
    (Standing.CLOSED.value, "Closed"),
)
GROUPS: Final = (
    ("", "All"),
    (Group.WAITING.value, "Waiting"),
    (Group.MINE.value, "Mine"),
    (Group.ACTIVE.value, "Active"),
    (Group.BOT.value, "Bot"),
    (Group.COMPLETED.value, "Done"),
)
"""The groups of the desk, what has to be done first."""

NONE_HERE: Final = {
    Group.WAITING: "Nobody waits for a person.",
    Group.MINE: "You answer nobody just now. Take a conversation over, and it is yours.",
    Group.ACTIVE: "None of your colleagues answers anybody just now.",
    Group.BOT: "The assistant has talked to nobody within a day.",
    Group.COMPLETED: "No conversation has been completed yet.",
}
"""What stands in a group in which there is nothing."""

PERIODS: Final = {"": "Any time", "1": "The last 24 hours", "7": "7 days", "30": "30 days"}

_WAITING: Final = "waiting"
_STATES: Final = {PATH: {_WAITING, *Standing}, DESK: {*Group}}

_TEAM: Final = re.compile(r"tem_[0-9A-Za-z]{22}\Z", re.ASCII)
_LINK: Final = re.compile(r"lnk_[A-Za-z0-9_-]{11}\Z", re.ASCII)
_PLACE: Final = re.compile(r"(\d{1,15})-(cnv_[0-9A-Za-z]{22})?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sieve:
    """The filters of a list; what nobody wrote here, somebody changed in the address."""

    at: str = PATH
    """Where the list is: `PATH` or `DESK`."""
    agent: str = ""
    team: str = ""
    link: str = ""
    state: str = ""
    """How a conversation stands; at the desk, its group."""
    days: str = ""

    @classmethod
    def of(cls, request: Asked) -> "Sieve":
        """Read the filters of an address; what cannot be one is left out."""
        given = request.query_params
        at = DESK if f"{request.url.path}/".startswith(f"{DESK}/") else PATH
        agent, link = given.get("agent", ""), given.get("link", "")
        team = given.get("team", "")
        state, days = given.get("state", ""), given.get("days", "")
        return cls(
            at,
            agent if NAME.match(agent) else "",
            team if _TEAM.match(team) else "",
            link if _LINK.match(link) else "",
            state if state in _STATES[at] else "",
            days if days in PERIODS and at == PATH else "",
        )

    @property
    def is_open(self) -> bool:
        """Whether everything passes."""
        return self == Sieve(self.at)

    @property
    def is_desk(self) -> bool:
        """Whether it is the desk, where one answers."""
        return self.at == DESK

    @property
    def here(self) -> str:
        """The entry of the rail that the pages belong to."""
        return "desk" if self.is_desk else "conversations"

    @property
    def tabs(self) -> tuple[tuple[str, str], ...]:
        """What the list can be narrowed to: the value, and its words."""
        return GROUPS if self.is_desk else TABS

    def address(self, conversation_id: str = "", **changed: str) -> str:
        """Return the address of the list, or of a conversation in it, with these filters."""
        fields = {
            "agent": self.agent,
            "team": self.team,
            "link": self.link,
            "state": self.state,
            "days": self.days,
            **changed,
        }
        query = urlencode({name: value for name, value in fields.items() if value})
        path = f"{self.at}/{conversation_id}" if conversation_id else self.at
        return f"{path}?{query}" if query else path

    def desk(self, tools: Tools, who: Who) -> Desk:
        """Return which part of somebody's desk is chosen."""
        group = Group(self.state) if self.state else None
        return Desk(group, tools.clock.now(), (who.kind, who.id))

    async def wanted(self, tools: Tools, who: Who) -> Wanted:
        """Return what passes."""
        agent_id = None
        if self.agent:
            try:
                found = await tools.db.read(agents.find, who.workspace_id, self.agent, who.agent_id)
                agent_id = found.id
            except NotFound:
                agent_id = NOBODY
        at_desk = self.is_desk
        return Wanted(
            agent_id=agent_id,
            agents=await self._agents(tools, who),
            link_id=self.link or None,
            desk=self.desk(tools, who) if at_desk else None,
            standing=Standing(self.state) if self.state in set(Standing) and not at_desk else None,
            waits_at=tools.clock.now() if self.state == _WAITING and not at_desk else None,
            since=tools.clock.now() - int(self.days) * DAY if self.days else None,
        )

    async def _agents(self, tools: Tools, who: Who) -> frozenset[str] | None:
        """Return the agents of the team that is chosen; None where none is."""
        if not self.team:
            return None
        try:
            return (await tools.db.read(teams.find, who.workspace_id, self.team)).agents
        except NotFound:
            return frozenset()

    async def link_name(self, tools: Tools, who: Who) -> str:
        """Return what the link is called that everything came by."""
        found = await tools.db.read(links.titles, [self.link])
        name = found[self.link][0] if self.link in found else None
        return transcripts.label(who, name) or self.link


def written(place: Place) -> str:
    """Write a place of the list for an address or an event's id."""
    return f"{place[0]}-{place[1]}"


def place(text: str) -> Place | None:
    """Read a place back; None for anything we did not write."""
    found = _PLACE.match(text)
    return (int(found[1]), found[2] or "") if found else None
