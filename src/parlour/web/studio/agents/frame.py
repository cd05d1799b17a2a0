"""The frame of an agent's pages: its head, what is not published yet, and the tabs below.

A page behind a tab extends `studio/agent.html`, fills the block `tab`, and is returned by `page`.
A new tab is a line in TABS.
"""

from dataclasses import dataclass
from typing import Any, Final

from litestar import Response

from parlour.agents import store, versions
from parlour.agents.model import Agent
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked
from parlour.web.studio import shell
from parlour.widgets.model import first_id

LIST: Final = "/studio/agents"


@dataclass(frozen=True, slots=True)
class Tab:
    """A page of an agent."""

    key: str
    path: str
    """Behind the agent's own address."""
    label: str
    permission: Permission = Permission.AGENTS_SEE


TABS: Final = (
    Tab("edit", "", "Set up"),
    Tab("chat", "/chat", "In the chat"),
    Tab("sharing", "/sharing", "Sharing", Permission.LINKS_SEE),
    Tab("versions", "/versions", "Versions"),
)


def path_of(agent: Agent) -> str:
    """Return the address of an agent's first page."""
    return f"{LIST}/{agent.name}"


def _share(agent: Agent) -> str:
    """Return where a chat link to a published agent is handed out: by its first widget."""
    if agent.published is None:
        return ""
    return f"/studio/widgets/{agent.name}/{first_id(agent.id)}/share"


async def find(tools: Tools, seat: Seat, name: str) -> Agent:
    """Find an agent of the person's workspace by name; NotFound else."""
    return await tools.db.read(store.find, seat.person.workspace_id, name)


async def page(
    request: Asked, tools: Tools, seat: Seat, agent: Agent, name: str, *, tab: str, **values: Any
) -> Response[bytes]:
    """Return a page of an agent: the template `name`, behind the tab of the key `tab`."""
    own = path_of(agent)
    return shell.inside(
        request,
        seat,
        name,
        "agents",
        agent=agent,
        own=own,
        tab=tab,
        pages=[(t.key, own + t.path, t.label) for t in TABS if seat.who.may(t.permission)],
        changes=await tools.db.read(versions.unpublished, agent),
        manages=seat.who.may(Permission.AGENTS_MANAGE),
        share=_share(agent) if seat.who.may(Permission.LINKS_MANAGE) else "",
        **values,
    )
