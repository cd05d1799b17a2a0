"""A link as the studio's pages show it: in words, with its address for who may hand it out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from parlour import transcripts
from parlour.agents import store as agents
from parlour.agents.model import Agent
from parlour.kit.errors import NotFound
from parlour.links import address, telling
from parlour.links import store as links
from parlour.links.store import Link
from parlour.links.telling import State
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import codes, snippets
from parlour.web.policies import policy_of
from parlour.widgets import store as widgets


@dataclass(frozen=True, slots=True)
class Row:
    """A link in a table, or on its own page."""

    link: Link
    agent: Agent
    name: str
    """Its own, its widget's, or what kind it is."""
    widget: str
    """The name of its widget; empty without one."""
    who: str
    state: State
    sentence: Sequence[str | int]
    url: str
    """Empty for who may not hand it out."""

    @property
    def path(self) -> str:
        """Where its own page is."""
        return f"/studio/links/{self.link.id}"

    @property
    def snippet(self) -> str:
        """The lines that put its chat into a page of another site."""
        return snippets.snippet(self.url, self.agent.draft.display_name)

    @property
    def drawing(self) -> Markup:
        """Its address for a camera."""
        return codes.drawing(self.url)


async def rows(
    tools: Tools, seat: Seat, found: Sequence[Link], named: Mapping[str, Agent]
) -> list[Row]:
    """Make rows of links whose agents are known."""
    looks = {each.widget_id for each in found if each.widget_id is not None}
    names = await tools.db.browse(widgets.names, looks) if looks else {}
    return [_row(tools, seat, each, named[each.agent_id], names) for each in found]


async def find(tools: Tools, seat: Seat, link_id: str) -> Row:
    """Find a link of the person's workspace; NotFound when it, or its agent, is gone."""
    found = await tools.db.read(links.of_workspace, seat.person.workspace_id, link_id)
    agent = await tools.db.read(agents.by_id, found.agent_id)
    if agent is None:
        raise NotFound("there is no such link")
    return (await rows(tools, seat, [found], {agent.id: agent}))[0]


def _row(tools: Tools, seat: Seat, link: Link, agent: Agent, names: Mapping[str, str]) -> Row:
    now = tools.clock.now()
    policy = policy_of(link, agent)
    widget = names.get(link.widget_id or "", "")
    url = ""
    if seat.who.may(Permission.LINKS_MANAGE):
        url = address.url(address.home(tools, link.workspace_id), tools.keys, link)
    name = transcripts.link_name(seat.who, link.name)
    return Row(
        link=link,
        agent=agent,
        name=name or widget or f"{link.kind.word.capitalize()} link",
        widget=widget,
        who=telling.who(policy),
        state=telling.state(policy, now),
        sentence=telling.sentence(policy, now),
        url=url,
    )


def mail(row: Row) -> dict[str, Any]:
    """Return the text of a mail that hands a link out."""
    name = row.agent.draft.display_name
    return {
        "subject": f"Chat with {name}",
        "body": f"Hello,\n\nhere you can chat with {name}:\n{row.url}\n\n"
        "It opens in your browser; you need no account.\n",
    }
