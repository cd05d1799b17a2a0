"""Making an agent in the studio: what answers, chosen in plain words, and what it is called."""

import re
import unicodedata
from typing import Annotated, Any

from litestar import Response, get, post

from parlour.agents import keeping, trial
from parlour.agents.trial import Tried
from parlour.kit.errors import Conflict, FieldError, Invalid, NotFound
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents import editing, frame
from parlour.web.studio.agents.forms import BACKENDS, BLANK, FORM, AgentForm, fields_of
from parlour.web.studio.shell import NOTHING, Filled

_MANAGE = {"gate": person(Permission.AGENTS_MANAGE)}
_NEW = frame.LIST + "/new"
_LOOKED_AT = 1_000
"""Characters of a long name that its short one is made of."""

Sent = Annotated[AgentForm, FORM]


@get(_NEW, opt=_MANAGE)
async def form_of_new(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """Show the form of a new agent."""
    return _show(request, tools, seat)


@post(_NEW, opt=_MANAGE)
async def make(request: Asked, tools: Tools, seat: Seat, data: Sent) -> Response[Any]:
    """Make a draft, and go on to its page, where it is tried and published."""
    try:
        wish = _wish(data)
        made = await keeping.create(tools, seat.who, wish, trusted=False, publish=False)
    except Conflict as problem:
        taken = Invalid(problem.detail, errors=[FieldError("name", problem.detail)])
        return _show(request, tools, seat, _after(taken, data))
    except Invalid as problem:
        return _show(request, tools, seat, _after(problem, data))
    if made.secrets:
        return await editing.show(request, tools, seat, made.agent, made=made)
    return shell.go(frame.path_of(made.agent), "agent-made")


@post(_NEW + "/test", opt=_MANAGE)
async def test(request: Asked, tools: Tools, seat: Seat, data: Sent) -> Response[Any]:
    """Ask a backend one question as the form sets it up; nothing is made."""
    if data.backend == "documents":
        raise NotFound("documents ask no server")
    form, tried = Filled(data.typed()), None
    try:
        config = _config(data)
        tried = await trial.ask(tools, data.backend, config, trusted=False)
    except Invalid as problem:
        form = _after(problem, data)
    return _show(request, tools, seat, form, tried=tried)


def _wish(data: AgentForm) -> keeping.Wish:
    texts = {name: value for name, value in data.texts().items() if value}
    name = data.name.strip() or slug(data.display_name)
    if not name:
        raise Invalid("it needs a name", errors=[FieldError("display_name", "must not be empty")])
    return keeping.Wish(name, data.backend, _config(data), texts)


def _config(data: AgentForm) -> dict[str, Any]:
    if data.backend not in BACKENDS:
        raise Invalid("unknown", errors=[FieldError("backend", "choose what answers")])
    return data.config(data.backend)


def slug(name: str) -> str:
    """Make a short name of one that people read: small letters, digits and hyphens."""
    bare = unicodedata.normalize("NFKD", name[:_LOOKED_AT])
    plain = bare.encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64].strip("-")


def _after(problem: Invalid, data: AgentForm) -> Filled:
    form = Filled.after(problem, data.typed())
    return Filled(form.typed, fields_of(form.errors), form.trouble, form.status)


def _show(
    request: Asked,
    tools: Tools,
    seat: Seat,
    form: Filled = NOTHING,
    *,
    tried: Tried | None = None,
) -> Response[bytes]:
    return shell.inside(
        request,
        seat,
        "studio/agent-new.html",
        "agents",
        status=form.status,
        form=form,
        backends=BACKENDS,
        values=BLANK,
        secrets={},
        settings=tools.settings,
        own=_NEW,
        tried=tried,
        manages=True,
    )


HANDLERS = [form_of_new, make, test]
