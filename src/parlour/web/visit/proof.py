"""Confirming an address on the visitor's page: two small steps, which keep what was being said."""

from typing import Annotated, Any, Final, Protocol
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from parlour.agents.model import Content
from parlour.chat import turns
from parlour.entrance import (
    Caller,
    Proved,
    Refused,
    ask_for_code,
    look,
    prove_by_code,
    start_of,
)
from parlour.kit.errors import Invalid, Problem, TooMany, Unavailable
from parlour.kit.texts import initial_of
from parlour.kit.tokens import new_id
from parlour.tools import Tools
from parlour.verification.rules import is_code
from parlour.web import browsers, edge, framing, peers, proofs, sessions, tongues
from parlour.web.counting import Counted, spared, ticket_of
from parlour.web.gates import LINK, Asked
from parlour.web.hosts import tools_of
from parlour.web.pages import Face
from parlour.web.proofs import ProofView

_HTML = "text/html"
_LONGEST_KEPT: Final = 700
"""Characters of a message that go into an address: it may be as long in bytes as ten times that."""
PATHS: Final = ["/chat/{token:str}/verify", "/public/chat/{token:str}/verify"]


class Form(msgspec.Struct, frozen=True):
    """What the page's own forms send."""

    email: str = ""
    code: str = ""
    start: str = ""
    message: str = ""
    message_id: str = ""


_BLANK: Final = Form()
Posted = Annotated[Form, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get(PATHS, opt={"gate": LINK})
async def ask(request: Asked, tools: Tools, token: str) -> Response[Any]:
    """Ask for an address, unless nobody is asked here or this visitor has confirmed theirs."""
    session = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    door = await look(tools, token, session)
    if not door.terms.asks or door.proof is not None:
        return Redirect(tongues.home(request.scope, token), status_code=303)
    refused = door.unproved()
    if (shut := door.refused()) is not None and refused is not None and shut.code != refused.code:
        raise shut
    return page(request, door)


@post(PATHS, opt={"gate": LINK})
async def answer(request: Asked, tools: Tools, token: str, data: Posted) -> Response[Any]:
    """Take the address, or the code, from the plain forms; then send what was being said."""
    session = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    door = await look(tools, token, session)
    who = Caller(
        session=session or data.start or None,
        place=peers.place_of(request.scope, tools, "codes"),
        client=browsers.named(request.headers.get("user-agent", "")),
        language=tongues.named(request.scope),
    )
    code = "".join(data.code.split())
    told: dict[str, Any] = {"form": data, "step": "code" if code else "email"}
    try:
        if not code:
            await ask_for_code(tools, token, who, data.email)
            return page(request, door, form=data, step="code")
        trouble = "invalid_code"
        if is_code(code):
            await spared(request, tools, "tries")
            found = await prove_by_code(tools, token, who, data.email, code)
            if isinstance(found, Proved):
                return await _inside(request, found, data)
            told["left"] = found.tries_left
            trouble = "code_expired" if found.tries_left is None else "invalid_code"
    except Refused:
        raise
    except (Invalid, TooMany, Unavailable) as problem:
        trouble = problem.code
        told["wait"] = problem.retry_after
    return page(request, door, trouble=trouble, **told)


async def _inside(request: Asked, proved: Proved, data: Form) -> Response[Any]:
    """Lead on to the chat, and say what the visitor was about to say."""
    tools: Tools = tools_of(request.scope)
    token: str = request.path_params["token"]
    cookie = sessions.cookie(request.scope, tools, token, proved.session)
    home = tongues.home(request.scope, token)
    if data.message.strip():
        pass_ = ticket_of(request, tools, token, proved.session, known=True)
        try:
            await Counted(pass_, data.message).say(
                lambda: turns.say(tools, pass_, data.message, data.message_id or None)
            )
        except Problem:
            # Confirmed all the same: the page that follows says what it is that keeps them out,
            # and has the message in its box.
            asked = urlencode({"q": data.message[:_LONGEST_KEPT]})
            home += f"{'&' if '?' in home else '?'}{asked}"
    return Redirect(home, status_code=303, cookies=[cookie])


class Asking(Protocol):
    """Whose page it is: a door, or the refusal there."""

    @property
    def content(self) -> Content | None: ...
    @property
    def accent(self) -> str | None: ...
    @property
    def language(self) -> str: ...
    @property
    def origins(self) -> tuple[str, ...]: ...
    @property
    def remembers(self) -> bool: ...
    @property
    def owns(self) -> bool: ...


def page(
    request: Asked,
    at: Asking,
    *,
    form: Form = _BLANK,
    step: str = "email",
    trouble: str = "",
    left: int | None = None,
    wait: int | None = None,
) -> Response[Any]:
    """Return the page of a step, with what was typed so far."""
    tools: Tools = tools_of(request.scope)
    token: str = request.path_params["token"]
    genuine = tools.keys.open_link(token)
    content = at.content
    name = "" if content is None else content.display_name
    nonce = edge.nonce()
    view = ProofView(
        face=Face(
            name=name,
            initial=initial_of(name),
            subtitle="" if content is None else content.description,
            picture="" if content is None else content.avatar,
            language=tongues.of(request.scope, at.language),
            asked=bool(tongues.asked(request.scope)),
            accent=at.accent or "",
        ),
        token=token,
        nonce=nonce,
        start=form.start or ("" if genuine is None else start_of(tools, genuine.link_id)),
        step="code" if step == "code" else "email",
        email=form.email[:300],
        message=form.message,
        message_id=form.message_id or new_id("m"),
        trouble=trouble,
        left=left,
        wait=wait,
        remembers=at.remembers,
        owns=at.owns,
    )
    headers = {"Content-Security-Policy": framing.policy(request.scope, nonce, at.origins)}
    return Response(proofs.proof(view), status_code=200, media_type=_HTML, headers=headers)
