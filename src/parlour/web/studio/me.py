"""One's own account: name, password, and the browsers one is signed in with."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from parlour.kit.errors import FieldError, Invalid, Problem
from parlour.staff import mails as wishes
from parlour.staff import people, sessions, store
from parlour.staff.openid import binding
from parlour.staff.second_step import store as second_step
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import door, mails, shell
from parlour.web.studio.shell import NOTHING, Filled
from parlour.web.studio.throttle import Throttle

_ME = "/studio/me"
_MINE = {"gate": person()}
_FORM = Body(media_type=RequestEncodingType.URL_ENCODED)


class Rename(msgspec.Struct, frozen=True):
    """The form of one's name."""

    name: str = ""


class NewPassword(msgspec.Struct, frozen=True):
    """The form of a new password."""

    old: str = ""
    new: str = ""


@get(_ME, opt=_MINE)
async def me(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """Show one's own account."""
    return await page(request, tools, seat)


@post(_ME + "/name", opt=_MINE)
async def rename(
    request: Asked, tools: Tools, seat: Seat, data: Annotated[Rename, _FORM]
) -> Response[Any]:
    """Change one's own name."""
    try:
        await people.rename(tools, seat.who, data.name)
    except Invalid as problem:
        form = Filled.after(problem, {"name": data.name[:300]})
        return await page(request, tools, seat, form)
    return shell.go(_ME, "renamed")


@post(_ME + "/password", opt=_MINE)
async def change_password(
    request: Asked, tools: Tools, seat: Seat, data: Annotated[NewPassword, _FORM]
) -> Response[Any]:
    """Change one's own password; all other sessions end."""
    throttle: Throttle = request.app.state.throttle
    try:
        throttle.count(request, "password", seat.person.email)
        await people.change_password(
            tools, seat.person, data.old, data.new, session_id=seat.session_id
        )
    except Problem as problem:
        if not problem.errors:
            said = problem.detail
            problem.errors = [FieldError("old", said)]
        return await page(request, tools, seat, Filled.after(problem, {}))
    return shell.go(_ME, "password")


@post(_ME + "/mails", opt=_MINE)
async def change_mails(
    request: Asked, tools: Tools, seat: Seat, data: Annotated[dict[str, str], _FORM]
) -> Response[Any]:
    """Change which mails one gets."""
    typed = {name: str(value)[:20] for name, value in [*data.items()][:20]}
    try:
        await wishes.change(
            tools,
            seat.who,
            seat.person.id,
            digest=wishes.digest_of(typed.get("digest", "")),
            weekday=wishes.number_of("weekday", typed.get("weekday", "")),
            hour=wishes.number_of("hour", typed.get("hour", "")),
            alerts=[each for each in wishes.offered(seat.person) if f"alert-{each}" in typed],
        )
    except Invalid as problem:
        return await page(request, tools, seat, Filled.after(problem, typed))
    return shell.go(_ME, "mails")


@post(_ME + "/sessions/{session_id:str}/end", opt=_MINE)
async def end_session(tools: Tools, seat: Seat, session_id: str) -> Redirect:
    """End one of one's own sessions."""
    await sessions.end(tools, seat.who, seat.person.id, session_id)
    return shell.go(_ME, "ended")


@post(_ME + "/sessions/end-others", opt=_MINE)
async def end_others(tools: Tools, seat: Seat) -> Redirect:
    """End all of one's own sessions but this one."""
    await sessions.end_all(tools, seat.who, seat.person.id, but=seat.session_id)
    return shell.go(_ME, "ended-others")


async def page(request: Asked, tools: Tools, seat: Seat, form: Filled = NOTHING) -> Response[Any]:
    """Return the page, with a form as it was typed where something did not fit."""
    return shell.inside(
        request,
        seat,
        "studio/me.html",
        "me",
        status=form.status,
        form=form,
        sessions=await tools.db.read(store.sessions_of, seat.person.id, tools.clock.now()),
        current=seat.session_id,
        bound=await tools.db.read(binding.of_person, seat.person.id),
        has_password=seat.has_password,
        **door.provider_words(tools),
        second_step=await tools.db.read(second_step.told, seat.person.id),
        **await mails.shown(tools, seat),
    )


HANDLERS = [me, rename, change_password, change_mails, end_session, end_others]
