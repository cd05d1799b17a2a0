"""Identity keys in the studio: by which the owner's own programs say who a visitor is."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, post

from parlour.entrance import revoke_identity_key
from parlour.kit.errors import Conflict, Invalid
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.verification import keys
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents import frame
from parlour.web.studio.agents.forms import FORM
from parlour.web.studio.agents.sharing import page
from parlour.web.studio.shell import Filled
from parlour.web.studio.telling import Told

_MANAGE = {"gate": person(Permission.LINKS_MANAGE)}
_PATH: Final = page.OWN + "/identity"
_LONGEST: Final = 4_000


class KeyForm(msgspec.Struct, frozen=True):
    """A new key: what it is for, and the public half where the owner has a pair of their own."""

    name: str = ""
    public_key: str = ""

    def typed(self) -> dict[str, str]:
        """Return what was typed, to stand in the form again; a private key never does."""
        is_private = "PRIVATE" in self.public_key
        public_key = "" if is_private else self.public_key[:_LONGEST]
        return {"name": self.name[:300], "public_key": public_key}


@post(_PATH, opt=_MANAGE)
async def make_identity_key(
    request: Asked, tools: Tools, seat: Seat, name: str, data: Annotated[KeyForm, FORM]
) -> Response[Any]:
    """Make an identity key; the page that follows shows its secret, this once."""
    agent = await frame.find(tools, seat, name)
    public_key = data.public_key.strip() or None
    try:
        made = await keys.create(tools, seat.who, agent.id, data.name, public_key)
    except (Invalid, Conflict) as problem:
        form = Filled.after(problem, data.typed())
        return await page.show(request, tools, seat, agent, form, of="identity")
    return await page.show(request, tools, seat, agent, made=made)


@post(_PATH + "/{key_id:str}/revoke", opt=_MANAGE)
async def revoke_key_of_identity(
    request: Asked, tools: Tools, seat: Seat, name: str, key_id: str
) -> Response[Any]:
    """End an identity key, and with it the visits it vouched for."""
    agent = await frame.find(tools, seat, name)
    ended = await revoke_identity_key(tools, seat.who, agent.id, key_id)
    visits = {0: "Nobody", 1: "One visitor"}.get(ended, f"{ended:,} visitors")
    told = Told(f"The identity key is revoked. {visits} known by it had to leave.")
    return shell.tell(request, seat, page.path_of(agent), told)


HANDLERS = [make_identity_key, revoke_key_of_identity]
