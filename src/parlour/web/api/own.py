"""A visitor's own data for their programs: read, deleted, left behind, and taken elsewhere."""

from typing import Any, Final

import msgspec
from litestar import Response, delete, get, post

from parlour import forgetting
from parlour.entrance import devices, owned
from parlour.entrance.crossing import cross, leave, offer
from parlour.kit.clock import rfc3339
from parlour.links import address
from parlour.tools import Tools
from parlour.web import keepsake, sessions
from parlour.web.api.strict import Strict
from parlour.web.api.visiting import Session as SessionFields
from parlour.web.api.visiting import fields_of, secret_of, visitor_of
from parlour.web.counting import spared
from parlour.web.gates import LINK, Asked

_YOURS: Final = "/api/public/yours/{token:str}"


class OwnDeleted(msgspec.Struct, frozen=True):
    """The receipt of everything that was kept of a visitor; it names nobody."""

    receipt: str
    """The reference, by which the team can confirm that it was done."""
    erased_at: str
    deleted: dict[str, int]
    """How much of each kind, such as `messages`; what there was none of is left out."""


class Left(msgspec.Struct, frozen=True):
    """A device in which the visitor is known no more; what was said stays."""

    ended: bool
    """False: they were not known there."""


class HandedOver(msgspec.Struct, frozen=True):
    """A code by which one other browser or program goes on with the conversation."""

    code: str
    url: str
    """The page that asks, in that browser, whether to go on there."""
    expires_at: str


class Code(Strict, frozen=True):
    """A code that was made where the visitor came from."""

    code: str


class Continued(msgspec.Struct, frozen=True):
    """A session of its own for whoever had the code."""

    session_token: str
    expires_at: str


@get(_YOURS, opt={"gate": LINK})
async def read_own_data(
    request: Asked,
    tools: Tools,
    token: str,
    session_id: str | None = None,
    session_token: str | None = None,
) -> dict[str, Any]:
    """Read everything that is kept of the visitor: conversations, what was collected, memory."""
    await spared(request, tools, "transcripts")
    door = await visitor_of(request, tools, token, session_id, session_token, find=owned)
    return keepsake.told(await keepsake.kept_of(tools, door, said=True), door.agent_name)


@delete(_YOURS, opt={"gate": LINK}, status_code=200)
async def delete_own_data(
    request: Asked,
    tools: Tools,
    token: str,
    session_id: str | None = None,
    session_token: str | None = None,
) -> Response[OwnDeleted]:
    """Erase the visitor with everything, for the team, too. A reply under way ends. For good."""
    await spared(request, tools, "erasures")
    door = await visitor_of(request, tools, token, session_id, session_token, find=owned)
    who = keepsake.visitor_of(door)
    receipt = (await forgetting.forget_visitor(tools, who, who.id)).receipt
    assert receipt is not None  # noqa: S101 - who forgets gets one
    found = keepsake.shown(receipt.deleted)
    answer = Response(OwnDeleted(receipt.id, rfc3339(receipt.at), found))
    answer.set_cookie(sessions.over(request.scope, tools, token))
    return answer


@delete("/api/public/device/{token:str}", opt={"gate": LINK}, status_code=200)
async def leave_device(
    request: Asked,
    tools: Tools,
    token: str,
    session_id: str | None = None,
    session_token: str | None = None,
    device_id: str | None = None,
) -> Response[Left]:
    """End the session that is sent, or by `device_id` another one of a confirmed visitor."""
    door = await visitor_of(request, tools, token, session_id, session_token, find=owned)
    if device_id is not None:
        who, at = keepsake.visitor_of(door), {"agent_id": door.agent_id, "link_id": door.link_id}
        await devices.end(tools, who, who.id, device_id[:60], **at)
        return Response(Left(ended=True))
    answer = Response(Left(await leave(tools, door)))
    answer.set_cookie(sessions.over(request.scope, tools, token))
    return answer


@post("/api/public/handover/{token:str}", opt={"gate": LINK}, status_code=201)
async def make_handover(
    request: Asked, tools: Tools, token: str, data: SessionFields | None = None
) -> HandedOver:
    """Make a code that opens this session in one other browser, once, within ten minutes.

    409 `proved` for a visitor who confirmed an address: they do so there, too, and are known.
    """
    await spared(request, tools, "handovers")
    door = await visitor_of(request, tools, token, *fields_of(data))
    way = await offer(tools, token, secret_of(request, tools, token, *fields_of(data)))
    url = f"{address.home(tools, door.workspace_id)}/chat/{token}/continue/{way.code}"
    return HandedOver(way.code, url, rfc3339(way.expires_at))


@post("/api/public/continue/{token:str}", opt={"gate": LINK}, status_code=200)
async def continue_here(
    request: Asked, tools: Tools, token: str, data: Code
) -> Response[Continued]:
    """Take such a code, once, and go on in a session of its own. 410 `code_over` after that."""
    await spared(request, tools, "handovers")
    crossed = await cross(tools, token, data.code)
    answer = Response(Continued(crossed.session, rfc3339(crossed.expires_at)))
    answer.set_cookie(sessions.cookie(request.scope, tools, token, crossed.session))
    return answer


HANDLERS = [read_own_data, delete_own_data, leave_device, make_handover, continue_here]
