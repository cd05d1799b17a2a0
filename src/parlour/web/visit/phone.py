"""Continuing in another browser, as pages: a code to point a phone at, and the question there."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from parlour.entrance import Door, look
from parlour.entrance.crossing import Over, cross, offer, refusal, state_of
from parlour.kit.errors import NotFound
from parlour.links import address as addresses
from parlour.tools import Tools
from parlour.visitors.handover import State
from parlour.web import codes, sessions, tongues
from parlour.web.counting import spared
from parlour.web.gates import LINK, Asked
from parlour.web.visit import aside, yours

PATHS: Final = [
    "/chat/{token:str}/continue/{code:str}",
    "/public/chat/{token:str}/continue/{code:str}",
]


@post(yours.below("phone"), opt={"gate": LINK})
async def show_code(request: Asked, tools: Tools, token: str) -> Response[Any]:
    """Make a code and show it: in the page alone, never in its address."""
    await spared(request, tools, "handovers")
    session = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    way = await offer(tools, token, session)
    door = await look(tools, token, session)
    home = f"{addresses.home(tools, door.workspace_id)}/chat/{token}"
    address = f"{home}/continue/{way.code}{tongues.kept(request.scope)}"
    drawn = codes.drawing(address)
    return yours.page(
        request, door, "yours-phone", address=address, drawn=drawn, until=way.expires_at
    )


@get(PATHS, opt={"gate": LINK})
async def ask_here(request: Asked, tools: Tools, token: str, code: str) -> Response[Any]:
    """Ask whether to go on here. Whatever fetches this page takes nothing."""
    await spared(request, tools, "handovers")
    door = await _door(request, tools, token)
    return _asked(request, door, await state_of(tools, door, code))


@post(PATHS, opt={"gate": LINK})
async def go_on(request: Asked, tools: Tools, token: str, code: str) -> Response[Any]:
    """Take the code, once, and lead to the chat; whoever comes later is told that it is over."""
    await spared(request, tools, "handovers")
    try:
        crossed = await cross(tools, token, code)
    except (Over, NotFound):
        door = await _door(request, tools, token)
        return _asked(request, door, await state_of(tools, door, code))
    cookie = sessions.cookie(request.scope, tools, token, crossed.session)
    return Redirect(tongues.home(request.scope, token), status_code=303, cookies=[cookie])


async def _door(request: Asked, tools: Tools, token: str) -> Door:
    session = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    door = await look(tools, token, session)
    if (shut := door.shut()) is not None:
        raise shut
    return door


def _asked(request: Asked, door: Door, state: State) -> Response[Any]:
    over = None if state is State.GOOD else refusal(state)
    code = request.path_params["code"]
    action = aside.action_of(request, f"continue/{code}")
    known = door.conversation_id is not None
    return yours.page(request, door, "continue", over, state=state.value, go_on=action, known=known)


HANDLERS: Final = [show_code, ask_here, go_on]
