"""Coming into the studio: the first start, invitations, signing in and out."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from parlour import workspaces
from parlour.kit.errors import Gone, NotFound, Problem, Unauthorized
from parlour.rights import Role
from parlour.staff import invitations, sessions, setup, signing_in
from parlour.staff.people import NewPerson
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import browsers, peers, seats
from parlour.web.gates import OPEN, Asked, person
from parlour.web.studio import door, shell
from parlour.web.studio.shell import Filled

_OPEN = {"gate": OPEN}


class Setup(msgspec.Struct, frozen=True):
    """The form of the first start."""

    code: str = ""
    email: str = ""
    name: str = ""
    password: str = ""


class SignIn(msgspec.Struct, frozen=True):
    """The form of signing in."""

    email: str = ""
    password: str = ""
    next: str = ""


class Code(msgspec.Struct, frozen=True):
    """The form of the second step."""

    code: str = ""
    next: str = ""


class Accepting(msgspec.Struct, frozen=True):
    """The form by which an invitation is taken."""

    name: str = ""
    password: str = ""


_FORM = Body(media_type=RequestEncodingType.URL_ENCODED)


@get("/studio/setup", opt=_OPEN)
async def setup_page(tools: Tools, code: str = "") -> Response[Any]:
    """Show the form of the first start; once there is an owner, lead to sign-in."""
    if not await _may_begin(tools):
        return shell.go(shell.SIGN_IN)
    return shell.outside("studio/setup.html", form=Filled({"code": code[:100]}))


@post("/studio/setup", opt=_OPEN)
async def set_up(request: Asked, tools: Tools, data: Annotated[Setup, _FORM]) -> Response[Any]:
    """Make the first owner with the code that the server printed, and sign them in."""
    try:
        door.throttle(request).count(request, "setup")
        workspace = await workspaces.ensure_default(tools)
        if not tools.has(workspace.id):
            return shell.go(shell.SIGN_IN)
        # Whoever reads the server's output can read its data: nothing is masked for them.
        new = NewPerson(
            workspace.id, data.email, data.name, Role.OWNER, data.password, view_personal=True
        )
        owner = await setup.begin(tools, data.code, new)
    except Gone:
        return shell.go(shell.SIGN_IN)
    except Problem as problem:
        typed = {"code": data.code[:100], "email": data.email[:300], "name": data.name[:300]}
        return door.again("studio/setup.html", problem, typed)
    return await _signed_in(request, tools, owner.workspace_id, owner.id, shell.HOME)


async def _may_begin(tools: Tools) -> bool:
    """Whether nobody owns this instance yet, and its first workspace is at this host."""
    return await setup.is_open(tools) and tools.has((await workspaces.ensure_default(tools)).id)


@get("/studio/sign-in", opt=_OPEN)
async def sign_in_page(
    request: Asked, tools: Tools, lost: str = "", late: str = ""
) -> Response[Any]:
    """Show the form of signing in; who is signed in already is led on."""
    back = shell.own_path(request.query_params.get("next", shell.HOME))
    try:
        await sessions.seat(tools, seats.secret_of(request, tools.settings))
        return shell.go(back)
    except Unauthorized:
        if await _may_begin(tools):
            return shell.go("/studio/setup")
    return door.sign_in_form(tools, back=back, notice="lost" if lost else "late" if late else "")


@post("/studio/sign-in", opt=_OPEN)
async def sign_in(request: Asked, tools: Tools, data: Annotated[SignIn, _FORM]) -> Response[Any]:
    """Begin a session, always a new one, and lead to where the person wanted to be."""
    back = shell.own_path(data.next)
    former = seats.secret_of(request, tools.settings)
    client = browsers.named(request.headers.get("user-agent", ""))
    try:
        is_known = seats.knows(request, tools, data.email)
        door.throttle(request).count(request, "sign-in", data.email, is_known=is_known)
        entrance = await signing_in.by_password(
            tools,
            data.email,
            data.password,
            client,
            instead_of=former,
            place=peers.seen_from(request.scope, tools),
        )
    except Problem as problem:
        typed = {"email": data.email[:300]}
        return door.sign_in_form(tools, Filled.after(problem, typed), back)
    led = door.entered(tools, entrance, back)
    led.cookies.append(seats.known(tools, data.email))
    return led


@get(door.CODE, opt=_OPEN)
async def code_page(request: Asked, tools: Tools) -> Response[Any]:
    """Ask for the code of whoever has given a password; others are led to sign-in."""
    back = shell.own_path(request.query_params.get("next", shell.HOME))
    half = seats.secret_of(request, tools.settings, seats.HALF)
    if not await signing_in.is_half_in(tools, half):
        return _from_the_start(tools, back)
    return shell.outside("studio/code.html", back=back)


@post(door.CODE, opt=_OPEN)
async def give_code(request: Asked, tools: Tools, data: Annotated[Code, _FORM]) -> Response[Any]:
    """Complete a sign-in by a code, and lead to where the person wanted to be."""
    back, settings = shell.own_path(data.next), tools.settings
    former = seats.secret_of(request, settings)
    half = seats.secret_of(request, settings, seats.HALF)
    client = browsers.named(request.headers.get("user-agent", ""))
    try:
        is_half_in = await signing_in.is_half_in(tools, half)
        door.throttle(request).count(request, "code", half or "", is_known=is_half_in)
        place = peers.seen_from(request.scope, tools)
        secret = await signing_in.by_code(
            tools, half, data.code, client, instead_of=former, place=place
        )
    except (Unauthorized, NotFound):
        return _from_the_start(tools, back)
    except Problem as problem:
        return door.again("studio/code.html", problem, {"code": data.code[:40]}, back=back)
    return shell.go(back, cookies=seats.entered(settings, secret))


def _from_the_start(tools: Tools, back: str) -> Redirect:
    cookies = [seats.cookie(tools.settings, None, seats.HALF)]
    return shell.go(f"{shell.SIGN_IN}?late=1{door.asking(back, '&')}", cookies=cookies)


@post("/studio/sign-out", opt={"gate": person(), seats.OPEN_WITHOUT_SECOND_STEP: True})
async def sign_out(tools: Tools, seat: Seat) -> Redirect:
    """End the session."""
    await sessions.end(tools, seat.who, seat.person.id, seat.session_id)
    return shell.go(shell.SIGN_IN, cookies=[seats.cookie(tools.settings, None)])


@get("/studio/invite/{token:str}", opt=_OPEN)
async def invitation_page(request: Asked, tools: Tools, token: str) -> Response[Any]:
    """Show what somebody is invited to be. Changes nothing."""
    found = await _invitation(request, tools, token)
    return shell.outside("studio/invite.html", invitation=found, **door.provider_words(tools))


@post("/studio/invite/{token:str}", opt=_OPEN)
async def accept(
    request: Asked, tools: Tools, token: str, data: Annotated[Accepting, _FORM]
) -> Response[Any]:
    """Take an invitation, once, and sign in."""
    found = await _invitation(request, tools, token)
    try:
        joined = await invitations.accept(tools, token, data.name, data.password)
    except NotFound:
        raise
    except Problem as problem:
        typed = {"name": data.name[:300]}
        words = door.provider_words(tools)
        return door.again("studio/invite.html", problem, typed, invitation=found, **words)
    return await _signed_in(request, tools, joined.workspace_id, joined.id, shell.HOME)


async def _invitation(request: Asked, tools: Tools, token: str) -> Any:
    try:
        return await invitations.look(tools, token)
    except NotFound as problem:
        if problem.code != "invitation_taken":
            door.throttle(request).count(request, "invitation")
        raise


async def _signed_in(
    request: Asked, tools: Tools, workspace_id: str, person_id: str, path: str
) -> Redirect:
    client = browsers.named(request.headers.get("user-agent", ""))
    former = seats.secret_of(request, tools.settings)
    place = peers.seen_from(request.scope, tools)
    secret = await sessions.begin(
        tools, workspace_id, person_id, client, instead_of=former, place=place
    )
    return shell.go(path, cookies=seats.entered(tools.settings, secret))


HANDLERS = [
    setup_page,
    set_up,
    sign_in_page,
    sign_in,
    code_page,
    give_code,
    sign_out,
    invitation_page,
    accept,
]
