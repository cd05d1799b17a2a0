"""Leaving a note at a shut door, as a page: asking for a new link, or telling the team."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from parlour.entrance import Door, look, noting
from parlour.entrance.noting import NothingToLeave, Written
from parlour.kit.errors import Invalid, Problem, TooMany
from parlour.links.rules import Why
from parlour.notes.keeping import LONGEST, LONGEST_CONTACT
from parlour.notes.store import Wish
from parlour.tools import Tools
from parlour.web import edge, sessions, tongues
from parlour.web.gates import LINK, Asked
from parlour.web.peers import place_of
from parlour.web.visit import aside
from parlour.web.words import Catalogue

PATHS: Final = ["/chat/{token:str}/note", "/public/chat/{token:str}/note"]


class Form(msgspec.Struct, frozen=True):
    """What the page's form sends; `form` names it, so that sending it twice leaves one note."""

    text: str = ""
    contact: str = ""
    form: str = ""


_BLANK: Final = Form()
Posted = Annotated[Form, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get(PATHS, opt={"gate": LINK})
async def ask(request: Asked, tools: Tools, token: str) -> Response[Any]:
    """Show the form, where a note may be left; or that one has arrived."""
    door = await look(tools, token, _session(request, tools, token))
    if (wish := noting.offered(door)) is None:
        if (refused := door.refused()) is not None:
            raise refused
        return Redirect(tongues.home(request.scope, token), status_code=303)
    return _page(request, door, wish, sent="sent" in request.query_params)


@post(PATHS, opt={"gate": LINK})
async def leave(request: Asked, tools: Tools, token: str, data: Posted) -> Response[Any]:
    """Take a note for the team, and say that it has arrived."""
    session = _session(request, tools, token)
    written = Written(
        text=data.text,
        contact=data.contact,
        place=place_of(request.scope, tools, "notes"),
        form=data.form,
    )
    try:
        await noting.leave(tools, token, session, written)
    except NothingToLeave:
        return Redirect(tongues.home(request.scope, token), status_code=303)
    except (Invalid, TooMany) as problem:
        door = await look(tools, token, session)
        wish = noting.offered(door) or Wish.MESSAGE
        return _page(request, door, wish, form=data, problem=problem)
    return Redirect(href(request, token) + _joined(request, "sent=1"), status_code=303)


def href(request: Asked, token: str) -> str:
    """Return the address of the form at a link, in the language that this page was asked in."""
    return f"/chat/{token}/note{tongues.kept(request.scope)}"


def title_of(wish: Wish, why: Why | None) -> str:
    """Return the key of the words with which somebody is asked to leave a note."""
    if wish is Wish.MESSAGE:
        return "note_leave"
    return "note_invite" if why is Why.PRIVATE else "note_ask"


def _page(
    request: Asked,
    door: Door,
    wish: Wish,
    *,
    form: Form = _BLANK,
    problem: Problem | None = None,
    sent: bool = False,
) -> Response[Any]:
    said = aside.words_of(request, door)
    words = said.page
    return aside.page(
        request,
        door,
        "note",
        problem,
        title=words[title_of(wish, noting.reason(door))],
        label=words["note_ask_text" if wish is Wish.LINK else "note_leave_text"],
        form=form,
        form_id=form.form or edge.nonce(),
        trouble=_trouble(problem, said),
        most=LONGEST,
        most_contact=LONGEST_CONTACT,
        sent=sent,
        may_try=wish is Wish.MESSAGE,
    )


def _trouble(problem: Problem | None, words: Catalogue) -> str:
    if problem is None:
        return ""
    if isinstance(problem, TooMany):
        return words.page["note_many"]
    return words.page["note_bad"].format(most=words.number(LONGEST))


def _session(request: Asked, tools: Tools, token: str) -> str | None:
    return sessions.from_cookie(request.scope, tools.keys, token, tools.settings)


def _joined(request: Asked, query: str) -> str:
    return ("&" if tongues.asked(request.scope) else "?") + query
