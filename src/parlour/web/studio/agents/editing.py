"""Setting an agent up in the studio: its draft as a form, tried beside it, kept when saved."""

from typing import Annotated, Any

from litestar import Response, get, post

from parlour.agents import keeping, store, trial, uploading
from parlour.agents.keeping import Made
from parlour.agents.model import Agent
from parlour.agents.trial import Tried
from parlour.kit import inks
from parlour.kit.errors import Conflict, Invalid, NotFound, Stale
from parlour.rights import Permission, Who
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import inks as sheets
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents import frame, trying
from parlour.web.studio.agents.forms import BACKENDS, FORM, AgentForm, fields_of, filled
from parlour.web.studio.shell import NOTHING, Filled

_SEE = {"gate": person(Permission.AGENTS_SEE)}
_MANAGE = {"gate": person(Permission.AGENTS_MANAGE)}
_ONE = frame.LIST + "/{name:str}"
_ATTEMPTS = 4

Sent = Annotated[AgentForm, FORM]


@get([_ONE, _ONE + "/documents"], opt=_SEE)
async def setup(request: Asked, tools: Tools, seat: Seat, name: str) -> Response[Any]:
    """Show how an agent is set up; its documents alone when the page asks how far they are."""
    return await show(request, tools, seat, await frame.find(tools, seat, name))


@post(_ONE, opt=_MANAGE)
async def save(request: Asked, tools: Tools, seat: Seat, name: str, data: Sent) -> Response[Any]:
    """Keep the draft, unless somebody else changed it meanwhile; publish it when that is wished."""
    agent = await frame.find(tools, seat, name)
    try:
        made = await _edited(tools, seat.who, agent, data)
        await trying.mirror(tools, made.agent)
        if data.then == "publish":
            await keeping.publish(tools, seat.who, made.agent, live=True)
    except (Invalid, Conflict, Stale) as problem:
        agent = await frame.find(tools, seat, name)
        return await show(request, tools, seat, agent, _after(problem, data))
    if made.secrets:
        return await show(request, tools, seat, made.agent, made=made)
    said = "published" if data.then == "publish" else "agent-saved"
    return shell.go(frame.path_of(agent), said)


async def _edited(tools: Tools, who: Who, agent: Agent, data: AgentForm) -> Made:
    config = data.config(agent.draft.backend)
    for _ in range(_ATTEMPTS):
        if data.seen != agent.seen:
            raise keeping.stale(agent)
        try:
            return await keeping.edit(tools, who, agent, config, data.texts(), trusted=False)
        except Stale:  # perhaps only its documents changed
            agent = await tools.db.read(store.find, agent.workspace_id, agent.name)
    raise Conflict("others are changing this agent just now; try again")


@post(_ONE + "/test", opt=_MANAGE)
async def test(request: Asked, tools: Tools, seat: Seat, name: str, data: Sent) -> Response[Any]:
    """Ask the backend one question as the form would set it up; nothing is kept."""
    agent = await frame.find(tools, seat, name)
    if agent.draft.backend == "documents":
        raise NotFound("documents ask no server")
    form, tried = Filled(data.typed()), None
    try:
        config = data.config(agent.draft.backend)
        tried = await trial.ask_draft(tools, agent, config)
    except Invalid as problem:
        form = _after(problem, data)
    return await show(request, tools, seat, agent, form, tried=tried)


async def show(
    request: Asked,
    tools: Tools,
    seat: Seat,
    agent: Agent,
    form: Filled = NOTHING,
    *,
    made: Made | None = None,
    tried: Tried | None = None,
) -> Response[bytes]:
    """Return the page on which an agent is set up."""
    backend = agent.draft.backend
    uploads = backend == "documents" and not agent.draft.config.get("path")
    return await frame.page(
        request,
        tools,
        seat,
        agent,
        "studio/agent-edit.html",
        tab="edit",
        status=form.status,
        frames=True,
        form=form,
        backend=BACKENDS[backend],
        values=filled(agent.draft),
        swatches=sheets.OFFERED,
        inks=sheets.address({*sheets.OFFERED}),
        ink=inks.ink(agent.draft.accent) if agent.draft.accent else None,
        secrets=keeping.secrets_of(agent.draft),
        uploads=uploads,
        documents=await tools.db.browse(uploading.listed, agent) if uploads else [],
        reading=await tools.db.read(uploading.progress, agent),
        lacking=keeping.lacking(agent.draft),
        settings=tools.settings,
        made=made,
        tried=tried,
    )


def _after(problem: Invalid | Conflict | Stale, data: AgentForm) -> Filled:
    if isinstance(problem, Stale):
        trouble = problem.detail.partition(";")[0]
        said = f"{trouble}. What you typed is kept below: look, and save again if you want it."
        return Filled(data.typed(), {}, said, problem.status)
    form = Filled.after(problem, data.typed())
    return Filled(form.typed, fields_of(form.errors), form.trouble, form.status)


HANDLERS = [setup, save, test]
