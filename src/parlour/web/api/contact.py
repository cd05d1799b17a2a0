"""Leaving an address, for visitors' programs: after nobody came who was asked for."""

from typing import Final

import msgspec
from litestar import post

from parlour import calling
from parlour.entrance import NoSuchSession, admitted
from parlour.kit.errors import NotFound
from parlour.tools import Tools
from parlour.web import sessions
from parlour.web.api.strict import Strict
from parlour.web.counting import Counted, ticket_of
from parlour.web.gates import LINK, Asked

_REFUSES: Final = {
    409: "Somebody may still come, or an address was left already.",
    422: "The address is empty, or something is too long.",
}


class Address(Strict, frozen=True):
    """Where to write to, after nobody came who was asked for."""

    contact: str
    """An e-mail address or telephone number, as the visitor writes it."""
    text: str = ""
    """What it is about; what was said last, if nothing."""
    session_token: str | None = None
    session_id: str | None = None


class AddressLeft(msgspec.Struct, frozen=True):
    """An address that was left."""

    left: bool


@post("/api/public/contact/{token:str}", opt={"gate": LINK, "refuses": _REFUSES}, status_code=201)
async def leave_address(request: Asked, tools: Tools, token: str, data: Address) -> AddressLeft:
    """Leave an address, once, when nobody came who was asked for: somebody will write to it."""
    held = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    secret = sessions.explicit(request, data.session_id, data.session_token) or held
    door = await admitted(tools, token, secret)
    if door.visitor_id is None:
        raise NoSuchSession("there is no such session on this link")
    await Counted(ticket_of(request, tools, token, secret, known=True)).judge()
    if door.conversation_id is None:
        raise NotFound("there is no conversation")
    await calling.leave_address(tools, door.conversation_id, data.contact, data.text)
    return AddressLeft(left=True)


HANDLERS = [leave_address]
