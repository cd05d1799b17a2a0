"""Canned replies in the studio: the answers that the team has ready, made and changed in place."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect

from parlour.canned import keeping, store
from parlour.kit.errors import Conflict, Invalid, Stale
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents.forms import FORM
from parlour.web.studio.shell import NOTHING, Filled

_PATH: Final = "/studio/canned"
_ONE: Final = _PATH + "/{reply_id:str}"
_ANSWER: Final = {"gate": person(Permission.CONVERSATIONS_ANSWER)}


class CannedForm(msgspec.Struct, frozen=True):
    """The form of a canned reply, and which state of it the page showed."""

    shortcut: str = ""
    text: str = ""
    seen: str = ""

    def typed(self) -> dict[str, str]:
        """Return what was typed, to stand in the form again."""
        return {"shortcut": self.shortcut[:100], "text": self.text[:10_000]}


@get(_PATH, opt=_ANSWER)
async def canned(request: Asked, tools: Tools, seat: Seat) -> Response[Any]:
    """List canned replies, with the form of a new one."""
    return await _show(request, tools, seat)


@post(_PATH, opt=_ANSWER)
async def make(
    request: Asked, tools: Tools, seat: Seat, data: Annotated[CannedForm, FORM]
) -> Response[Any]:
    """Make a canned reply."""
    try:
        await keeping.create(tools, seat.who, data.shortcut, data.text)
    except (Invalid, Conflict) as problem:
        return await _show(request, tools, seat, Filled.after(problem, data.typed()))
    return shell.go(_PATH, "canned-made")


@post(_ONE, opt=_ANSWER)
async def change(
    request: Asked,
    tools: Tools,
    seat: Seat,
    reply_id: str,
    data: Annotated[CannedForm, FORM],
) -> Response[Any]:
    """Change a canned reply; whoever comes second is told who was first."""
    seen = shell.seen(data.seen)
    try:
        await keeping.change(tools, seat.who, reply_id, data.shortcut, data.text, seen=seen)
    except (Invalid, Conflict, Stale) as problem:
        form = Filled.after(problem, data.typed())
        return await _show(request, tools, seat, form, changing=reply_id)
    return shell.go(_PATH, "saved")


@post(_ONE + "/delete", opt=_ANSWER)
async def delete(tools: Tools, seat: Seat, reply_id: str) -> Redirect:
    """Delete a canned reply."""
    await keeping.delete(tools, seat.who, reply_id)
    return shell.go(_PATH, "canned-deleted")


async def _show(
    request: Asked, tools: Tools, seat: Seat, form: Filled = NOTHING, *, changing: str = ""
) -> Response[Any]:
    return shell.inside(
        request,
        seat,
        "studio/canned.html",
        "desk",
        status=form.status,
        form=NOTHING if changing else form,
        changed=form,
        changing=changing,
        replies=await tools.db.read(store.every, seat.person.workspace_id),
    )


HANDLERS = [canned, make, change, delete]
