"""API keys for programs: list, make, revoke."""

import msgspec
from litestar import Response, delete, get, post

from parlour import staff
from parlour.agents import store as agents
from parlour.kit.clock import Moment
from parlour.kit.errors import FieldError, Invalid
from parlour.rights import Permission, Role, Who
from parlour.tools import Tools
from parlour.web.api import asking, moments, shapes
from parlour.web.api.asking import After, Limit, Page
from parlour.web.api.shapes import KeyMade, KeyShown
from parlour.web.api.strict import Strict
from parlour.web.gates import Asked, key

_MANAGE = {"gate": key(Permission.KEYS_MANAGE)}


class NewKey(Strict, frozen=True):
    """A new API key."""

    name: str
    role: str = Role.BUILDER.value
    agent_name: str | None = None
    """Limits the key to this one agent."""
    view_personal: bool = False
    """Whether the personal details of visitors are told to it; they are masked otherwise."""
    expires_at: str | None = None
    """From when on it is refused; without it the key is good until it is revoked."""


class KeyRevoked(msgspec.Struct, frozen=True):
    """A key that is no longer good."""

    message: str
    key_id: str


@get("/api/keys", opt=_MANAGE)
async def keys(tools: Tools, who: Who, limit: Limit = 50, after: After = None) -> Page[KeyShown]:
    """List the keys that were not revoked, newest first; never the keys themselves."""
    found = await tools.db.read(
        staff.every_key, who.workspace_id, after=_place(after), limit=limit + 1
    )
    kept, cursor = asking.page(found, limit, lambda each: f"{each.created_at} {each.id}")
    scoped = [each.agent_id for each in kept if each.agent_id is not None]
    names = await tools.db.read(agents.names, scoped)
    return Page([shapes.key(each, names.get(each.agent_id or "")) for each in kept], cursor)


@post("/api/keys", opt=_MANAGE, status_code=201)
async def make_key(request: Asked, tools: Tools, who: Who, data: NewKey) -> Response[KeyMade]:
    """Make an API key. The key itself is in the answer and never shown again."""
    if data.role not in set(Role):
        message = f"must be one of {', '.join(Role)}"
        raise Invalid(f"role {message}", errors=[FieldError("role", message)])
    role, only, end = Role(data.role), None, moments.moment("expires_at", data.expires_at)
    if data.agent_name is not None:
        only = (await tools.db.read(agents.find, who.workspace_id, data.agent_name)).id
    return await asking.made(
        request,
        tools,
        who,
        lambda tools: staff.create_key(
            tools,
            who,
            data.name,
            role,
            only,
            view_personal=data.view_personal,
            expires_at=end,
        ),
        lambda made: shapes.key_made(made.key, data.agent_name, made.secret),
    )


@delete("/api/keys/{key_id:str}", opt=_MANAGE, status_code=200)
async def revoke_key(tools: Tools, who: Who, key_id: str) -> KeyRevoked:
    """End a key at once."""
    await staff.revoke_key(tools, who, key_id)
    return KeyRevoked("the key has been revoked", key_id)


def _place(after: str | None) -> tuple[Moment, str] | None:
    place = asking.place(after)
    moment, _, key_id = place.partition(" ")
    if not place:
        return None
    if not (moment.isdigit() and len(moment) < 19):
        raise asking.bad_cursor()
    return int(moment), key_id


HANDLERS = [keys, make_key, revoke_key]
