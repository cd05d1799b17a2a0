"""Giving out what visitors sent along: to be looked at or kept, never to be run."""

from typing import Any, Final
from urllib.parse import quote

from litestar import Response

from parlour.attachments import Content, store
from parlour.kit.errors import NotFound
from parlour.tools import Tools
from parlour.transcripts import own

_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox"
_TYPES: Final = {
    "image/png": "image/png",
    "image/jpeg": "image/jpeg",
    "application/pdf": "application/pdf",
    "text/plain": "text/plain",
}
"""Whatever else stood in a row would be given out as bytes. Texts are UTF-8: they were read."""


async def given_out(
    tools: Tools, conversation_id: str | None, file_id: str, *, sees: bool = True
) -> Response[Any]:
    """Answer with a file of a conversation, which the caller has found by its own right.

    `sees`: whether they see personal details; else there is nothing for them. NotFound.
    """
    found = None
    if sees and conversation_id is not None:
        found = await tools.db.browse(store.find, conversation_id, file_id)
    return _answered(found)


async def own_given_out(tools: Tools, visitor_id: str, file_id: str) -> Response[Any]:
    """Answer with a file that a visitor sent, for themselves. NotFound."""
    return _answered(await tools.db.browse(own.file, visitor_id, file_id))


def _answered(found: Content | None) -> Response[Any]:
    if found is None:
        raise NotFound("there is no such file")
    file = found.file
    # Pictures were drawn here, dot by dot; nothing else is shown inside a page.
    way = "inline" if file.kind == "image" else "attachment"
    headers = {
        "Content-Disposition": f"{way}; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "private, no-store",
    }
    media = _TYPES.get(file.media_type, "application/octet-stream")
    return Response(found.content, media_type=media, headers=headers)
