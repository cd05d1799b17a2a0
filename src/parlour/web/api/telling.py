"""How visitors' programs are told of a conversation: as it goes on, or what came of a message."""

import asyncio
from typing import Any, Protocol

from litestar import Response

from parlour.chat import turns
from parlour.chat.live import Live, View
from parlour.chat.typing import for_visitor
from parlour.conversations.model import Cursor, State
from parlour.entrance import judge
from parlour.kit.errors import Problem
from parlour.tools import Tools
from parlour.transcripts import Shown
from parlour.web import problems, showing, tongues
from parlour.web.api.saying import Accepted, Answered, Cited, Later, Place, Turn
from parlour.web.gates import Asked
from parlour.web.sse import EventStream, at_once

_EVENTS = "text/event-stream"


class Failed(Problem):
    """The agent did not answer."""

    status = 502
    title = "No answer came"
    default_code = "no_answer"


class Spot(Protocol):
    """Where a stream looks: a door or a message that has just been said."""

    @property
    def link_id(self) -> str: ...
    @property
    def agent_id(self) -> str: ...
    @property
    def conversation_id(self) -> str | None: ...


async def answered(
    request: Asked, tools: Tools, live: Live, said: Accepted, *, later: bool
) -> Response[Any] | Any:
    """Tell what became of a message: that it is there, the reply as it comes, or all of it."""
    if later:
        told = Later(
            status="accepted",
            execution_id=said.turn_id,
            session_id=said.session,
            message=Place(said.message_id, said.seq),
            turn=Turn(said.turn_id, said.reply_seq) if said.turn_id else None,
        )
        return Response(told, status_code=202)
    if _EVENTS in request.headers.get("accept", ""):
        secret = said.session
        # The turn's own task is ready as well: its request to the backend goes out first, and
        # this response is built while that is on its way.
        await asyncio.sleep(0)
        view = view_of(tools, said, request, secret, Cursor(said.seq), until_seq=said.reply_seq)
        return EventStream(live.follow(view, at_once(request)))
    if not said.turn_id:
        count, _ = await tools.db.read(turns.tally, said.conversation_id, "")
        held = Answered("", said.session, count, None, "held", [])
        return Response(held, status_code=200)
    reply = await live.reply(said.conversation_id, said.reply_seq)
    try:
        return Response(await _answer(tools, said, reply), status_code=200)
    except Failed as failed:
        # The question is kept, in a session that nobody else could name.
        return problems.respond(failed, session_id=said.session)


def view_of(
    tools: Tools,
    place: Spot,
    request: Asked,
    session: str | None,
    cursor: Cursor,
    *,
    until_seq: int | None = None,
) -> View:
    """Say what is followed and as whom: from where, in which language, while the door is open."""
    token: str = request.path_params["token"]
    language, kept = tongues.of(request.scope), tongues.kept(request.scope)
    return View(
        conversation_id=place.conversation_id or "",
        cursor=cursor,
        present=lambda shown: showing.event(shown, token, "", language, kept),
        judge=judge(tools, token, session),
        topics=(f"link:{place.link_id}", f"agent:{place.agent_id}"),
        until_seq=until_seq,
        typing=for_visitor,
    )


async def _answer(tools: Tools, said: Accepted, reply: Shown | None) -> Answered:
    if reply is None or (reply.state is not State.DONE and not reply.text):
        code = "timeout" if reply is not None and reply.problem == "timeout" else "no_answer"
        failed = Failed("no answer came; the question is kept, and can be retried", code=code)
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
