"""What an agent collects in conversations, in the studio: each value is a row of a form."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.datastructures import FormMultiDict

from parlour.agents import keeping, store
from parlour.agents.model import Agent
from parlour.agents.variables import MOST, Definition, Type
from parlour.kit.errors import Conflict, Invalid, Stale
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents import frame, trying
from parlour.web.studio.agents.making import slug
from parlour.web.studio.shell import NOTHING, Filled

_OWN: Final = frame.LIST + "/{name:str}/chat"
_ATTEMPTS: Final = 4
_TEXTS: Final = ("name", "label", "type", "options", "pattern")
_BOXES: Final = ("asked", "required", "personal", "signed")
_TYPES: Final = [
    (Type.TEXT.value, "A line of text"),
    (Type.EMAIL.value, "An e-mail address"),
    (Type.PHONE.value, "A telephone number"),
    (Type.NUMBER.value, "A number"),
    (Type.DATE.value, "A day"),
    (Type.CHOICE.value, "One of a few"),
    (Type.YES.value, "Yes or no"),
]
_WHERE: Final = re.compile(r"variables\[([0-9]+)\]\.?([a-z]*)")

Row = dict[str, Any]


@get(_OWN, opt={"gate": person(Permission.AGENTS_SEE)})
async def chat(request: Asked, tools: Tools, seat: Seat, name: str) -> Response[Any]:
    """Show what the agent collects."""
    agent = await frame.find(tools, seat, name)
    rows = [_row(each) for each in agent.draft.variables]
    return await _show(request, tools, seat, agent, rows)


@post(_OWN, opt={"gate": person(Permission.AGENTS_MANAGE)})
async def change_chat(request: Asked, tools: Tools, seat: Seat, name: str) -> Response[Any]:
    """Keep it in the draft; or show the form with a row more, or one less."""
    agent = await frame.find(tools, seat, name)
    data = await request.form()
    rows = _rows(data)
    if (act := str(data.get("act", ""))) == "add":
        return await _show(request, tools, seat, agent, [*rows, _row(Definition(""))], data=data)
    if act.startswith("drop-"):
        kept = [each for index, each in enumerate(rows) if f"drop-{index}" != act]
        return await _show(request, tools, seat, agent, kept, data=data)
    rows = [each for each in rows if each["name"] or each["label"]]
    try:
        agent = await _kept(tools, seat, agent, [_wanted(*each) for each in enumerate(rows)], data)
        await trying.mirror(tools, agent)
    except (Invalid, Conflict, Stale) as problem:
        agent = await frame.find(tools, seat, name)
        return await _show(request, tools, seat, agent, rows, form=_after(problem), data=data)
    return shell.go(f"{frame.path_of(agent)}/chat", "agent-saved")


async def _kept(
    tools: Tools, seat: Seat, agent: Agent, wanted: list[Mapping[str, Any]], data: FormMultiDict
) -> Agent:
    for _ in range(_ATTEMPTS):
        if data.get("seen", "") != agent.seen:
            raise keeping.stale(agent)
        try:
            texts = {"variables": wanted, "follow_ups": "follow_ups" in data}
            made = await keeping.edit(tools, seat.who, agent, None, texts, trusted=False)
        except Stale:  # perhaps only its documents changed
            agent = await tools.db.read(store.find, agent.workspace_id, agent.name)
        else:
            return made.agent
    raise Conflict("others are changing this agent just now; try again")


def _rows(data: FormMultiDict) -> list[Row]:
    """Return the rows of the form as they were typed."""
    rows: list[Row] = []
    while f"label-{len(rows)}" in data and len(rows) <= MOST:
        at = len(rows)
        typed: Row = {each: str(data.get(f"{each}-{at}", "")).strip()[:3_000] for each in _TEXTS}
        rows.append(typed | {each: f"{each}-{at}" in data for each in _BOXES})
    return rows


def _row(one: Definition) -> Row:
    told: Row = msgspec.to_builtins(one)
    return told | {"options": "\n".join(one.options)}


def _wanted(at: int, row: Row) -> Mapping[str, Any]:
    """Make of a row what programs would send; what does not fit its type is left out of it."""
    called = slug(row["label"]).replace("-", "_")[:40]
    lines = [each.strip() for each in row["options"].splitlines()]
    return {
        **row,
        "name": row["name"] or (called if called[:1].isalpha() else f"value_{at + 1}"),
        "options": [each for each in lines if each] if row["type"] == Type.CHOICE else [],
        "pattern": row["pattern"] if row["type"] == Type.TEXT else "",
        "asked": row["asked"] or row["required"],
    }


def _after(problem: Invalid | Conflict | Stale) -> Filled:
    if isinstance(problem, Stale):
        trouble = problem.detail.partition(";")[0]
        said = f"{trouble}. What you typed is kept below: look, and save again if you want it."
        return Filled({}, {}, said, problem.status)
    form = Filled.after(problem, {})
    errors = {_WHERE.sub(r"\2-\1", field): told for field, told in form.errors.items()}
    return Filled({}, errors, form.trouble, form.status)


async def _show(
    request: Asked,
    tools: Tools,
    seat: Seat,
    agent: Agent,
    rows: list[Row],
    *,
    form: Filled = NOTHING,
    data: FormMultiDict | None = None,
) -> Response[bytes]:
    return await frame.page(
        request,
        tools,
        seat,
        agent,
        "studio/agent-chat.html",
        tab="chat",
        status=form.status,
        form=form,
        rows=rows,
        types=_TYPES,
        most=MOST,
        follow_ups=agent.draft.follow_ups if data is None else "follow_ups" in data,
    )


HANDLERS = [chat, change_chat]
