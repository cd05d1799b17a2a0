"""The chat page of a link, and its forms for browsers without scripts."""

from dataclasses import replace
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException
from litestar.params import Body
from litestar.response import Redirect
from litestar.types import ASGIApp, Receive, Scope, Send

from parlour import transcripts
from parlour.chat import turns
from parlour.conversations.model import Cursor, State
from parlour.entrance import Door, Refused, admitted, look, readable, start_of, ticket
from parlour.kit.clock import Moment
from parlour.kit.errors import Conflict, Problem
from parlour.links.rules import Refuse, Why
from parlour.tools import Tools
from parlour.transcripts import Shown
from parlour.web import edge, pages, problems, sessions, showing
from parlour.web.finished import Finished
from parlour.web.gates import LINK, Asked
from parlour.web.pages import ChatView, ReadingView, RefusalView

_HTML = "text/html"
_NEWEST = 200
"""Messages of a conversation that the page shows."""


class Form(msgspec.Struct, frozen=True):
    """What the page's own form sends."""

    message: str = ""
    message_id: str | None = None
    start: str | None = None


Posted = Annotated[Form, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get(["/chat/{token:str}", "/public/chat/{token:str}"], opt={"gate": LINK}, sync_to_thread=False)
def chat_page() -> ASGIApp:
    """Show the chat, with everything said so far. Changes nothing."""
    # A handler's arguments cost the framework a tenth of a visit, so this one takes none.
    return _show


async def _show(scope: Scope, receive: Receive, send: Send) -> None:
    tools: Tools = scope["litestar_app"].state.tools
    token: str = scope["path_params"]["token"]
    session = sessions.from_cookie(scope, tools.keys, token, tools.settings)
    door = await admitted(tools, token, session)
    messages: list[Shown] = []
    if door.conversation_id is not None:
        messages = await tools.db.read(
            transcripts.for_visitor, door.conversation_id, newest=_NEWEST
        )
    nonce = edge.nonce()
    page = pages.chat(
        ChatView(
            face=showing.face(door, tools.settings.session_days),
            token=token,
            nonce=nonce,
            form_id=edge.nonce(),
            start=start_of(tools, door.link_id),
            messages=[showing.message(each, token) for each in messages],
            running=any(each.state is State.WRITING for each in messages),
            resume=resume_id(messages),
        )
    )
    policy = edge.page_policy(nonce, framed=door.preview)
    answer = Finished(page, b"text/html; charset=utf-8", policy)
    await answer(scope, receive, send)


@post(["/chat/{token:str}", "/public/chat/{token:str}"], opt={"gate": LINK})
async def say(request: Asked, tools: Tools, token: str, data: Posted) -> Redirect:
    """Take a message from the plain form and show the page again."""
    session = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    pass_ = ticket(tools, token, session, data.start)
    if not data.message.strip():
        return Redirect(f"/chat/{token}", status_code=303)
    said = await turns.say(tools, pass_, data.message, data.message_id)
    cookie = sessions.cookie(tools.keys, token, tools.settings, said.visit.session)
    return Redirect(f"/chat/{token}", status_code=303, cookies=[cookie])


@post(["/chat/{token:str}/{act:str}", "/public/chat/{token:str}/{act:str}"], opt={"gate": LINK})
async def act(request: Asked, tools: Tools, token: str, act: str) -> Redirect:
    """Stop, retry or begin anew from the plain form, and show the page again."""
    session = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    # A reply that outlasts its link can be stopped, too.
    door = await (readable if act == "stop" else admitted)(tools, token, session)
    conversation_id = door.conversation_id
    if act not in ("stop", "retry", "new"):
        raise HTTPException(status_code=404)
    if conversation_id is not None and door.visitor_id is not None:
        if act == "stop":
            await turns.stop(tools, conversation_id)
        elif act == "new":
            await turns.close(tools, door, door.visitor_id, conversation_id)
        else:
            await _retry(tools, door, conversation_id)
    return Redirect(f"/chat/{token}", status_code=303)


async def _retry(tools: Tools, door: Door, conversation_id: str) -> None:
    try:
        await turns.retry(tools, door, conversation_id)
    except Conflict:
        return  # it is being answered already: the page that follows shows it


@get(["/chat/{token:str}/read", "/public/chat/{token:str}/read"], opt={"gate": LINK})
async def read(request: Asked, tools: Tools, token: str) -> Response[Any]:
    """Show what was said by a link whose time has come, to whoever it was said to."""
    session = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    door = await readable(tools, token, session)
    if not isinstance(door.verdict, Refuse) or door.conversation_id is None:
        return Redirect(f"/chat/{token}", status_code=303)
    messages = await tools.db.read(transcripts.for_visitor, door.conversation_id, newest=_NEWEST)
    nonce = edge.nonce()
    view = ReadingView(
        face=showing.face(door, tools.settings.session_days),
        token=token,
        nonce=nonce,
        messages=[showing.message(each, token) for each in messages],
        running=any(each.state is State.WRITING for each in messages),
        ended_at=door.verdict.since,
    )
    headers = {"Content-Security-Policy": edge.page_policy(nonce)}
    return Response(pages.reading(view), media_type=_HTML, headers=headers)


def resume_id(messages: list[Shown]) -> str:
    """Return the cursor that stands for everything these messages tell."""
    settled = 0
    for message in messages:
        if message.state is State.WRITING:
            break
        settled = message.seq
    return str(Cursor(settled)) if messages else ""


def refuse(request: Asked, error: Exception) -> Response[bytes]:
    """Answer a visitor's request that failed with a page that says what to do next."""
    problem = problems.judged(request, error)
    nonce = edge.nonce()
    view = _refusal(problem, nonce)
    if isinstance(problem, Refused) and problem.readable:
        view = replace(view, read_href=f"/chat/{request.path_params['token']}/read")
    headers = {"Content-Security-Policy": edge.page_policy(nonce)} | problems.headers_of(problem)
    return Response(
        pages.refusal(view), status_code=problem.status, media_type=_HTML, headers=headers
    )


def _refusal(problem: Problem, nonce: str) -> RefusalView:
    if isinstance(problem, Refused):
        told: dict[str, Any] = {}
        content = problem.content
        if content is not None and problem.refusal.why is not Why.NOT_FOUND:
            told = {
                "name": content.display_name,
                "initial": content.display_name.strip()[:1].upper(),
                "subtitle": content.description,
                "accent": problem.accent or "",
            }
        since: Moment | None = problem.refusal.since
        return RefusalView(reason=problem.refusal.why.value, nonce=nonce, at=since, **told)
    reason = {404: "not_found", 405: "not_found", 429: "too_many"}.get(problem.status, "refused")
    if problem.status >= 500:
        reason = "trouble"
    reference = problem.detail.rpartition(" ")[2] if problem.code == "internal" else ""
    return RefusalView(
        reason=reason, nonce=nonce, retry_after=problem.retry_after, reference=reference
    )


async def door_of(request: Asked, tools: Tools, token: str) -> Door:
    """Find the door and the visitor behind a page's request; closed doors may still be read."""
    session = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    return await look(tools, token, session)
