"""Visitors' calls to confirm an e-mail address: a code is sent to it, and comes back."""

from typing import Annotated, Final

import msgspec
from litestar import Response, post
from msgspec import Meta

from parlour.entrance import Caller, Proved, ask_for_code, prove_by_code
from parlour.kit.clock import SECOND, rfc3339
from parlour.tools import Tools
from parlour.verification.rules import GOOD_FOR
from parlour.web import browsers, peers, sessions, tongues
from parlour.web.api.strict import Strict
from parlour.web.counting import spared
from parlour.web.gates import LINK, Asked

_REFUSES: Final = {
    400: "Nobody is asked for an address by this link, or something else does not fit.",
    429: "Too many codes were asked for; `Retry-After` says how long to wait.",
    503: "No mail can be sent just now.",
}
# A dollar alone would let the end of a line follow.
Code = Annotated[str, Meta(pattern=r"^[0-9]{6}$(?!\n)")]


class CodeAsked(Strict, frozen=True):
    """Where to send a code, and for which link."""

    token: str
    email: str
    session_token: str | None = None
    """The session, or what `session_start` gave out: then only its holder can use the code."""
    start: str | None = None


class CodeGiven(Strict, frozen=True):
    """The code that came, for the link and the address it was asked for."""

    token: str
    email: str
    code: Code
    session_token: str | None = None
    start: str | None = None


class CodeSent(msgspec.Struct, frozen=True):
    """What is said to everybody who asks for a code."""

    message: str
    expires_in_seconds: int


class Confirmed(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether a code was good. It is, once: then there is a session of its own for it."""

    verified: bool
    session_token: str | None = None
    expires_at: str | None = None
    error: str | None = None
    """`invalid_code`, or `code_expired`: it was used, replaced, tried too often or is too old."""
    tries_left: int | None = None
    """With `invalid_code`: how often the code that was sent can still be tried."""


@post("/api/public/verify/request", opt={"gate": LINK, "refuses": _REFUSES}, status_code=200)
async def request_code(request: Asked, tools: Tools, data: CodeAsked) -> CodeSent:
    """Send a code to an address. The answer is the same for every address, and does not wait."""
    who = caller(request, tools, data.token, data.session_token, data.start)
    await ask_for_code(tools, data.token, who, data.email)
    said = "if this address may come in here, a code is on its way to it"
    return CodeSent(said, GOOD_FOR // SECOND)


@post("/api/public/verify/confirm", opt={"gate": LINK, "refuses": _REFUSES}, status_code=200)
async def confirm_code(request: Asked, tools: Tools, data: CodeGiven) -> Response[Confirmed]:
    """Confirm an address by the code that came to it. The session of before, if any, is over."""
    await spared(request, tools, "tries")
    who = caller(request, tools, data.token, data.session_token, data.start)
    found = await prove_by_code(tools, data.token, who, data.email, data.code)
    if not isinstance(found, Proved):
        left = found.tries_left
        error = "code_expired" if left is None else "invalid_code"
        return Response(Confirmed(verified=False, error=error, tries_left=left), status_code=200)
    told = Confirmed(
        verified=True, session_token=found.session, expires_at=rfc3339(found.expires_at)
    )
    cookie = sessions.cookie(request.scope, tools, data.token, found.session)
    return Response(told, status_code=200, cookies=[cookie])


def caller(request: Asked, tools: Tools, token: str, *given: str | None) -> Caller:
    """Return who stands at a link's door, as far as their request tells."""
    held = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    *fields, start = given
    return Caller(
        session=sessions.explicit(request, *fields) or held or start,
        place=peers.place_of(request.scope, tools, "codes"),
        client=browsers.named(request.headers.get("user-agent", "")),
        language=tongues.named(request.scope),
    )


HANDLERS = [request_code, confirm_code]
