"""Asking for a person, as a page; and leaving an address there when nobody could come."""

from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from parlour import calling, transcripts
from parlour.chat import beckoning
from parlour.conversations.model import Pen
from parlour.entrance import Door, Refused, admitted, start_of
from parlour.kit.errors import Conflict, Invalid, Problem, TooLarge
from parlour.links.rules import Why
from parlour.notes.keeping import LONGEST, LONGEST_CONTACT
from parlour.takeover import missed
from parlour.tools import Tools
from parlour.web import edge, sessions, tongues
from parlour.web.counting import Counted, ticket_of
from parlour.web.gates import LINK, Asked
from parlour.web.visit import aside, proof
from parlour.web.words import Catalogue

PATHS: Final = ["/chat/{token:str}/person", "/public/chat/{token:str}/person"]

State = Literal["ask", "asked", "missed", "none"]
"""What there is to do: ask, wait, leave an address, or nothing."""


class Form(msgspec.Struct, frozen=True):
    """What the page sends: what it is about, or an address; `message_id` makes it once."""

    message: str = ""
    message_id: str = ""
    start: str = ""
    contact: str | None = None
    """Only the form for an address has it."""
    look: str = ""
    """Set by the chat, which leads here with what its first message would begin a session by."""


_BLANK: Final = Form()
Posted = Annotated[Form, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get(PATHS, opt={"gate": LINK})
async def person_page(request: Asked, tools: Tools, token: str) -> Response[Any]:
    """Show how to ask for a person, that one has been asked for, or where to leave an address."""
    door = await admitted(tools, token, _session(request, tools, token))
    return await _page(request, tools, door)


@post(PATHS, opt={"gate": LINK})
async def call_person(request: Asked, tools: Tools, token: str, data: Posted) -> Response[Any]:
    """Ask for a person, with what it is about; or leave an address after nobody came.

    From the chat it shows the page, which then begins no other session than the chat would: what
    was said there may have arrived without its answer, and is of the same conversation.
    """
    session = _session(request, tools, token)
    home = tongues.home(request.scope, token)
    door = await admitted(tools, token, session)
    if data.look:
        return await _page(request, tools, door, form=Form(start=data.start))
    if data.contact is not None and door.conversation_id is not None:
        await Counted(ticket_of(request, tools, token, session, known=True)).judge()
        try:
            await calling.leave_address(tools, door.conversation_id, data.contact, data.message)
        except Invalid as problem:
            return await _page(request, tools, door, form=data, problem=problem)
        except Conflict:
            pass  # it was left already, or somebody has come: the chat says so
        return Redirect(home, status_code=303)
    pass_ = ticket_of(request, tools, token, session, data.start)
    text = data.message.strip() or aside.words_of(request, door).page["person_default"]
    try:
        said = await Counted(pass_, text).say(
            lambda: beckoning.say(tools, pass_, text, data.message_id or None)
        )
    except Refused as refused:
        if refused.refusal.why is not Why.VERIFICATION_REQUIRED:
            raise
        kept = proof.Form(start=data.start, message=text, message_id=data.message_id)
        return proof.page(request, refused, form=kept)
    except (Conflict, Invalid, TooLarge) as problem:
        return await _page(request, tools, door, form=data, problem=problem)
    cookie = sessions.cookie(request.scope, tools, token, said.visit.session)
    return Redirect(home, status_code=303, cookies=[cookie])


async def _state(tools: Tools, door: Door) -> State:
    if door.conversation_id is not None:
        if door.pen is not Pen.AGENT:
            return "asked"
        shown = await tools.db.read(transcripts.for_visitor, door.conversation_id, newest=50)
        if missed(shown):
            return "missed"
    return "ask" if door.asks_person else "none"


async def _page(
    request: Asked,
    tools: Tools,
    door: Door,
    *,
    form: Form = _BLANK,
    problem: Problem | None = None,
) -> Response[Any]:
    return aside.page(
        request,
        door,
        "person",
        problem,
        state=await _state(tools, door),
        form=form,
        form_id=form.message_id or edge.nonce(),
        start=start_of(tools, door.link_id, form.start),
        trouble=_trouble(problem, aside.words_of(request, door)),
        most=LONGEST,
        most_contact=LONGEST_CONTACT,
    )


def _trouble(problem: Problem | None, words: Catalogue) -> dict[str, str]:
    """Say in the page's language what is wrong, by the field it is wrong with."""
    if problem is None:
        return {}
    if any(each.field == "contact" for each in problem.errors):
        return {"contact": words.page["person_bad"].format(most=words.number(LONGEST_CONTACT))}
    return {"about": words.page["note_bad"].format(most=words.number(LONGEST))}


def _session(request: Asked, tools: Tools, token: str) -> str | None:
    return sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
