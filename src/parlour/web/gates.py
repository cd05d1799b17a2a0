"""Gates: who may pass a route. Every route names its own; a site with one that does not fails."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from litestar import Request
from litestar.datastructures import State

from parlour import staff, workspaces
from parlour.agents import store as agents
from parlour.kit.errors import NotAllowed, Unauthorized
from parlour.rights import Permission, Who
from parlour.tools import Tools
from parlour.web import peers

Asked = Request[Any, Any, State]


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may pass: everybody, a link's token, a person of the studio, a key with a permission."""

    name: str
    permission: Permission | None = None
    asks: Literal["who", "seat"] | None = None
    """What a handler must take so that somebody stands at this gate: a key's, or a person's."""


OPEN = Gate("open")
"""Everybody: the route tells nothing and changes nothing that is anybody's."""

LINK = Gate("link")
"""Whoever holds a link's token, which the entrance judges."""

SHARE = Gate("share")
"""Whoever holds a share's token, which the room of shares judges."""

SELF = Gate("self")
"""The route looks at its credentials itself, because it takes more than one kind."""


def key(permission: Permission) -> Gate:
    """Whoever holds an API key whose role has this permission."""
    return Gate(f"key {permission.value}", permission, "who")


def person(permission: Permission | None = None) -> Gate:
    """Whoever is signed in to the studio, and has a role with this permission if one is named."""
    name = f"person {permission.value}" if permission else "person"
    return Gate(name, permission, "seat")


async def who(request: Asked, tools: Tools) -> Who:
    """Find who acts by the API key of the request, and whether the route lets them.

    Raises:
        Unauthorized: no key, or not a good one. NotAllowed: a good key without the permission.
        NotFound: without the permission, for an agent that this key does not even see.
    """
    known = await staff.authenticate(tools, bearer(request))
    await workspaces.meet(tools, known.workspace_id)
    acting = replace(known, place=peers.seen_from(request.scope, tools))
    gate: Gate = request.route_handler.opt["gate"]
    if gate.permission is not None and not acting.may(gate.permission):
        if (name := request.path_params.get("name")) is not None:
            # What is out of scope looks absent, also to one who could not change it.
            await tools.db.read(agents.find, acting.workspace_id, name, acting.agent_id)
        raise NotAllowed(f"this key's role does not include {gate.permission.value}")
    return acting


def bearer(request: Asked) -> str:
    """Return the bearer token of a request; Unauthorized unless there is exactly one."""
    given = request.headers.getall("authorization", [])
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized("this needs an API key: Authorization: Bearer …")
    return token.strip()
