"""One's own second step in the studio: turning it on with a QR code, recovery codes, off."""

from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
import segno
from litestar import Request, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from markupsafe import Markup

from parlour.kit.errors import Gone, Problem, Unavailable
from parlour.links import address
from parlour.staff.second_step import keeping, rules, store
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import seats
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.shell import NOTHING, Filled
from parlour.web.studio.throttle import Throttle

_PATH = "/studio/me/second-step"
_MINE = {"gate": person(), seats.OPEN_WITHOUT_SECOND_STEP: True}
_FORM = Body(media_type=RequestEncodingType.URL_ENCODED)


class Proof(msgspec.Struct, frozen=True):
    """A form that is sent with a password, or with a code."""

    password: str = ""
    code: str = ""


@get(_PATH, opt=_MINE)
async def second_step(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """Show whether one's second step is on; while it is being turned on, what to scan."""
    return await _page(request, tools, seat)


@post(_PATH, opt=_MINE)
async def begin(
    request: Asked, tools: Tools, seat: Seat, data: Annotated[Proof, _FORM]
) -> Response[Any]:
    """Make a secret to be scanned."""
    try:
        _throttle(request).count(request, "password", seat.person.email)
        await keeping.begin(tools, seat.person, data.password)
    except Problem as problem:
        return await _page(request, tools, seat, Filled.after(problem, {}))
    return shell.go(_PATH)


@post(_PATH + "/confirm", opt=_MINE)
async def confirm(
    request: Asked, tools: Tools, seat: Seat, data: Annotated[Proof, _FORM]
) -> Response[Any]:
    """Turn it on with the first code; the page that follows shows the recovery codes, this once."""
    try:
        _throttle(request).count(request, "code", seat.person.email)
        codes = await keeping.confirm(tools, seat.person, data.code, session_id=seat.session_id)
    except Gone:
        return shell.go(_PATH, "too-late")
    except Problem as problem:
        return await _page(request, tools, seat, _typed(problem, data))
    return await _page(request, tools, seat, codes=codes)


@post(_PATH + "/codes", opt=_MINE)
async def new_codes(
    request: Asked, tools: Tools, seat: Seat, data: Annotated[Proof, _FORM]
) -> Response[Any]:
    """Make new recovery codes; those before are good for nothing."""
    try:
        _throttle(request).count(request, "code", seat.person.email)
        codes = await keeping.new_codes(tools, seat.person, data.code)
    except Problem as problem:
        return await _page(request, tools, seat, _typed(problem, data))
    return await _page(request, tools, seat, codes=codes)


@post(_PATH + "/off", opt=_MINE)
async def turn_off(
    request: Asked, tools: Tools, seat: Seat, data: Annotated[Proof, _FORM]
) -> Response[Any]:
    """Turn it off."""
    try:
        _throttle(request).count(request, "code", seat.person.email)
        await keeping.turn_off(tools, seat.person, data.code)
    except Problem as problem:
        return await _page(request, tools, seat, _typed(problem, data))
    return shell.go("/studio/me", "second-step-off")


def _typed(problem: Problem, data: Proof) -> Filled:
    return Filled.after(problem, {"code": data.code[:40]})


async def _page(
    request: Asked,
    tools: Tools,
    seat: Seat,
    form: Filled = NOTHING,
    *,
    codes: list[str] | None = None,
) -> Response[Any]:
    on = await tools.db.read(store.told, seat.person.id)
    secret = None if on is not None else await _pending(tools, seat)
    answer = shell.inside(
        request,
        seat,
        "studio/second-step.html",
        "me",
        status=form.status,
        form=form,
        on=on,
        codes=codes,
        secret=None if secret is None else _groups(secret),
        drawing=None if secret is None else _drawing(tools, seat, secret),
        required=tools.settings.second_step == "required" and seat.has_password,
        has_password=seat.has_password,
    )
    if form.retry is not None:
        answer.headers["Retry-After"] = str(form.retry)
    return answer


async def _pending(tools: Tools, seat: Seat) -> str | None:
    try:
        return await keeping.secret(tools, seat.person)
    except Unavailable:
        return None  # sealed with a key that is gone: begin again


def _drawing(tools: Tools, seat: Seat, secret: str) -> Markup:
    host = urlsplit(address.home(tools, seat.person.workspace_id)).hostname or ""
    told = rules.address(secret, seat.person.email, f"Parlour {host}".strip())
    drawn = segno.make(told, micro=False, error="m").svg_inline(
        border=0, omitsize=True, svgclass=None, lineclass=None
    )
    return Markup(drawn)  # noqa: S704 - squares; what they say is not in it as text


def _groups(secret: str) -> str:
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def _throttle(request: Request[Any, Any, Any]) -> Throttle:
    found: Throttle = request.app.state.throttle
    return found


HANDLERS = [second_step, begin, confirm, new_codes, turn_off]
