"""Which conversations a page of the studio shows: its filters, as its address carries them."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from parlour.agents import store as agents
from parlour.agents.model import NAME
from parlour.conversations.model import Place, Standing, Wanted
from parlour.kit.clock import DAY
from parlour.kit.errors import NotFound
from parlour.links import store as links
from parlour.rights import Who
from parlour.tools import Tools

PATH: Final = "/studio/conversations"
NOBODY: Final = "agt_nobody"
"""Stands for an agent that is not there: nothing is found with it."""

STANDINGS: Final = {
    Standing.ANSWERING: ("live", "Answering"),
    Standing.FAILED: ("stop", "Answer failed"),
    Standing.CLOSED: ("off", "Closed"),
    Standing.OPEN: ("plain", "Open"),
}
"""Each way to stand: the kind of its mark, and its words."""

TABS: Final = (
    ("", "All"),
    (Standing.ANSWERING.value, "Now"),
    (Standing.FAILED.value, "Failed"),
    (Standing.OPEN.value, "Open"),
    (Standing.CLOSED.value, "Closed"),
)
PERIODS: Final = {"": "Any time", "1": "The last 24 hours", "7": "7 days", "30": "30 days"}

_LINK: Final = re.compile(r"lnk_[A-Za-z0-9_-]{11}\Z", re.ASCII)
_PLACE: Final = re.compile(r"(\d{1,15})-(cnv_[0-9A-Za-z]{22})?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sieve:
    """The filters of a list; what nobody wrote here, somebody changed in the address."""

    agent: str = ""
    link: str = ""
    state: str = ""
    days: str = ""

    @classmethod
    def of(cls, given: dict[str, str]) -> "Sieve":
        """Read the filters of an address; what cannot be one is left out."""
        agent, link = given.get("agent", ""), given.get("link", "")
        state, days = given.get("state", ""), given.get("days", "")
        return cls(
            agent if NAME.match(agent) else "",
            link if _LINK.match(link) else "",
            state if state in set(Standing) else "",
            days if days in PERIODS else "",
        )

    @property
    def is_open(self) -> bool:
        """Whether everything passes."""
        return self == Sieve()

    def address(self, conversation_id: str = "", **changed: str) -> str:
        """Return the address of the list, or of a conversation in it, with these filters."""
        fields = {
            "agent": self.agent,
            "link": self.link,
            "state": self.state,
            "days": self.days,
            **changed,
        }
        query = urlencode({name: value for name, value in fields.items() if value})
        path = f"{PATH}/{conversation_id}" if conversation_id else PATH
        return f"{path}?{query}" if query else path

    async def wanted(self, tools: Tools, who: Who) -> Wanted:
        """Return what passes."""
        agent_id = None
        if self.agent:
            try:
                found = await tools.db.read(agents.find, who.workspace_id, self.agent, who.agent_id)
                agent_id = found.id
            except NotFound:
                agent_id = NOBODY
        return Wanted(
            agent_id=agent_id,
            link_id=self.link or None,
            standing=Standing(self.state) if self.state else None,
            since=tools.clock.now() - int(self.days) * DAY if self.days else None,
        )

    async def link_name(self, tools: Tools) -> str:
        """Return what the link is called that everything came by."""
        found = await tools.db.read(links.titles, [self.link])
        name = found[self.link][0] if self.link in found else None
        return name or self.link


def written(place: Place) -> str:
    """Write a place of the list for an address or an event's id."""
    return f"{place[0]}-{place[1]}"


def place(text: str) -> Place | None:
    """Read a place back; None for anything we did not write."""
    found = _PLACE.match(text)
    return (int(found[1]), found[2] or "") if found else None
