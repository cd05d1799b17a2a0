"""Retention for programs: for how long what is said is kept, what would go, and changing it."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, put
from litestar.params import QueryParameter

from parlour.agents import store as agents
from parlour.forgetting import terms
from parlour.forgetting.due import Due
from parlour.forgetting.terms import Terms
from parlour.kit.clock import rfc3339
from parlour.privacy.days import MOST_DAYS
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web.api import asking, moments
from parlour.web.api.strict import Strict
from parlour.web.gates import Asked, key

_PATH: Final = "/api/retention"
_SEE: Final = {"gate": key(Permission.PRIVACY_SEE)}
_MANAGE: Final = {
    "gate": key(Permission.PRIVACY_MANAGE),
    "refuses": {409: "`needs_confirmation`: something would be deleted; `sure` is not true."},
}

Days = Annotated[
    int, QueryParameter(ge=0, le=MOST_DAYS, description="For how many days; 0 is for ever.")
]
OfAgent = Annotated[
    str | None, QueryParameter(description="The agent of this name; without it all others.")
]


class AgentKept(msgspec.Struct, frozen=True):
    """For how long what is said with one agent is kept."""

    agent_id: str
    agent_name: str
    own_days: int | None
    """Its own days; null where those of the workspace hold."""
    days: int
    """Those that hold; 0 is for ever."""


class RetentionShown(msgspec.Struct, frozen=True):
    """For how long what is said is kept, counted from a conversation's last message."""

    days: int
    """For every agent without days of its own; 0 is for ever."""
    agents: list[AgentKept]
    updated_at: str | None
    updated_by: str | None
    last_deleted_at: str | None
    """When something was deleted last because it was too old."""
    last_deleted: dict[str, Any]
    """How much of each kind that was."""


class WouldGo(msgspec.Struct, frozen=True):
    """What would be deleted now, in numbers."""

    conversations: int
    messages: int
    visitors: int
    """Who has no younger conversation, and has not come since."""
    notes: int
    memories: int


class RetentionEdit(Strict, frozen=True):
    """For how long to keep what is said."""

    days: int | None
    """0 is for ever; null has an agent do as the workspace does."""
    agent: str | None = None
    """The agent of this name; without it every agent that has no days of its own."""
    sure: bool = False
    """Whether what is too old then may be deleted."""


def shown(found: Terms) -> RetentionShown:
    """Show for how long what is said is kept."""
    return RetentionShown(
        found.kept.days,
        [AgentKept(each.id, each.name, each.own, each.days) for each in found.agents],
        moments.written(found.kept.updated_at or None),
        found.kept.updated_by or None,
        rfc3339(found.swept.at) if found.swept else None,
        dict(found.swept.data) if found.swept else {},
    )


def would_go(goes: Due) -> WouldGo:
    """Show what would be deleted."""
    return WouldGo(**terms.told(goes))


@get(_PATH, opt=_SEE)
async def read_retention(tools: Tools, who: Who) -> Response[RetentionShown]:
    """Read for how long what is said is kept, with each agent."""
    found = await tools.db.read(terms.find, who.workspace_id)
    return asking.tagged(shown(found), found.kept.updated_at)


@get(_PATH + "/preview", opt=_SEE)
async def preview_retention(tools: Tools, who: Who, days: Days, agent: OfAgent = None) -> WouldGo:
    """Tell what would be deleted now if things were kept for so many days. Nothing is."""
    only = await _agent_id(tools, who, agent)
    now = tools.clock.now()
    return would_go(await tools.db.browse(terms.preview, who.workspace_id, days, only, now))


@put(_PATH, opt=_MANAGE)
async def change_retention(
    request: Asked, tools: Tools, who: Who, data: RetentionEdit
) -> Response[RetentionShown]:
    """Keep what is said for so many days after a conversation's last message, then delete it.

    Whatever is older goes within the hour: messages, names, variables, notes, memories. What was
    counted stays as numbers. With something that would go, `sure` must be true.
    """
    found = await tools.db.read(terms.find, who.workspace_id)
    changed = await terms.change(
        tools,
        who,
        data.days,
        await _agent_id(tools, who, data.agent),
        sure=data.sure,
        seen=asking.seen(request, found.kept.updated_at),
    )
    return asking.tagged(shown(changed), changed.kept.updated_at)


async def _agent_id(tools: Tools, who: Who, name: str | None) -> str | None:
    if name is None:
        return None
    return (await tools.db.read(agents.find, who.workspace_id, name)).id


HANDLERS = [read_retention, preview_retention, change_retention]
