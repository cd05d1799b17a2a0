"""An agent's versions in the studio: who published what and when, and bringing one back."""

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import QueryParameter

from parlour.agents import store, versions
from parlour.agents.changes import changes
from parlour.agents.model import Version
from parlour.kit.errors import Conflict
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents import frame, trying
from parlour.web.studio.shell import NOTHING, Filled
from parlour.web.studio.telling import Told

_AT_ONCE = 30
_ONE = frame.LIST + "/{name:str}/versions"

Before = Annotated[int, QueryParameter(ge=0, lt=2**31, description="Only versions before it.")]


@dataclass(frozen=True, slots=True)
class Row:
    """A version, and what it changed."""

    version: Version
    changes: list[str]


@get(_ONE, opt={"gate": person(Permission.AGENTS_SEE)})
async def history(
    request: Asked, tools: Tools, seat: Seat, name: str, before: Before = 0
) -> Response[Any]:
    """List the versions, newest first."""
    return await _show(request, tools, seat, name, before=before)


@post(_ONE + "/{number:int}/restore", opt={"gate": person(Permission.AGENTS_MANAGE)})
async def restore(
    request: Asked, tools: Tools, seat: Seat, name: str, number: int
) -> Response[Any]:
    """Make an earlier version what visitors get, as the next one."""
    agent = await frame.find(tools, seat, name)
    try:
        back = await versions.roll_back(tools, seat.who, agent, number)
    except Conflict as problem:
        form = Filled.after(problem, {})
        return await _show(request, tools, seat, name, form=form)
    await trying.mirror(tools, back)
    told = Told(f"Visitors get what was in version {number}, as version {back.published}.")
    return shell.tell(request, seat, f"{frame.path_of(agent)}/versions", told)


async def _show(
    request: Asked,
    tools: Tools,
    seat: Seat,
    name: str,
    *,
    before: int = 0,
    form: Filled = NOTHING,
) -> Response[Any]:
    agent = await frame.find(tools, seat, name)
    found = await tools.db.browse(
        store.every_version, agent.id, before=before or None, limit=_AT_ONCE + 1
    )
    older = [*found[1:], None]
    rows = [
        Row(each, changes(old.content if old else None, each.content))
        for each, old in zip(found, older, strict=True)
    ][:_AT_ONCE]
    return await frame.page(
        request,
        tools,
        seat,
        agent,
        "studio/agent-versions.html",
        tab="versions",
        status=form.status,
        form=form,
        rows=rows,
        first=not before,
        more=rows[-1].version.number if len(found) > _AT_ONCE else None,
    )


HANDLERS = [history, restore]
