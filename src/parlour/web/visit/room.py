"""The chat page of a link, and its forms for browsers without scripts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException
from litestar.params import Body
from litestar.response import Redirect
from litestar.types import ASGIApp, Receive, Scope, Send

from parlour import transcripts
from parlour.agents.variables import Unfit
from parlour.chat import redoing, turns
from parlour.chat.rating import Rating, rate
from parlour.conversations.model import Cursor, State
from parlour.entrance import (
    Door,
    Refused,
    Ticket,
    admitted,
    look,
    named,
    readable,
    start_of,
)
from parlour.entrance.noting import OFFERED
from parlour.kit import origins
from parlour.kit.errors import Conflict, Problem
from parlour.kit.texts import initial_of
from parlour.links.naming import LONGEST
from parlour.links.rules import Refuse, Why
from parlour.takeover import missed
from parlour.tools import Tools
from parlour.transcripts import Shown
from parlour.web import (
    edge,
    framing,
    given,
    pages,
    problems,
    queries,
    robots,
    sessions,
    showing,
    tongues,
)
from parlour.web.counting import Counted, ticket_of
from parlour.web.finished import Finished
from parlour.web.gates import LINK, Asked
from parlour.web.given import Given
from parlour.web.hosts import tools_of
from parlour.web.pages import ChatView, Face, ReadingView, RefusalView
from parlour.web.sightings import Sightings
from parlour.web.visit import identity, notes, proof
from parlour.web.words import spoken

_HTML = "text/html"
_NEWEST = 200
"""Messages of a conversation that the page shows."""
_LONGEST_ASKED = 4_000
"""Characters that an address may put into the message box; nobody but the visitor sends them."""


class Form(msgspec.Struct, frozen=True):
    """What the page's own form sends."""

    message: str = ""
    message_id: str | None = None
    start: str | None = None
    starter: str = ""
    """What one of the offered questions says."""
    edits: str = ""
    """The id of the last question, which it shall stand for."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the message box, and what was wrong when it was sent, as a sentence."""

    text: str
    trouble: str = ""


Posted = Annotated[Form, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get(["/chat/{token:str}", "/public/chat/{token:str}"], opt={"gate": LINK}, sync_to_thread=False)
def chat_page() -> ASGIApp:
    """Show the chat, with everything said so far. Changes nothing."""
    return show


async def show(scope: Scope, receive: Receive, send: Send) -> None:
    """Show the chat at the address that a request names; `web.ahead` comes here by itself."""
    tools: Tools = tools_of(scope)
    token = await _named(scope, tools)
    if scope["query_string"] and (way := identity.waiting(token, scope)):
        told = {"Content-Security-Policy": way[1]}
        await Finished(way[0], b"text/html; charset=utf-8", told)(scope, receive, send)
        return
    text = queries.field(scope["query_string"], "q")[:_LONGEST_ASKED]
    page, headers = await _page(tools, scope, token, Typed(text), given.of_address(scope))
    await Finished(page, b"text/html; charset=utf-8", headers)(scope, receive, send)


async def _page(
    tools: Tools, scope: Scope, token: str, typed: Typed, came: Given
) -> tuple[bytes, dict[str, str]]:
    """Return the chat page with what is `typed` in the message box, and what its head says."""
    session = sessions.from_cookie(scope, tools.keys, token, tools.settings)
    door = await admitted(tools, token, session)
    if not door.preview and robots.is_person(scope):
        tools.opened.add((door.workspace_id, door.agent_id, door.link_id))
    messages: list[Shown] = []
    if door.conversation_id is not None:
        messages = await tools.db.read(
            transcripts.for_visitor, door.conversation_id, newest=_NEWEST
        )
    is_framed, more = _is_framed(scope, door), dict[str, str]()
    nonce, form_id = edge.nonces()
    language, kept = tongues.of(scope, door.language), tongues.kept(scope)
    face = showing.face(door, tools, language, asked=bool(kept), framed=is_framed)
    if is_framed and door.session is None and framing.is_lost(scope, tools.settings, door.origins):
        face = msgspec.structs.replace(face, lost=True)
    start = start_of(tools, door.link_id)
    if messages or typed.text or typed.trouble or came:
        edits, text = _edited(scope, messages, typed.text)
        view = ChatView(
            face=face,
            token=token,
            nonce=nonce,
            form_id=form_id,
            start=start,
            text=text,
            messages=[showing.message(each, token, "", language, kept) for each in messages],
            running=any(each.state is State.WRITING for each in messages),
            resume=resume_id(messages),
            answers=door.pen.value,
            person=door.person,
            missed=missed(messages),
            given=came.values,
            beside=came.beside(door.content) if came else (),
            misfits=came.misfits,
            edits=edits,
            trouble=typed.trouble,
            kept=came.address() if came else {},
        )
        page = pages.chat(view)
    else:
        page, more = _unsaid(scope, face, (token, nonce, form_id, start))
    sites = door.origins if is_framed else ()
    policy = edge.page_policy(nonce, ancestors=framing.ancestors(sites, preview=door.preview))
    if door.sharing.voice:
        more = {**more, **edge.SPEAKING}
    return page, {"Content-Security-Policy": policy, **more}


def _unsaid(
    scope: Scope, face: Face, blanks: tuple[str, str, str, str]
) -> tuple[bytes, dict[str, str]]:
    """Return the page on which nothing was said, pressed where that is taken, and how it is."""
    if _packs(scope) and (pressed := pages.unsaid_pressed(face, *blanks)):
        return pressed, {"Content-Encoding": "gzip"}
    return pages.unsaid(face, *blanks), {}


def _packs(scope: Scope) -> bool:
    """Whether who asks takes a page as gzip."""
    return any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])


def _is_framed(scope: Scope, door: Door) -> bool:
    """Whether the page may stand inside one of another site, which is noted then."""
    says_so = framing.is_framed(scope)
    if door.preview or not (says_so or (door.origins and framing.may_be_framed(scope))):
        return False
    came = framing.referrer(scope)
    # Where browsers do not say that it is a frame, it may be one on the sites of the list.
    if says_so or origins.fits(came, door.origins):
        seen: Sightings = scope["litestar_app"].state.sightings
        seen.note(door.link_id, came, opened=True)
    return True


def _edited(scope: Scope, messages: list[Shown], text: str) -> tuple[str, str]:
    """Return the id of the question that shall be said otherwise, if any, and the text."""
    edits = queries.field(scope["query_string"], "edit")
    edited = next((each for each in messages if edits and each.id == edits), None)
    if edited is None or edited.author_kind != "visitor":
        return "", text
    return edits, text or edited.text


async def _named(scope: Scope, tools: Tools) -> str:
    """Return the token of the address, also where a word of the owner's stands for it."""
    text: str = scope["path_params"]["token"]
    if len(text) <= LONGEST:
        # What is refused from here on leads to the token's own pages, too.
        scope["path_params"]["token"] = text = await named(tools, text)
    return text


@post(["/chat/{token:str}", "/public/chat/{token:str}"], opt={"gate": LINK})
async def say(request: Asked, tools: Tools, token: str, data: Posted) -> Response[Any]:
    """Take a message from the plain form and show the page again."""
    del tools, token
    return await said(request, data, given.of_form(await request.form()))


async def said(request: Asked, data: Form, came: Given, files: Sequence[str] = ()) -> Response[Any]:
    """Store what a plain form says, with `files` that came along, and lead back to the page."""
    tools = tools_of(request.scope)
    token = str(request.path_params["token"])
    session = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    brought = await given.brought(tools, token, came.values, came.signed, files)
    pass_ = ticket_of(request, tools, token, session, data.start, brought=brought)
    text = data.message if data.message.strip() else data.starter
    if not text.strip() and came.values:
        text = await given.in_words(request, tools, came.values, tongues.of(request.scope))
    if not text.strip() and files:
        text = spoken(tongues.of(request.scope))[1].page["files_said"]
    if not text.strip():
        await look(tools, token, session)  # where there is nothing, nothing can be sent
        return Redirect(tongues.home(request.scope, token), status_code=303)
    try:
        kept_as = await Counted(pass_, text).say(lambda: _stored(tools, pass_, text, data))
    except Conflict as conflict:
        if conflict.code != "not_the_last":
            raise
        return Redirect(tongues.home(request.scope, token), status_code=303)
    except Unfit as unfit:
        page, headers = await _page(
            tools, request.scope, token, Typed(text), replace(came, misfits=unfit.misfits)
        )
        return Response(page, status_code=unfit.status, media_type=_HTML, headers=headers)
    except Refused as refused:
        if refused.refusal.why is not Why.VERIFICATION_REQUIRED:
            raise
        kept = proof.Form(start=data.start or "", message=text, message_id=data.message_id or "")
        return proof.page(request, refused, form=kept)
    cookie = sessions.cookie(request.scope, tools, token, kept_as.visit.session)
    return Redirect(tongues.home(request.scope, token), status_code=303, cookies=[cookie])


async def shown_again(request: Asked, token: str, typed: Typed, status: int) -> Response[Any]:
    """Show the chat with what was typed, and with what was wrong with what was sent."""
    tools = tools_of(request.scope)
    page, headers = await _page(tools, request.scope, token, typed, Given())
    return Response(page, status_code=status, media_type=_HTML, headers=headers)


async def _stored(tools: Tools, pass_: Ticket, text: str, data: Form) -> turns.Said:
    if data.edits:
        return await redoing.edit(tools, pass_, text, data.message_id, data.edits)
    return await turns.say(tools, pass_, text, data.message_id)


@post(["/chat/{token:str}/{act:str}", "/public/chat/{token:str}/{act:str}"], opt={"gate": LINK})
async def act(request: Asked, tools: Tools, token: str, act: str) -> Redirect:
    """Stop, retry, rate or begin anew from a plain form, and show the page again."""
    session = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    # A reply that outlasts its link can be stopped, too, and what was said can be rated.
    door = await (readable if act in ("stop", "rate") else admitted)(tools, token, session)
    conversation_id = door.conversation_id
    if act not in ("stop", "retry", "new", "again", "rate"):
        raise HTTPException(status_code=404)
    if conversation_id is not None and door.visitor_id is not None:
        form = await request.form()
        answer = str(form.get("answer", ""))
        if act == "stop":
            await turns.stop(tools, conversation_id)
        elif act == "new":
            await turns.close(tools, door, door.visitor_id, conversation_id)
        elif act == "rate":
            reasons = [str(each) for each in form.getall("reasons", [])]
            said = Rating(str(form.get("rating", "")), reasons, str(form.get("words", "")))
            await rate(tools, door, door.visitor_id, (conversation_id, answer), said)
        else:
            pass_ = ticket_of(request, tools, token, session, known=True)
            await _retry(pass_, conversation_id, answer if act == "again" else None)
    home = tongues.home(request.scope, token)
    if act == "new":
        home = queries.with_more(home, given.of_address(request.scope).address())
    return Redirect(home, status_code=303)


async def _retry(pass_: Ticket, conversation_id: str, reply_id: str | None) -> None:
    await Counted(pass_).judge()
    try:
        if reply_id is None:
            await turns.retry(pass_.tools, pass_, conversation_id)
        else:
            await redoing.again(pass_.tools, pass_, conversation_id, reply_id)
    except Conflict:
        return  # it is being answered already: the page that follows shows it


@get(["/chat/{token:str}/read", "/public/chat/{token:str}/read"], opt={"gate": LINK})
async def read(request: Asked, tools: Tools, token: str) -> Response[Any]:
    """Show what was said by a link whose time has come, to whoever it was said to."""
    session = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    door = await readable(tools, token, session)
    if not isinstance(door.verdict, Refuse) or door.conversation_id is None:
        return Redirect(tongues.home(request.scope, token), status_code=303)
    messages = await tools.db.read(transcripts.for_visitor, door.conversation_id, newest=_NEWEST)
    nonce = edge.nonce()
    language, kept = tongues.of(request.scope, door.language), tongues.kept(request.scope)
    view = ReadingView(
        face=showing.face(door, tools, language, asked=bool(kept)),
        token=token,
        nonce=nonce,
        messages=[showing.message(each, token, "", language, kept) for each in messages],
        running=any(each.state is State.WRITING for each in messages),
        ended_at=door.verdict.since,
        reason=door.verdict.why.value,
    )
    headers = {"Content-Security-Policy": framing.policy(request.scope, nonce, door.origins)}
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
    if isinstance(problem, Refused) and problem.refusal.why is Why.VERIFICATION_REQUIRED:
        return proof.page(request, problem)
    nonce = edge.nonce()
    view = _refusal(problem, nonce, request.scope)
    if isinstance(problem, Refused) and problem.owns:
        kept, own = tongues.kept(request.scope), f"/chat/{request.path_params['token']}"
        view = replace(view, yours_href=f"{own}/yours{kept}")
        if problem.readable:
            view = replace(view, read_href=f"{own}/read{kept}")
    if isinstance(problem, Refused) and (wish := OFFERED.get(problem.refusal.why)) is not None:
        href = notes.href(request, request.path_params["token"])
        view = replace(view, note_href=href, note=notes.title_of(wish, problem.refusal.why))
    if request.method != "GET" and (token := request.path_params.get("token")):
        view = replace(view, again=tongues.home(request.scope, token))
    sites = problem.origins if isinstance(problem, Refused) else ()
    policy = {"Content-Security-Policy": framing.policy(request.scope, nonce, sites)}
    headers = policy | problems.headers_of(problem)
    return Response(
        pages.refusal(view), status_code=problem.status, media_type=_HTML, headers=headers
    )


def _refusal(problem: Problem, nonce: str, scope: Scope) -> RefusalView:
    if isinstance(problem, Refused):
        told: dict[str, Any] = {}
        content = problem.content
        if content is not None and problem.refusal.why is not Why.NOT_FOUND:
            told = {
                "name": content.display_name,
                "initial": initial_of(content.display_name),
                "subtitle": content.description,
                "picture": content.avatar,
                "accent": problem.accent or "",
            }
        refusal = problem.refusal
        return RefusalView(
            reason=refusal.why.value,
            nonce=nonce,
            at=refusal.since or refusal.until,
            most=refusal.most,
            retry_after=refusal.wait,
            zone=refusal.zone,
            own_words=problem.own_words,
            language=tongues.of(scope, problem.language),
            **told,
        )
    reason = {404: "not_found", 405: "not_found", 429: "too_many"}.get(problem.status, "refused")
    if problem.status >= 500:
        reason = "trouble"
    reference = problem.detail.rpartition(" ")[2] if problem.code == "internal" else ""
    return RefusalView(
        reason=reason,
        nonce=nonce,
        retry_after=problem.retry_after,
        reference=reference,
        language=tongues.of(scope),
    )


async def door_of(request: Asked, tools: Tools, token: str) -> Door:
    """Find the door and the visitor behind a page's request; closed doors may still be read."""
    session = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    return await look(tools, token, session)
