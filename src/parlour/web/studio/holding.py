"""Taking a conversation over in the studio: the pen taken, kept, handed on and back; answering."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, post

from parlour import calling, takeover
from parlour.chat import typing
from parlour.kit.errors import Conflict, Invalid, TooLarge
from parlour.rights import Permission, Who
from parlour.staff.sessions import Seat
from parlour.takeover import completing
from parlour.tools import Tools
from parlour.transcripts import finding
from parlour.web.gates import Asked, person
from parlour.web.studio import commands, shell, transcript
from parlour.web.studio.agents.forms import FORM
from parlour.web.studio.commands import Ordered
from parlour.web.studio.shell import Filled
from parlour.web.studio.sieve import DESK, PATH, REASONS, Sieve

_ANSWER: Final = {"gate": person(Permission.CONVERSATIONS_ANSWER)}
_HERE: Final = [f"{each}/{{conversation_id:str}}" for each in (PATH, DESK)]


class Act(msgspec.Struct, frozen=True):
    """What shall become of the pen: `take`, `force` (from somebody else), `renew`, `release`."""

    act: str = ""


class Passing(msgspec.Struct, frozen=True):
    """To whom the pen goes: the id of a colleague."""

    to: str = ""


class Completing(msgspec.Struct, frozen=True):
    """Why the team has done with it, and the last message that the page showed."""

    reason: str = ""
    seen: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What a person says, under an id of the page's own, so that it is said once."""

    message: str = ""
    message_id: str = ""
    kind: str = ""
    """`note` for one that only the team reads."""


Verb = Callable[[str], Coroutine[Any, Any, Any]]
"""Does something in a conversation, whose id it is given."""


@post([f"{each}/hold" for each in _HERE], opt=_ANSWER)
async def hold(
    request: Asked,
    tools: Tools,
    seat: Seat,
    conversation_id: str,
    data: Annotated[Act, FORM],
) -> Response[Any]:
    """Take the pen, keep it, or hand it back."""
    who = seat.who
    verbs: dict[str, Verb] = {
        "renew": lambda id_: takeover.renew(tools, who, id_),
        "release": lambda id_: takeover.release(tools, who, id_),
        "force": lambda id_: takeover.take(tools, who, id_, force=True),
    }
    take = verbs.get(data.act, lambda id_: takeover.take(tools, who, id_))
    return await _done(request, tools, seat, conversation_id, take)


@post([f"{each}/acknowledge" for each in _HERE], opt=_ANSWER)
async def acknowledge(
    request: Asked, tools: Tools, seat: Seat, conversation_id: str
) -> Response[Any]:
    """Say that one sees to a visitor who waits, and is coming."""
    seen: Verb = lambda id_: calling.acknowledge(tools, seat.who, id_)  # noqa: E731
    return await _done(request, tools, seat, conversation_id, seen)


@post([f"{each}/hand-over" for each in _HERE], opt=_ANSWER)
async def hand_over(
    request: Asked,
    tools: Tools,
    seat: Seat,
    conversation_id: str,
    data: Annotated[Passing, FORM],
) -> Response[Any]:
    """Hand the pen to a colleague."""
    return await _done(
        request,
        tools,
        seat,
        conversation_id,
        lambda id_: takeover.hand_over(tools, seat.who, id_, data.to),
    )


@post([f"{each}/complete" for each in _HERE], opt=_ANSWER)
async def complete(
    request: Asked,
    tools: Tools,
    seat: Seat,
    conversation_id: str,
    data: Annotated[Completing, FORM],
) -> Response[Any]:
    """Say that the team has done with it, and why."""

    async def done(id_: str) -> None:
        reason = completing.reason_of(data.reason)
        seen = shell.seen(data.seen) if data.seen else None
        await takeover.complete(tools, seat.who, id_, reason, seen)

    return await _done(request, tools, seat, conversation_id, done)


@post([f"{each}/reopen" for each in _HERE], opt=_ANSWER)
async def reopen(request: Asked, tools: Tools, seat: Seat, conversation_id: str) -> Response[Any]:
    """Say that the team has not done with it after all."""
    again: Verb = lambda id_: takeover.reopen(tools, seat.who, id_)  # noqa: E731
    return await _done(request, tools, seat, conversation_id, again)


@post([f"{each}/say" for each in _HERE], opt=_ANSWER)
async def say(
    request: Asked,
    tools: Tools,
    seat: Seat,
    conversation_id: str,
    data: Annotated[Answer, FORM],
) -> Response[Any]:
    """Answer the visitor, write a note, or do what a command says; else it stays in the box."""
    who, id_ = seat.who, data.message_id or None

    async def done(talk_id: str) -> str | None:
        written = commands.read(data.message)
        if isinstance(written, Ordered):
            return await _ordered(tools, who, talk_id, written, id_)
        if data.kind == "note":
            await takeover.note(tools, who, talk_id, written, id_)
        else:
            await takeover.say(tools, who, talk_id, written, id_)
        return None

    typed = {"message": data.message, "kind": data.kind[:10]}
    return await _done(request, tools, seat, conversation_id, done, typed=typed)


@post([f"{each}/notes/{{note_id:str}}/delete" for each in _HERE], opt=_ANSWER)
async def delete_note(
    request: Asked, tools: Tools, seat: Seat, conversation_id: str, note_id: str
) -> Response[Any]:
    """Delete an internal note of one's own."""

    async def done(talk_id: str) -> None:
        await takeover.delete_note(tools, seat.who, talk_id, note_id)

    return await _done(request, tools, seat, conversation_id, done)


@post([f"{each}/typing" for each in _HERE], opt=_ANSWER, status_code=204)
async def type_(tools: Tools, seat: Seat, conversation_id: str) -> None:
    """Tell the visitor, and colleagues who look on, that whoever has the pen types."""
    talk = await tools.db.read(finding.find, seat.who, conversation_id)
    await typing.person_types(tools, seat.who, talk.id)


async def _ordered(
    tools: Tools, who: Who, talk_id: str, ordered: Ordered, id_: str | None
) -> str | None:
    """Do what a command says; return the page that it leads to, if it leads to one."""
    rest = ordered.rest
    if ordered.command.path:
        return f"{PATH}/{talk_id}/{ordered.command.path}"
    match ordered.command.name:
        case "takeover":
            await takeover.take(tools, who, talk_id)
        case "handback":
            await takeover.release(tools, who, talk_id)
        case "handover":
            await takeover.hand_over(tools, who, talk_id, rest)
        case "close":
            reason = completing.reason_of(commands.reason_in(rest, REASONS))
            await takeover.complete(tools, who, talk_id, reason)
        case _:
            await takeover.note(tools, who, talk_id, rest, id_)
    return None


async def _done(
    request: Asked,
    tools: Tools,
    seat: Seat,
    conversation_id: str,
    verb: Verb,
    *,
    typed: dict[str, str] | None = None,
) -> Response[Any]:
    """Do it and lead back to the conversation; its page says why, where it cannot be done."""
    talk = await tools.db.read(finding.find, seat.who, conversation_id)
    try:
        leads_to = await verb(talk.id)
    except (Conflict, Invalid, TooLarge) as problem:
        form = Filled.after(problem, typed or {})
        return await transcript.show(request, tools, seat, talk.id, form)
    if isinstance(leads_to, str):
        return shell.go(leads_to)
    return shell.go(Sieve.of(request).address(talk.id))


HANDLERS = [hold, acknowledge, hand_over, complete, reopen, say, delete_note, type_]
