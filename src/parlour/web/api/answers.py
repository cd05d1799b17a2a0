"""Visitors' calls about answers: ask again, have one anew, say what one makes of it."""

from litestar import Response, post

from parlour.chat import redoing, turns
from parlour.chat.rating import Rating, rate
from parlour.entrance import readable
from parlour.kit.errors import NotFound
from parlour.tools import Tools
from parlour.web.api import asking, saying
from parlour.web.api.saying import Retried
from parlour.web.api.strict import Strict
from parlour.web.api.visiting import Session, fields_of, secret_of, visitor_of
from parlour.web.counting import Counted, spared, ticket_of
from parlour.web.gates import LINK, Asked


class OneAnswer(Strict, frozen=True):
    """Which answer a call is about."""

    message_id: str
    session_token: str | None = None
    session_id: str | None = None


class Rated(Strict, frozen=True):
    """What a visitor makes of an answer."""

    message_id: str
    rating: str
    """`up`, `down`, or `none`, which takes it back."""
    reasons: tuple[str, ...] = ()
    """Why it is poor: `incorrect`, `off_topic`, `unclear`, `source`."""
    words: str = ""
    session_token: str | None = None
    session_id: str | None = None


@post("/api/public/retry/{token:str}", opt={"gate": LINK}, status_code=202)
async def retry(
    request: Asked, tools: Tools, token: str, data: Session | None = None
) -> Response[dict[str, str]]:
    """Ask the last question again after its reply failed."""
    door = await visitor_of(request, tools, token, *fields_of(data))
    conversation_id = door.conversation_id
    if conversation_id is None:
        raise NotFound("there is no conversation")

    async def again(tools: Tools) -> str:
        await counted.judge()
        return await turns.retry(tools, pass_, conversation_id)

    known = secret_of(request, tools, token, *fields_of(data))
    pass_ = ticket_of(request, tools, token, known, known=True)
    counted = Counted(pass_)
    retried, repeated = await saying.once(
        request, tools, token, again, known=known, keep=Retried, kind=Retried
    )
    told = {"status": "accepted", "execution_id": retried.turn_id}
    return Response(
        told, status_code=202, headers=asking.REPLAYED if repeated else counted.headers()
    )


@post("/api/public/again/{token:str}", opt={"gate": LINK}, status_code=202)
async def again(
    request: Asked, tools: Tools, token: str, data: OneAnswer
) -> Response[dict[str, str]]:
    """Have the last question answered anew, in the place of its answer; 409 when that is not it."""
    door = await visitor_of(request, tools, token, data.session_id, data.session_token)
    conversation_id = door.conversation_id
    if conversation_id is None:
        raise NotFound("there is no conversation")

    async def anew(tools: Tools) -> str:
        await counted.judge()
        return await redoing.again(tools, pass_, conversation_id, data.message_id)

    known = secret_of(request, tools, token, data.session_id, data.session_token)
    pass_ = ticket_of(request, tools, token, known, known=True)
    counted = Counted(pass_)
    made, repeated = await saying.once(
        request, tools, token, anew, known=known, keep=Retried, kind=Retried
    )
    told = {"status": "accepted", "execution_id": made.turn_id}
    return Response(
        told, status_code=202, headers=asking.REPLAYED if repeated else counted.headers()
    )


@post("/api/public/rate/{token:str}", opt={"gate": LINK}, status_code=200)
async def rate_answer(request: Asked, tools: Tools, token: str, data: Rated) -> dict[str, str]:
    """Say what one makes of an answer, and why; the last word counts, and `none` takes it back."""
    await spared(request, tools, "ratings")
    door = await visitor_of(
        request, tools, token, data.session_id, data.session_token, find=readable
    )
    if door.conversation_id is None or door.visitor_id is None:
        raise NotFound("there is no conversation")
    place = (door.conversation_id, data.message_id)
    await rate(tools, door, door.visitor_id, place, Rating(data.rating, data.reasons, data.words))
    return {"rating": data.rating}


HANDLERS = [retry, again, rate_answer]
