"""Visitors' calls, without an account: say, follow, stop, retry, read, begin anew."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Protocol

from litestar import Response, delete, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter

from parlour import transcripts
from parlour.chat import turns
from parlour.chat.live import Live, View
from parlour.conversations.model import NOWHERE, Cursor, State, read_cursor
from parlour.entrance import (
    Door,
    NoSuchSession,
    Refused,
    admitted,
    judge,
    look,
    readable,
    start_of,
    ticket,
)
from parlour.kit.clock import rfc3339
from parlour.kit.errors import NotFound, Problem
from parlour.links.rules import Refuse, Why
from parlour.tools import Tools
from parlour.transcripts import Shown
from parlour.web import problems, sessions, showing
from parlour.web.api import asking, saying
from parlour.web.api.saying import Accepted, Answered, Cited, Later, Place, Retried, Turn
from parlour.web.bodies import Strict
from parlour.web.gates import LINK, Asked
from parlour.web.sse import EventStream

_HISTORY = 100
_EVENTS = "text/event-stream"
_NOT_SAID = {
    413: "The message is too long.",
    415: "The body is not JSON.",
    422: "The body does not fit, or the message is empty.",
    502: "The agent did not answer; the question is kept.",
    504: "The agent took too long; the question is kept.",
    507: "There is no room left to store anything.",
}


class Say(Strict, frozen=True):
    """A visitor's message."""

    message: str
    session_token: str | None = None
    session_id: str | None = None
    message_id: str | None = None
    start: str | None = None
    """A secret that the page or `session_start` gave out, to begin a session with."""
    async_mode: bool = False


class Session(Strict, frozen=True):
    """Which session a call is about, where no cookie travels."""

    session_token: str | None = None
    session_id: str | None = None


Find = Callable[[Tools, str, str | None], Awaitable[Door]]
"""Finds a door that is good enough for what is asked."""


class Failed(Problem):
    """The agent did not answer."""

    status = 502
    title = "No answer came"
    default_code = "no_answer"


@get("/api/public/link/{token:str}", opt={"gate": LINK})
async def link(request: Asked, tools: Tools, token: str) -> dict[str, Any]:
    """Tell whether a link can be used: 200 whatever the token, 429 for too many wrong ones."""
    told: dict[str, Any] = {
        "valid": False,
        "require_email": False,
        "agent_available": False,
        "reason": None,
        "agent_display_name": None,
        "welcome_message": None,
    }
    try:
        door = await look(tools, token, None)
    except Refused as refused:
        problem = problems.judged(request, refused)
        if problem is not refused:
            raise problem from None
        return {**told, "reason": refused.refusal.why.value}
    why = door.verdict.why if isinstance(door.verdict, Refuse) else None
    content = door.content
    return {
        **told,
        "valid": why is None or why is Why.OFFLINE,
        "agent_available": why is None,
        "reason": None if why is Why.OFFLINE else why,
        "agent_display_name": None if content is None else content.display_name,
        "welcome_message": door.welcome_message or (content.welcome_message if content else None),
        "session_start": start_of(tools, door.link_id) if why is None else None,
    }


@post(
    "/api/public/chat/{token:str}",
    opt={"gate": LINK, "streams": "also", "refuses": _NOT_SAID},
    status_code=200,
    responses={
        200: ResponseSpec(
            Answered, generate_examples=False, description="The reply, when it is whole."
        ),
        202: ResponseSpec(Later, generate_examples=False, description="Stored, with `async_mode`."),
    },
)
async def chat(
    request: Asked, tools: Tools, live: Live, token: str, data: Say
) -> Response[Any] | Any:
    """Say something. The reply comes whole, or as a stream, or later (`async_mode`)."""
    given = sessions.explicit(request, data.session_id, data.session_token)
    held = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    pass_ = ticket(tools, token, given or held, data.start, known=given is not None)

    async def say(tools: Tools) -> turns.Said:
        return await turns.say(tools, pass_, data.message, data.message_id)

    known = pass_.secret_of_caller
    said, repeated = await saying.once(
        request, tools, token, say, known=known, keep=saying.accepted, kind=Accepted
    )
    response = await _answered(request, tools, live, token, said, later=data.async_mode)
    response.cookies.append(sessions.cookie(tools.keys, token, tools.settings, said.session))
    if repeated:
        response.headers.update(asking.REPLAYED)
    return response


async def _answered(
    request: Asked, tools: Tools, live: Live, token: str, said: Accepted, *, later: bool
) -> Response[Any] | Any:
    """Tell what became of a message: that it is there, the reply as it comes, or all of it."""
    if later:
        told = Later(
            status="accepted",
            execution_id=said.turn_id,
            session_id=said.session,
            message=Place(said.message_id, said.seq),
            turn=Turn(said.turn_id, said.reply_seq),
        )
        return Response(told, status_code=202)
    if _EVENTS in request.headers.get("accept", ""):
        view = _view(tools, said, token, Cursor(said.seq), until_seq=said.reply_seq)
        return EventStream(live.follow(view))
    reply = await live.reply(said.conversation_id, said.reply_seq)
    return Response(await _answer(tools, said, reply), status_code=200)


@get("/api/public/live/{token:str}", opt={"gate": LINK, "streams": "only"})
async def follow(
    request: Asked,
    tools: Tools,
    live: Live,
    token: str,
    after: str | None = None,
    session_id: str | None = None,
    session_token: str | None = None,
    last_event_id: Annotated[str | None, HeaderParameter(name="Last-Event-ID")] = None,
) -> Response[Any] | Any:
    """Follow the conversation as server-sent events, from `Last-Event-ID` or `after`."""
    door = await _visitor(request, tools, token, session_id, session_token, find=readable)
    if door.conversation_id is None:
        return Response(None, status_code=204)  # nothing to follow: the browser stops asking
    refused = door.refused()
    if refused is not None and not await tools.db.read(turns.answering, door.conversation_id):
        # A reply that outlasts the link may be come back to after a lost connection; no more.
        raise refused
    text = last_event_id or after or ""
    cursor = read_cursor(text) if text else Cursor()
    return EventStream(live.follow(_view(tools, door, token, cursor or NOWHERE)))


@post("/api/public/stop/{token:str}", opt={"gate": LINK}, status_code=200)
async def stop(
    request: Asked, tools: Tools, token: str, data: Session | None = None
) -> dict[str, bool]:
    """Stop the reply that is being written; what there is of it is kept."""
    door = await _visitor(request, tools, token, *_fields(data), find=readable)
    conversation_id = door.conversation_id
    stopped = conversation_id is not None and await turns.stop(tools, conversation_id)
    return {"stopped": stopped}


@post("/api/public/retry/{token:str}", opt={"gate": LINK}, status_code=202)
async def retry(
    request: Asked, tools: Tools, token: str, data: Session | None = None
) -> Response[dict[str, str]]:
    """Ask the last question again after its reply failed."""
    door = await _visitor(request, tools, token, *_fields(data))
    conversation_id = door.conversation_id
    if conversation_id is None:
        raise NotFound("there is no conversation")

    async def again(tools: Tools) -> str:
        return await turns.retry(tools, door, conversation_id)

    known = _secret(request, tools, token, *_fields(data))
    retried, repeated = await saying.once(
        request, tools, token, again, known=known, keep=Retried, kind=Retried
    )
    told = {"status": "accepted", "execution_id": retried.turn_id}
    return Response(told, status_code=202, headers=asking.REPLAYED if repeated else None)


@get("/api/public/history/{token:str}", opt={"gate": LINK})
async def history(
    request: Asked,
    tools: Tools,
    token: str,
    session_id: str | None = None,
    session_token: str | None = None,
) -> dict[str, Any]:
    """Return the last 100 messages, oldest first; also after the link's time has come."""
    door = await _visitor(request, tools, token, session_id, session_token, find=readable)
    messages: list[Shown] = []
    if door.conversation_id is not None:
        messages = await tools.db.read(
            transcripts.for_visitor, door.conversation_id, newest=_HISTORY
        )
    told = [
        {
            "role": "user" if each.author_kind == "visitor" else "assistant",
            "content": each.text,
            "timestamp": rfc3339(each.created_at),
        }
        for each in messages
        if each.state is not State.WRITING
    ]
    secret = _secret(request, tools, token, session_id, session_token)
    return {"messages": told, "session_id": secret, "message_count": len(told)}


@delete("/api/public/session/{token:str}", opt={"gate": LINK}, status_code=200)
async def clear(
    request: Asked,
    tools: Tools,
    token: str,
    session_id: str | None = None,
    session_token: str | None = None,
) -> dict[str, Any]:
    """Begin a new conversation; the old one is closed, and operators keep it."""
    door = await _visitor(request, tools, token, session_id, session_token)
    if door.conversation_id is not None and door.visitor_id is not None:
        await turns.close(tools, door, door.visitor_id, door.conversation_id)
    secret = _secret(request, tools, token, session_id, session_token)
    return {"cleared": True, "new_session_id": secret}


def _fields(data: Session | None) -> tuple[str | None, str | None]:
    return (None, None) if data is None else (data.session_id, data.session_token)


def _secret(request: Asked, tools: Tools, token: str, *fields: str | None) -> str | None:
    held = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    return sessions.explicit(request, *fields) or held


async def _visitor(
    request: Asked, tools: Tools, token: str, *fields: str | None, find: Find = admitted
) -> Door:
    """Find the door together with the visitor's session.

    Raises:
        NotFound: a session that is nobody's, or somebody's on another link.
        Refused: the door is closed.
    """
    secret = _secret(request, tools, token, *fields)
    door = await find(tools, token, secret)
    if door.visitor_id is None:
        raise NoSuchSession("there is no such session on this link")
    return door


class Spot(Protocol):
    """Where a stream looks: a door or a message that has just been said."""

    @property
    def link_id(self) -> str: ...
    @property
    def agent_id(self) -> str: ...
    @property
    def conversation_id(self) -> str | None: ...


def _view(
    tools: Tools, place: Spot, token: str, cursor: Cursor, until_seq: int | None = None
) -> View:
    return View(
        conversation_id=place.conversation_id or "",
        cursor=cursor,
        present=lambda shown: showing.event(shown, token),
        judge=judge(tools, token),
        topics=(f"link:{place.link_id}", f"agent:{place.agent_id}"),
        until_seq=until_seq,
    )


async def _answer(tools: Tools, said: Accepted, reply: Shown | None) -> Answered:
    if reply is None or (reply.state is not State.DONE and not reply.text):
        code = "timeout" if reply is not None and reply.problem == "timeout" else "no_answer"
        failed = Failed("the assistant could not answer; the question is kept", code=code)
        if code == "timeout":
            failed.status = 504
        raise failed
    count, usage = await tools.db.read(turns.tally, said.conversation_id, said.turn_id)
    return Answered(
        response=reply.text,
        session_id=said.session,
        message_count=count,
        usage=usage,
        state=reply.state.value,
        citations=[Cited(c["n"], c["title"], c["source"], c["quote"]) for c in reply.citations],
    )


HANDLERS = [link, chat, follow, stop, retry, history, clear]
