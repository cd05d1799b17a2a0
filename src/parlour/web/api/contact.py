"""For visitors' programs: leaving a note where a link is shut, or an address if nobody came."""

from typing import Final

import msgspec
from litestar import Response, post

from parlour import calling
from parlour.entrance import NoSuchSession, admitted, noting
from parlour.entrance.noting import Written
from parlour.kit.errors import NotFound
from parlour.tools import Tools
from parlour.web import sessions
from parlour.web.api.strict import Strict
from parlour.web.counting import Counted, ticket_of
from parlour.web.gates import LINK, Asked
from parlour.web.peers import place_of

_ADDRESS: Final = {
    "gate": LINK,
    "refuses": {
        409: "Somebody may still come, or an address was left already.",
        422: "The address is empty, or something is too long.",
    },
}
_NOTE: Final = {
    "gate": LINK,
    "refuses": {
        409: "The link is open: what there is to say can be said in the chat.",
        422: "The text is empty, or something is too long.",
        429: "Too many notes came from here; `Retry-After` says how long to wait.",
    },
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


class NewNote(Strict, frozen=True):
    """A note for the team behind a link that is shut."""

    text: str
    contact: str = ""
    note_id: str = ""
    """Chosen by the caller: sent twice with the same one, it is left once."""


class NoteLeft(msgspec.Struct, frozen=True):
    """A note that has arrived."""

    left: bool


@post("/api/public/contact/{token:str}", opt=_ADDRESS, status_code=201)
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


@post("/api/public/note/{token:str}", opt=_NOTE, status_code=201)
async def leave_note(request: Asked, tools: Tools, token: str, data: NewNote) -> Response[NoteLeft]:
    """Leave a note at a link that has ended, is used up, by invitation, closed or away."""
    held = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    written = Written(
        text=data.text,
        contact=data.contact,
        place=place_of(request.scope, tools, "notes"),
        form=data.note_id,
    )
    await noting.leave(tools, token, sessions.explicit(request) or held, written)
    return Response(NoteLeft(left=True), status_code=201)


HANDLERS = [leave_address, leave_note]
