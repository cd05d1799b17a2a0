"""Coming in with a signed word in the address: it goes out of the address, and in by a form."""

from typing import Annotated, Final

import msgspec
from litestar import post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect
from litestar.types import Scope

from parlour.entrance import Caller, Proved, identify
from parlour.tools import Tools
from parlour.web import browsers, edge, given, pages, peers, queries, sessions
from parlour.web.gates import LINK, Asked

PATHS: Final = ["/chat/{token:str}/identify", "/public/chat/{token:str}/identify"]
_LONGEST: Final = 4_096


class Form(msgspec.Struct, frozen=True):
    """What the page sends on: the signed word, and what was to stand in the message box."""

    id: str = ""
    q: str = ""


@post(PATHS, opt={"gate": LINK})
async def come_in(
    request: Asked,
    tools: Tools,
    token: str,
    data: Annotated[Form, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """Know a visitor by what was signed about them, if it is good, and lead on to the chat."""
    session = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    who = Caller(
        session=session,
        place=peers.place_of(request.scope, tools, "codes"),
        client=browsers.named(request.headers.get("user-agent", "")),
    )
    # Anybody can lead somebody to such an address: it must not hand over what they said before.
    found = await identify(tools, token, who, data.id, takes_along=False)
    asked = {"q": data.q[:_LONGEST]} if data.q else {}
    home = queries.with_more(f"/chat/{token}", asked | given.of_address(request.scope).address())
    back = Redirect(home, status_code=303)
    if isinstance(found, Proved):
        back.cookies.append(sessions.cookie(request.scope, tools, token, found.session))
    return back


def waiting(token: str, scope: Scope) -> tuple[bytes, str] | None:
    """Return the page that sends a signed word on, with its policy; None without such a word."""
    query = scope["query_string"]
    signed = queries.field(query, "id")
    if not signed or len(signed) > _LONGEST:
        return None
    nonce = edge.nonce()
    path = queries.with_more(f"/chat/{token}/identify", given.of_address(scope).address())
    page = pages.identify(path, nonce, signed, queries.field(query, "q")[:_LONGEST])
    return page, edge.page_policy(nonce)
