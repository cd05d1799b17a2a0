"""Pictures of those who answer, under addresses made of their content; and letters without one."""

import asyncio
import re
from typing import Final

from litestar import Response, get

from parlour import pictures
from parlour.kit.errors import NotFound
from parlour.kit.inks import ink
from parlour.pictures import store
from parlour.tools import Tools
from parlour.web.gates import OPEN

_FOREVER: Final = "public, max-age=31536000, immutable"
_A_DAY: Final = "public, max-age=86400"
_PICTURE: Final = re.compile(r"([0-9a-f]{32})\.(webp|png)\Z", re.ASCII)
_LETTER: Final = re.compile(r"([0-9a-f]{6})-([0-9a-f]{2,6})\.svg\Z", re.ASCII)
_LAST: Final = 0x10FFFF
_HEADERS: Final = {
    # Buttons in pages of other sites show them, too.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


@get("/pictures/{name:str}", opt={"gate": OPEN})
async def picture(tools: Tools, name: str) -> Response[bytes]:
    """Serve a picture by its digest, as `.webp`, or small as `.png` for the tab of a browser."""
    found = _PICTURE.match(name)
    content = None
    if found is not None:
        content = await tools.db.read(store.find, found[1], tools.within)
    if found is None or content is None:
        raise NotFound("there is no such picture")
    if found[2] == "png":
        content = await asyncio.to_thread(pictures.icon, content)
    headers = {**_HEADERS, "Cache-Control": _FOREVER}
    return Response(content, media_type=f"image/{found[2]}", headers=headers)


@get("/letters/{name:str}", opt={"gate": OPEN}, sync_to_thread=False)
def letter(name: str) -> Response[bytes]:
    """Draw a letter on an accent, for the tab of a browser; the address says which, on which."""
    found = _LETTER.match(name)
    if found is None or not _is_shown(code := int(found[2], 16)):
        raise NotFound("there is no such picture")
    made = ink(found[1])
    # By its number, so that nothing of it can be a mark.
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
        f'<path fill="#{made.light}" d="M3 22V11a9 9 0 0 1 18 0v2a9 9 0 0 1-9 7.5z"/>'
        f'<text x="12" y="15.5" text-anchor="middle" font-family="system-ui,sans-serif" '
        f'font-size="11" font-weight="600" fill="#{made.on_light}">&#{code};</text></svg>'
    )
    headers = {**_HEADERS, "Cache-Control": _A_DAY}
    return Response(drawn.encode(), media_type="image/svg+xml", headers=headers)


def _is_shown(code: int) -> bool:
    return code <= _LAST and chr(code).isprintable() and not chr(code).isspace()
