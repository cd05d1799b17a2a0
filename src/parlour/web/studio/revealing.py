"""Seeing in the studio what is hidden in a conversation: asked why, and hidden again."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect

from parlour.kit.clock import MINUTE
from parlour.kit.errors import Conflict, Invalid, NotAllowed
from parlour.privacy.rules import LONGEST_REASON
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.transcripts import revealing
from parlour.web.gates import Asked, person
from parlour.web.studio import shell
from parlour.web.studio.agents.forms import FORM
from parlour.web.studio.shell import NOTHING, Filled
from parlour.web.studio.sieve import PATH

_REVEAL: Final = {"gate": person(Permission.CONVERSATIONS_REVEAL)}
_ONE: Final = PATH + "/{conversation_id:str}"


class Why(msgspec.Struct, frozen=True):
    """The form that asks why."""

    reason: str = ""


@get(_ONE + "/reveal", opt=_REVEAL)
async def ask(request: Asked, tools: Tools, seat: Seat, conversation_id: str) -> Response[Any]:
    """Ask why somebody wants to see what is hidden from them."""
    return await _ask(request, tools, seat, conversation_id)


@post(_ONE + "/reveal", opt=_REVEAL)
async def reveal(
    request: Asked, tools: Tools, seat: Seat, conversation_id: str, data: Annotated[Why, FORM]
) -> Response[Any]:
    """Show the conversation whole, for a while; that and why stand in the history."""
    try:
        await revealing.reveal(tools, seat.who, conversation_id, data.reason)
    except Invalid as problem:
        form = Filled.after(problem, {"reason": data.reason[: 2 * LONGEST_REASON]})
        return await _ask(request, tools, seat, conversation_id, form)
    except Conflict:  # it is shown to them by now
        pass
    if shell.partly(request):
        return Response(b"", headers={"HX-Redirect": f"{PATH}/{conversation_id}"})
    return shell.go(f"{PATH}/{conversation_id}")


@post(_ONE + "/hide", opt=_REVEAL)
async def hide(tools: Tools, seat: Seat, conversation_id: str) -> Redirect:
    """Hide again what was shown."""
    await revealing.hide(tools, seat.who, conversation_id)
    return shell.go(f"{PATH}/{conversation_id}", "hidden-again")


async def _ask(
    request: Asked, tools: Tools, seat: Seat, conversation_id: str, form: Filled = NOTHING
) -> Response[Any]:
    now = tools.clock.now()
    sight = await tools.db.read(revealing.find, seat.who, conversation_id, now)
    if not sight.may_reveal and sight.talk.is_masked:
        raise NotAllowed("personal details are not shown to your role, for any reason")
    return shell.inside(
        request,
        seat,
        "studio/reveal.html",
        "conversations",
        status=form.status,
        form=form,
        talk=sight.talk,
        path=f"{PATH}/{sight.talk.id}",
        minutes=revealing.SHOWN_FOR // MINUTE,
    )


HANDLERS = [ask, reveal, hide]
