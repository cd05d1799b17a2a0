"""The page of a share: one conversation, read as it goes on and, where that is shared, answered."""

from functools import partial
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body, HeaderParameter, QueryParameter
from litestar.response import Redirect

from parlour import privacy, sharing, transcripts
from parlour.agents.contract import Status
from parlour.agents.doing import said
from parlour.chat import typing
from parlour.chat.live import Live, View
from parlour.chat.overhearing import Overhearing
from parlour.conversations.model import NOWHERE, Cursor, read_cursor
from parlour.kit.clock import SECOND
from parlour.kit.errors import Conflict, Invalid, Problem, TooLarge
from parlour.rights import Who
from parlour.sharing import Guest, ShareOver
from parlour.tools import Tools
from parlour.web import attached, edge, pages, problems, sessions, showing, tongues
from parlour.web.counting import spared
from parlour.web.gates import SHARE, Asked
from parlour.web.pages import RefusalView
from parlour.web.sse import EventStream, at_once
from parlour.web.visit import room, shared_page
from parlour.web.words import spoken

_OPT: Final = {"gate": SHARE}
_ONE: Final = "/share/{token:str}"
_HTML: Final = "text/html"
_NEWEST: Final = 200
"""Messages of a conversation that the page shows."""
LastEvent = Annotated[str | None, HeaderParameter(name="Last-Event-ID")]
After = Annotated[str, QueryParameter(max_length=60, description="The id of the last event.")]
Language = Annotated[str, QueryParameter(name="lang", max_length=20)]


class Act(msgspec.Struct, frozen=True):
    """What a guest does: `open` (the page is before them), `take` the pen, `release` it."""

    act: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What a guest says, under an id of the page's own, so that it is said once."""

    message: str = ""
    message_id: str = ""


class Name(msgspec.Struct, frozen=True):
    """What a guest wants to be called."""

    name: str = ""


_FORM: Final = Body(media_type=RequestEncodingType.URL_ENCODED)


@get(_ONE, opt=_OPT)
async def page(request: Asked, tools: Tools, token: str) -> Response[Any]:
    """Show a shared conversation. Changes nothing: robots that look at addresses take nothing."""
    return await _show(request, tools, token)


@post(_ONE + "/hold", opt=_OPT)
async def hold(
    request: Asked, tools: Tools, token: str, data: Annotated[Act, _FORM]
) -> Response[Any]:
    """Note that the page was opened, give the guest the pen, or hand it back to the agent."""
    await spared(request, tools, "share")
    secret, made = _secret(request, tools, token), None
    try:
        if data.act == "release":
            await sharing.release(tools, token, secret)
        else:
            made = await sharing.open_(tools, token, secret, pressed=data.act == "take")
            if data.act == "take" and made is None:
                await sharing.take(tools, token, secret)
    except Conflict as problem:
        return await _show(request, tools, token, trouble=problem)
    guest = await sharing.look(tools, token, made or secret)
    cookies = [] if made is None else [_cookie(tools, guest, made)]
    return _back(request, token, cookies=cookies)


@post(_ONE + "/say", opt=_OPT)
async def say(
    request: Asked, tools: Tools, token: str, data: Annotated[Answer, _FORM]
) -> Response[Any]:
    """Answer the visitor; what cannot be sent stays in the box."""
    await spared(request, tools, "share")
    secret = _secret(request, tools, token)
    try:
        await sharing.say(tools, token, secret, data.message, data.message_id or None)
    except (Conflict, Invalid, TooLarge) as problem:
        return await _show(request, tools, token, trouble=problem, typed=data.message)
    return _back(request, token)


@post(_ONE + "/typing", opt=_OPT, status_code=204)
async def type_(request: Asked, tools: Tools, token: str) -> None:
    """Tell the visitor for some seconds that the guest who has the pen types."""
    await spared(request, tools, "typing")
    await sharing.types(tools, token, _secret(request, tools, token))


@post(_ONE + "/name", opt=_OPT)
async def name(
    request: Asked, tools: Tools, token: str, data: Annotated[Name, _FORM]
) -> Response[Any]:
    """Call the guest as they wish."""
    await spared(request, tools, "share")
    try:
        await sharing.rename(tools, token, _secret(request, tools, token), data.name)
    except Invalid as problem:
        return await _show(request, tools, token, trouble=problem)
    return _back(request, token)


def _back(request: Asked, token: str, **more: Any) -> Redirect:
    """Lead back to the page, in the language that it was asked in."""
    address = f"/share/{token}{tongues.kept(request.scope)}"
    return Redirect(address, status_code=303, **more)


@get(_ONE + "/live", opt=_OPT)
async def live_one(
    request: Asked,
    tools: Tools,
    live: Live,
    token: str,
    after: After = "",
    language: Language = "",
    last_event_id: LastEvent = None,
) -> Response[Any] | Any:
    """Follow a shared conversation as server-sent events: with every word, or masked and whole."""
    del language
    guest = await sharing.look(tools, token, None)
    spoken_ = tongues.of(request.scope, (await shared_page.agent_of(tools, guest.talk))[1])
    text = last_event_id or after
    cursor = read_cursor(text) if text else Cursor()
    view = View(
        conversation_id=guest.talk.id,
        cursor=cursor or NOWHERE,
        present=lambda shown: showing.event(
            shown, "", language=spoken_, files=f"/share/{token}/files"
        ),
        judge=sharing.judge(tools, token),
        topics=guest.topics,
        read=transcripts.as_seen_by(guest.who),
        whole=not guest.who.sees_personal,
        overhear=await _overhearing(tools, guest.who, spoken_),
        stays=True,
        ends_at=guest.ends_at,
        typing=partial(typing.for_staff, guest.who),
    )
    return EventStream(live.follow(view, at_once(request)))


@get(_ONE + "/files/{file_id:str}", opt=_OPT)
async def file(request: Asked, tools: Tools, token: str, file_id: str) -> Response[Any]:
    """Give out what the visitor sent along, where personal details are shared."""
    await spared(request, tools, "files read")
    guest = await sharing.look(tools, token, None)
    sees = guest.who.sees_personal
    return await attached.given_out(tools, guest.talk.id, file_id, sees=sees)


async def _overhearing(tools: Tools, who: Who, language: str) -> Overhearing | None:
    """Return what picks for a guest who sees it masked what the agent is doing."""
    if who.sees_personal:
        return None
    hide = await tools.db.read(privacy.hiding, who)
    return Overhearing(hide, said(Status(doing="writing"), language))


async def _show(
    request: Asked,
    tools: Tools,
    token: str,
    *,
    trouble: Problem | None = None,
    typed: str = "",
) -> Response[Any]:
    guest = await sharing.look(tools, token, _secret(request, tools, token))
    talk, now, nonce = guest.talk, tools.clock.now(), edge.nonce()
    shown = await tools.db.browse(
        partial(transcripts.shown_to, kept=False), guest.who, talk.id, newest=_NEWEST
    )
    face, own = await shared_page.agent_of(tools, talk)
    language, words = spoken(tongues.of(request.scope, own))
    body = shared_page.made(
        "shared.html",
        nonce,
        language,
        home=f"/share/{token}",
        asked=tongues.kept(request.scope),
        face=face,
        accent=face.accent,
        guest=guest,
        share=guest.share,
        messages=[
            showing.message(each, "", language=language, files=f"/share/{token}/files")
            for each in shown
        ],
        cut=bool(shown) and shown[0].seq > 1,
        resume=room.resume_id(shown),
        form_id=edge.nonce(),
        trouble="" if trouble is None else shared_page.sentence(trouble, words),
        typed=typed,
        **shared_page.standing(guest, now),
    )
    return _page(body, nonce, 200 if trouble is None else trouble.status)


def _page(body: bytes, nonce: str, status: int) -> Response[Any]:
    headers = {"Content-Security-Policy": edge.page_policy(nonce)}
    return Response(body, status_code=status, media_type=_HTML, headers=headers)


def refuse(request: Asked, error: Exception) -> Response[bytes]:
    """Answer a guest's request that failed with a page that says why."""
    problem, nonce = problems.judged(request, error), edge.nonce()
    language = tongues.of(request.scope)
    if isinstance(problem, ShareOver):
        over = "over_expired" if problem.at is not None else "over_revoked"
        body = shared_page.made("shared-over.html", nonce, language, over=over, at=problem.at)
    else:
        reason = {404: "not_found", 405: "not_found", 429: "too_many"}.get(problem.status)
        reason = reason or ("trouble" if problem.status >= 500 else "refused")
        # What was sent cannot be asked for at its own address.
        again = f"/share/{token}" if (token := request.path_params.get("token")) else ""
        wait = problem.retry_after
        view = RefusalView(reason, nonce, retry_after=wait, language=language, again=again)
        body = pages.refusal(view)
    answer = _page(body, nonce, problem.status)
    answer.headers.update(problems.headers_of(problem))
    return answer


def _cookie_name(tools: Tools, token: str) -> str:
    """Name the cookie by which a share knows a browser again: each share has its own."""
    genuine = tools.keys.open_share(token)
    if genuine is None:
        return ""
    # Over https a name that no subdomain can plant.
    prefix = "__Host-" if sessions.secure(tools.settings) else ""
    return f"{prefix}parlour-share-{genuine.share_id.removeprefix('shr_')}"


def _secret(request: Asked, tools: Tools, token: str) -> str | None:
    sent = request.headers.get("cookie", "")
    return edge.cookies(sent).get(_cookie_name(tools, token)) or None


def _cookie(tools: Tools, guest: Guest, secret: str) -> Cookie:
    share = guest.share
    return Cookie(
        key=_cookie_name(tools, share.token(tools.keys)),
        value=secret,
        path="/",
        max_age=max(1, (share.expires_at - tools.clock.now()) // SECOND),
        secure=sessions.secure(tools.settings),
        httponly=True,
        samesite="lax",
    )


HANDLERS = [page, hold, say, type_, name, live_one, file]
