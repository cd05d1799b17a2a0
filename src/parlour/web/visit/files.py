"""Saying something with files from the page's own form, for browsers without scripts."""

from typing import Any

import msgspec
from litestar import Response, post
from litestar.datastructures import FormMultiDict

from parlour.attachments import Held
from parlour.entrance import carrying
from parlour.entrance.carrying import Sender
from parlour.kit.errors import Invalid, Problem, TooLarge
from parlour.tools import Tools
from parlour.web import given, sessions, tongues, uploads
from parlour.web.gates import LINK, Asked
from parlour.web.peers import place_of
from parlour.web.visit import room
from parlour.web.words import spoken

_TOLD = {
    "file_empty": "file_empty",
    "file_too_large": "file_large",
    "file_too_many": "file_many",
    "files_too_large": "file_heavy",
    "files_full": "file_full",
}


@post(
    ["/chat/{token:str}/files", "/public/chat/{token:str}/files"],
    opt={"gate": LINK},
    request_max_body_size=None,
)
async def say_with_files(request: Asked, tools: Tools, token: str) -> Response[Any]:
    """Take a message and what goes along with it, and show the page again."""
    session = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    sender = Sender(session, place_of(request.scope, tools, "files"))
    where = await carrying.sender_let_in(tools, token, sender)
    door, taking = where
    taken: list[Held] = []

    async def take(name: str, content: Any) -> Held:
        if len(taken) >= taking.most:
            raise Invalid("more files than go along with one message", code="file_too_many")
        taken.append(await carrying.receive(tools, where, sender, name, content))
        return taken[-1]

    fields: list[tuple[str, str]] = []
    try:
        await uploads.form(request, taking.bytes * taking.most, take, fields)
        form = FormMultiDict(fields)
        known = {name: str(form.get(name, "")) for name in room.Form.__struct_fields__}
        data = msgspec.structs.replace(room.Form(), **{k: v for k, v in known.items() if v})
        return await room.said(request, data, given.of_form(form), [each.id for each in taken])
    except (Invalid, TooLarge) as problem:
        await carrying.let_go(tools, door, taken)
        typed = str(FormMultiDict(fields).get("message", ""))
        return await _again(request, token, problem, typed)
    except BaseException:
        await carrying.let_go(tools, door, taken)
        raise


async def _again(request: Asked, token: str, problem: Problem, text: str) -> Response[Any]:
    """Show the page with what was wrong, and with what was typed."""
    if not problem.code.startswith("file"):
        raise problem
    words = spoken(tongues.of(request.scope))[1].page
    key = _TOLD.get(problem.code, "file_kind")
    typed = room.Typed(text, words[key])
    return await room.shown_again(request, token, typed, problem.status)
