"""Forgetting a conversation or its visitor in the studio: first what goes, then it goes."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post

from parlour import forgetting
from parlour.kit.errors import FieldError, Invalid
from parlour.rights import Permission
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.transcripts import finding
from parlour.web.gates import Asked, person
from parlour.web.studio import receipts, shell
from parlour.web.studio.agents.forms import FORM
from parlour.web.studio.shell import NOTHING, Filled
from parlour.web.studio.sieve import PATH
from parlour.web.studio.telling import Told

_FORGET: Final = {"gate": person(Permission.CONVERSATIONS_FORGET)}
_PATH: Final = PATH + "/{conversation_id:str}/forget"


class ForgetForm(msgspec.Struct, frozen=True):
    """What shall be forgotten: `conversation` or `visitor`."""

    what: str = ""


@get(_PATH, opt=_FORGET)
async def ask(request: Asked, tools: Tools, seat: Seat, conversation_id: str) -> Response[Any]:
    """Say what goes, with the conversation alone and with its visitor."""
    return await _ask(request, tools, seat, conversation_id)


@post(_PATH, opt=_FORGET)
async def forget(
    request: Asked,
    tools: Tools,
    seat: Seat,
    conversation_id: str,
    data: Annotated[ForgetForm, FORM],
) -> Response[Any]:
    """Forget it; the receipt says that it was done, and how much of what there was."""
    talk = await tools.db.read(finding.find, seat.who, conversation_id)
    if data.what == "visitor":
        gone = await forgetting.forget_visitor(tools, seat.who, talk.visitor_id)
        told = "The visitor has been forgotten, with everything they said here."
    elif data.what == "conversation":
        gone = await forgetting.forget_conversation(tools, seat.who, talk.id)
        told = "The conversation has been forgotten."
    else:
        said = "choose what shall be forgotten"
        problem = Invalid(said, errors=[FieldError("what", said)])
        form = Filled.after(problem, {})
        return await _ask(request, tools, seat, talk.id, form)
    path = PATH if gone.receipt is None else f"{receipts.PATH}/{gone.receipt.id}"
    return shell.tell(request, seat, path, Told(told))


async def _ask(
    request: Asked, tools: Tools, seat: Seat, conversation_id: str, form: Filled = NOTHING
) -> Response[Any]:
    talk = await tools.db.read(finding.find, seat.who, conversation_id)
    return shell.inside(
        request,
        seat,
        "studio/forget.html",
        "conversations",
        status=form.status,
        form=form,
        talk=talk,
        path=f"{PATH}/{talk.id}/forget",
        back=f"{PATH}/{talk.id}",
        one=await tools.db.read(forgetting.of_conversation, seat.who, talk.id),
        all=await tools.db.read(forgetting.of_visitor, seat.who, talk.visitor_id),
    )


HANDLERS = [ask, forget]
