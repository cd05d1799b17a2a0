"""A stream of server-sent events: ready bytes, sent as they come."""

from collections.abc import AsyncIterator

from litestar.response import Stream

HEADERS = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}


def stream(chunks: AsyncIterator[bytes], headers: dict[str, str] | None = None) -> Stream:
    """Return a response that sends these events and is never buffered on the way."""
    return Stream(
        chunks,
        status_code=200,
        media_type="text/event-stream",
        headers={**HEADERS, **(headers or {})},
    )
