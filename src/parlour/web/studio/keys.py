"""API keys in the studio: the list, making one, which is shown once, and revoking."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from parlour import staff
from parlour.agents import store as agents
from parlour.kit.clock import DAY
from parlour.kit.errors import FieldError, Invalid, NotFound
from parlour.rights import Permission, Role
from parlour.staff import MadeKey, model
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.shell import NOTHING, Filled

_KEYS = "/studio/keys"
_MANAGE = {"gate": person(Permission.KEYS_MANAGE)}


class NewKey(msgspec.Struct, frozen=True):
    """The form of a new key."""

    name: str = ""
    role: str = Role.BUILDER.value
    agent: str = ""
    view_personal: str = ""
    days: str = ""


LIFE = {"": "Until it is revoked", "7": "7 days", "30": "30 days", "90": "90 days", "365": "A year"}
"""What may be chosen for how long a key is good, by the number of days."""


@get(_KEYS, opt=_MANAGE)
async def keys(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """List the keys that were not revoked, without the keys themselves."""
    return await _page(request, tools, seat)


@post(_KEYS, opt=_MANAGE)
async def make_key(
    request: Asked,
    tools: Tools,
    seat: Seat,
    data: Annotated[NewKey, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Make a key; the page that follows shows it, this once."""
    try:
        role = model.role_of(data.role)
        only = await _agent(tools, seat, data.agent) if data.agent else None
        end = tools.clock.now() + int(data.days) * DAY if data.days in LIFE and data.days else None
        made = await staff.create_key(
            tools,
            seat.who,
            data.name.strip(),
            role,
            only,
            view_personal=bool(data.view_personal),
            expires_at=end,
        )
    except Invalid as problem:
        typed = {**msgspec.structs.asdict(data), "name": data.name[:300]}
        return await _page(request, tools, seat, Filled.after(problem, typed))
    return await _page(request, tools, seat, made=made)


@post(_KEYS + "/{key_id:str}/revoke", opt=_MANAGE)
async def revoke_key(tools: Tools, seat: Seat, key_id: str) -> Redirect:
    """End a key at once."""
    await staff.revoke_key(tools, seat.who, key_id)
    return shell.go(_KEYS, "revoked")


async def _agent(tools: Tools, seat: Seat, name: str) -> str:
    try:
        return (await tools.db.read(agents.find, seat.person.workspace_id, name)).id
    except NotFound as problem:
        raise Invalid(problem.detail, errors=[FieldError("agent", problem.detail)]) from None


async def _page(
    request: Asked,
    tools: Tools,
    seat: Seat,
    form: Filled = NOTHING,
    *,
    made: MadeKey | None = None,
) -> Response[Any]:
    found = await tools.db.read(staff.every_key, seat.person.workspace_id)
    scoped = [each.agent_id for each in found if each.agent_id is not None]
    return shell.inside(
        request,
        seat,
        "studio/keys.html",
        "keys",
        status=form.status,
        form=form,
        keys=found,
        names=await tools.db.read(agents.names, scoped),
        agents=await tools.db.read(agents.every, seat.person.workspace_id),
        made=made,
        life=LIFE,
        now=tools.clock.now(),
    )


HANDLERS = [keys, make_key, revoke_key]
