"""The list of agents in the studio."""

from dataclasses import dataclass
from typing import Any

from litestar import Response, get

from parlour import events
from parlour.agents import store
from parlour.agents.model import Agent
from parlour.events import Kind
from parlour.kit.clock import DAY
from parlour.links import store as links
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents.forms import BACKENDS
from parlour.web.studio.agents.frame import LIST


@dataclass(frozen=True, slots=True)
class Row:
    """An agent in the list."""

    agent: Agent
    answers: str
    """What answers, in words."""
    fresh: bool
    """Whether its draft has what visitors do not get yet."""
    links: int
    conversations: int | None
    """Of the last day; None where another team looks after the agent."""


@get(LIST, opt={"gate": person(Permission.AGENTS_SEE)})
async def everything(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """List the agents."""
    workspace, since = seat.person.workspace_id, tools.clock.now() - DAY
    found = await tools.db.browse(store.every, workspace)
    fresh = await tools.db.browse(store.with_unpublished, workspace)
    doors = await tools.db.browse(links.count_of_agents, workspace)
    begun = await tools.db.browse(events.count_since, workspace, Kind.CONVERSATION_STARTED, since)
    rows = [
        Row(
            each,
            BACKENDS[each.draft.backend].label,
            each.id in fresh,
            doors.get(each.id, (0, 0))[0],
            begun.get(each.id, 0) if seat.who.sees(each.id) else None,
        )
        for each in found
    ]
    return shell.inside(
        request,
        seat,
        "studio/agents.html",
        "agents",
        rows=rows,
        manages=seat.who.may(Permission.AGENTS_MANAGE),
        reads=seat.who.may(Permission.CONVERSATIONS_SEE),
    )


HANDLERS = [everything]
