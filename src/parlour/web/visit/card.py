"""What messengers fetch of a link to show it: the picture of its card."""

import asyncio

from litestar import Response, get

from parlour.entrance import admitted
from parlour.kit.errors import NotFound
from parlour.pictures import store as pictures
from parlour.tools import Tools
from parlour.web import sessions
from parlour.web.counting import spared
from parlour.web.gates import LINK, Asked


@get(["/chat/{token:str}/card.png", "/public/chat/{token:str}/card.png"], opt={"gate": LINK})
async def card(request: Asked, tools: Tools, token: str) -> Response[bytes]:
    """Draw the card of a link whose owner wrote one; 404 for every other."""
    await spared(request, tools, "cards")
    session = sessions.from_cookie(request.scope, tools.keys, token, tools.settings)
    door = await admitted(tools, token, session)
    look = door.look
    if not look.title:
        raise NotFound("there is no card")
    portrait = None
    if door.content is not None and door.content.avatar:
        portrait = await tools.db.read(pictures.find, door.content.avatar)
    words = look.title, look.about, door.accent or ""
    drawn = await asyncio.to_thread(_drawn, *words, portrait)
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(drawn, media_type="image/png", headers=headers)


def _drawn(title: str, about: str, accent: str, portrait: bytes | None) -> bytes:
    # Loaded with what draws: only messengers ask for it.
    from parlour.web import cards  # noqa: PLC0415

    return cards.picture(title, about, accent, portrait)
