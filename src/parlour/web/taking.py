"""Answering with a conversation as a file to keep."""

from litestar import Response

from parlour.rights import Who
from parlour.tools import Tools
from parlour.web import copies
from parlour.web.copies import Form


async def taken_away(tools: Tools, who: Who, conversation_id: str, form: Form) -> Response[bytes]:
    """Answer with a conversation as a file to keep."""
    content = copies.made(await copies.take(tools, who, conversation_id, form), form)
    if form == "json":
        return _file(content, f"{conversation_id}.json", "application/json")
    return _file(content, f"{conversation_id}-{form}", "text/csv")


async def all_taken_away(tools: Tools, who: Who, visitor_id: str) -> Response[bytes]:
    """Answer with everything of a visitor as a file to keep."""
    content = await copies.take_all(tools, who, visitor_id)
    return _file(content, f"{visitor_id}.json", "application/json")


def _file(content: bytes, name: str, media: str) -> Response[bytes]:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=media, headers=headers)
