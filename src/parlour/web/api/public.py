"""Visitors' calls, without an account: say, follow, stop, retry, read, begin anew."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from litestar import Response, delete, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter
from msgspec import Meta

from parlour import pictures, transcripts
from parlour.chat import beckoning, redoing, turns
from parlour.chat.live import Live
from parlour.chat.typing import visitor_types
from parlour.conversations.model import NOWHERE, Cursor, State, read_cursor
from parlour.entrance import (
    Refused,
    Ticket,
    identify,
    look,
    readable,
    start_of,
)
from parlour.kit.clock import rfc3339
from parlour.links.rules import Refuse, Why
from parlour.tools import Tools
from parlour.transcripts import Shown
from parlour.verification.rules import When
from parlour.web import given as beside
from parlour.web import problems, sessions, showing, tongues
from parlour.web.api import asking, saying, telling
from parlour.web.api.saying import Accepted, Answered, Later
from parlour.web.api.strict import Strict
from parlour.web.api.verify import caller
from parlour.web.api.visiting import Session, fields_of, secret_of, visitor_of
from parlour.web.counting import Counted, spared, ticket_of
from parlour.web.gates import LINK, Asked
from parlour.web.sse import EventStream, at_once
from parlour.web.words import spoken

_HISTORY = 100
_ROLES = {"visitor": "user", "system": "system"}
"""What speaks in a history; people of the team stand where the assistant does."""
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
    identity: str | None = None
    """What the owner's program signed about the visitor; also as `X-Parlour-Identity`."""
    edits: str | None = None
    """The id of the last question, in whose place this one stands; it is answered anew."""
    variables: dict[str, Any] | None = None
    """Values for what the agent collects, by name; with them the message may be empty."""
    signed: str | None = None
    """What the owner's program signed with an identity key: its `variables` are vouched for."""
    files: Annotated[tuple[str, ...], Meta(max_length=20)] = ()
    """The ids of files that were sent ahead, and go along; with them the message may be empty."""
    async_mode: bool = False
    person: bool = False
    """It is for a person of the team, who is asked to come; the agent does not answer it. Where
    visitors may not ask for one it is refused: `nobody_to_ask`."""


Verb = Callable[[Tools, Ticket, str, str | None], Awaitable[turns.Said]]
"""Stores a message."""


@get("/api/public/link/{token:str}", opt={"gate": LINK})
async def link(request: Asked, tools: Tools, token: str) -> dict[str, Any]:
    """Tell whether a link can be used: 200 whatever the token, 429 for too many wrong ones."""
    told: dict[str, Any] = {
        "valid": False,
        "require_email": False,
        "verify_after": None,
        "agent_available": False,
        "reason": None,
        "agent_display_name": None,
        "agent_avatar": None,
        "welcome_message": None,
        "form": [],
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
        "require_email": door.terms.asks,
        "verify_after": door.terms.after if door.terms.when is When.AFTER else None,
        "agent_available": why is None,
        "reason": None if why is Why.OFFLINE else why,
        "agent_display_name": None if content is None else content.display_name,
        "agent_avatar": None if content is None else pictures.path(content.avatar) or None,
        "welcome_message": door.welcome_message or (content.welcome_message if content else None),
        "session_start": start_of(tools, door.link_id) if why is None else None,
        "form": [] if content is None else beside.form_of(content),
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
    if signed := data.identity or request.headers.get("x-parlour-identity"):
        who = caller(request, tools, token, given or held, None)
        known_as = await identify(tools, token, who, signed)
        given = given if known_as is None else known_as.session
    brought = await beside.brought(tools, token, data.variables, data.signed or signed, data.files)
    pass_ = ticket_of(
        request,
        tools,
        token,
        given or held,
        data.start,
        known=given is not None,
        brought=brought,
    )
    text = data.message
    if not text.strip() and data.variables:
        text = await beside.in_words(request, tools, data.variables, tongues.of(request.scope))
    if not text.strip() and data.files:
        text = spoken(tongues.of(request.scope))[1].page["files_said"]
    counted = Counted(pass_, text)
    verb: Verb = beckoning.say if data.person else turns.say
    if data.edits is not None:
        verb = partial(redoing.edit, edits=data.edits)

    async def say(tools: Tools) -> turns.Said:
        return await counted.say(lambda: verb(tools, pass_, text, data.message_id))

    known = pass_.secret_of_caller
    try:
        said, repeated = await saying.once(
            request, tools, token, say, known=known, keep=saying.accepted, kind=Accepted
        )
    except Refused as refused:
        said = await saying.repeated(tools, token, known, data.message_id, refused)
        repeated = True
    response = await telling.answered(request, tools, live, said, later=data.async_mode)
    response.cookies.append(sessions.cookie(request.scope, tools, token, said.session))
    response.headers.update(asking.REPLAYED if repeated else counted.headers())
    return response


@get("/api/public/live/{token:str}", opt={"gate": LINK, "streams": "only"})
async def follow(
    request: Asked,
    tools: Tools,
    live: Live,
    token: str,
    after: str | None = None,
    pen: str = "agent",
    session_id: str | None = None,
    session_token: str | None = None,
    last_event_id: Annotated[str | None, HeaderParameter(name="Last-Event-ID")] = None,
) -> Response[Any] | Any:
    """Follow the conversation as server-sent events, from `Last-Event-ID` or `after`.

    Who answers is told when it changes; first also when it is not who the caller takes it to be
    (`pen`: `agent`, `operator` or `requested`).
    """
    door = await visitor_of(request, tools, token, session_id, session_token, find=readable)
    if door.conversation_id is None:
        return Response(None, status_code=204)  # nothing to follow: the browser stops asking
    refused = door.refused()
    if refused is not None and not await tools.db.read(turns.answering, door.conversation_id):
        # A reply that outlasts the link may be come back to after a lost connection; no more.
        raise refused
    text = last_event_id or after or ""
    cursor = read_cursor(text) if text else Cursor()
    secret = secret_of(request, tools, token, session_id, session_token)
    view = telling.view_of(tools, door, request, secret, cursor or NOWHERE)
    view = replace(view, knows_agent=pen == "agent")
    return EventStream(live.follow(view, at_once(request)))


@post("/api/public/stop/{token:str}", opt={"gate": LINK}, status_code=200)
async def stop(
    request: Asked, tools: Tools, token: str, data: Session | None = None
) -> dict[str, bool]:
    """Stop the reply that is being written; what there is of it is kept."""
    door = await visitor_of(request, tools, token, *fields_of(data), find=readable)
    conversation_id = door.conversation_id
    stopped = conversation_id is not None and await turns.stop(tools, conversation_id)
    return {"stopped": stopped}


@post("/api/public/typing/{token:str}", opt={"gate": LINK}, status_code=200)
async def typing(
    request: Asked, tools: Tools, token: str, data: Session | None = None
) -> dict[str, bool]:
    """Tell a person of the team who answers that the visitor types; it is kept nowhere."""
    await spared(request, tools, "typing")
    door = await visitor_of(request, tools, token, *fields_of(data), find=readable)
    conversation_id = door.conversation_id
    if conversation_id is None or door.refused() is not None:
        return {"told": False}
    return {"told": await visitor_types(tools, conversation_id)}


@get("/api/public/history/{token:str}", opt={"gate": LINK})
async def history(
    request: Asked,
    tools: Tools,
    token: str,
    session_id: str | None = None,
    session_token: str | None = None,
) -> dict[str, Any]:
    """Return the last 100 messages, oldest first; also after the link's time has come."""
    await spared(request, tools, "transcripts")
    door = await visitor_of(request, tools, token, session_id, session_token, find=readable)
    language = tongues.of(request.scope, door.language)
    messages: list[Shown] = []
    if door.conversation_id is not None:
        messages = await tools.db.read(
            transcripts.for_visitor, door.conversation_id, newest=_HISTORY
        )
    told = [
        {
            "role": _ROLES.get(each.author_kind, "assistant"),
            "content": showing.said(each, language),
            "timestamp": rfc3339(each.created_at),
            **showing.files_told(each, f"/api/public/files/{token}"),
        }
        for each in messages
        if each.state is not State.WRITING
    ]
    secret = secret_of(request, tools, token, session_id, session_token)
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
    door = await visitor_of(request, tools, token, session_id, session_token)
    if door.conversation_id is not None and door.visitor_id is not None:
        await turns.close(tools, door, door.visitor_id, door.conversation_id)
    secret = secret_of(request, tools, token, session_id, session_token)
    return {"cleared": True, "new_session_id": secret}


HANDLERS = [link, chat, follow, stop, typing, history, clear]
