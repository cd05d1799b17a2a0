"""Publishing an agent in the studio, giving up a draft, Live and Offline, and deleting it."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post

from parlour import transcripts
from parlour.agents import files, keeping, store, versions
from parlour.kit.errors import Conflict, Stale
from parlour.links import store as links
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents import editing, frame, trying
from parlour.web.studio.agents.forms import FORM
from parlour.web.studio.shell import NOTHING, Filled
from parlour.web.studio.telling import Told

_MANAGE = {"gate": person(Permission.AGENTS_MANAGE)}
_ONE = frame.LIST + "/{name:str}"


class Seen(msgspec.Struct, frozen=True):
    """A form about a draft as it stood on the page."""

    seen: str = ""


class Confirmed(msgspec.Struct, frozen=True):
    """The form that deletes: the agent's short name, typed."""

    typed: str = ""


@post(_ONE + "/publish", opt=_MANAGE)
async def publish(request: Asked, tools: Tools, seat: Seat, name: str) -> Response[Any]:
    """Make the draft what visitors get; a first version goes live, too."""
    agent = await frame.find(tools, seat, name)
    try:
        agent = await keeping.publish(tools, seat.who, agent, live=True)
    except Conflict as problem:
        return await editing.show(request, tools, seat, agent, Filled.after(problem, {}))
    await trying.mirror(tools, agent)
    return shell.go(frame.path_of(agent), "published")


@post(_ONE + "/discard", opt=_MANAGE)
async def discard(
    request: Asked, tools: Tools, seat: Seat, name: str, data: Annotated[Seen, FORM]
) -> Response[Any]:
    """Give up the draft's changes, unless somebody made another one meanwhile."""
    agent = await frame.find(tools, seat, name)
    try:
        agent = await versions.discard(tools, seat.who, agent, data.seen)
    except (Conflict, Stale) as problem:
        form = Filled.after(problem, {})
        return await editing.show(request, tools, seat, agent, form)
    await trying.mirror(tools, agent)
    return shell.go(frame.path_of(agent), "discarded")


@post([_ONE + "/live", _ONE + "/offline"], opt=_MANAGE)
async def switch(request: Asked, tools: Tools, seat: Seat, name: str) -> Response[Any]:
    """Let an agent answer, or have all its links say at once that it is away."""
    agent = await frame.find(tools, seat, name)
    live = request.url.path.endswith("/live")
    await keeping.switch(tools, seat.who, agent, live=live)
    own = frame.path_of(agent)
    told = Told("Live. Every link answers again.", undo=f"{own}/offline")
    if not live:
        told = Told("Offline. Every link says that it is away; none is lost.", undo=f"{own}/live")
    return shell.tell(request, seat, own, told)


@get(_ONE + "/delete", opt=_MANAGE)
async def ask_to_delete(request: Asked, tools: Tools, seat: Seat, name: str) -> Response[Any]:
    """Say what goes with an agent, and ask for its name."""
    return await _ask(request, tools, seat, name)


@post(_ONE + "/delete", opt=_MANAGE)
async def delete(
    request: Asked, tools: Tools, seat: Seat, name: str, data: Annotated[Confirmed, FORM]
) -> Response[Any]:
    """Delete an agent whose name was typed."""
    if data.typed.strip() != name:
        wrong = {"typed": f"Type {name} to delete it."}
        form = Filled({"typed": data.typed[:64]}, wrong, "", 422)
        return await _ask(request, tools, seat, name, form)
    agent = await frame.find(tools, seat, name)
    await keeping.delete(tools, seat.who, agent)
    told = Told(f"“{agent.draft.display_name}” is gone, and its links with it.")
    return shell.tell(request, seat, frame.LIST, told)


async def _ask(
    request: Asked, tools: Tools, seat: Seat, name: str, form: Filled = NOTHING
) -> Response[Any]:
    agent = await frame.find(tools, seat, name)
    counted = await tools.db.browse(links.count_of_agents, agent.workspace_id)
    return shell.inside(
        request,
        seat,
        "studio/agent-delete.html",
        "agents",
        status=form.status,
        form=form,
        agent=agent,
        own=frame.path_of(agent),
        links=counted.get(agent.id, (0, 0))[0],
        conversations=await tools.db.browse(transcripts.count_of_agent, agent.id),
        documents=await tools.db.read(files.count, agent.id),
        versions=await tools.db.read(store.count_of_versions, agent.id),
    )


HANDLERS = [publish, discard, switch, ask_to_delete, delete]
