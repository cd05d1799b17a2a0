"""A stream of server-sent events: ready bytes, sent as they come."""

from collections.abc import AsyncIterator
from typing import Any

from litestar.response import Stream
from litestar.response.base import ASGIResponse

HEADERS = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}


class EventStream(Stream):
    """A response of events that is never buffered on the way."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        """Send these events, each chunk as soon as it is there."""
        super().__init__(chunks, status_code=200, headers=HEADERS)

    def to_asgi_response(self, *args: Any, **kwargs: Any) -> ASGIResponse:
        """Say what kind of content it is; the framework would rather believe the route."""
        return super().to_asgi_response(*args, **{**kwargs, "media_type": "text/event-stream"})
