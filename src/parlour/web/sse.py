"""A stream of server-sent events: ready bytes, sent as they come."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from litestar.response import Stream
from litestar.response.base import ASGIResponse
from litestar.response.streaming import ASGIStreamingResponse
from litestar.types import Receive, Send

from parlour.web.gates import Asked
from parlour.web.sending import AT_ONCE

HEADERS = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}


def at_once(request: Asked) -> Callable[[bytes], bool] | None:
    """Return what sends a piece of a request's stream without waiting, or says that it did not."""
    extensions: dict[Any, Any] = request.scope.get("extensions") or {}
    return extensions.get(AT_ONCE)


class EventStream(Stream):
    """A response of events that is never buffered on the way."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        """Send these events, each chunk as soon as it is there."""
        super().__init__(chunks, status_code=200, headers=HEADERS)
        self._chunks = chunks

    def to_asgi_response(self, *_args: Any, **given: Any) -> ASGIResponse:
        """Say what kind of content it is; the framework would rather believe the route."""
        return _Sending(
            iterator=self._chunks,
            cookies=[*self.cookies, *(given.get("cookies") or ())],
            headers={**(given.get("headers") or {}), **self.headers},
            media_type="text/event-stream",
            status_code=200,
        )


class _Sending(ASGIStreamingResponse):
    """Sends in the request's own task, while a small one waits for the other end to leave."""

    async def send_body(self, send: Send, receive: Receive) -> None:
        """Send every chunk; stop when the other end is gone."""
        sending = asyncio.current_task()
        assert sending is not None, "runs in a task, as everything does"  # noqa: S101

        def stop(_gone: asyncio.Task[None]) -> None:
            sending.cancel()

        gone = asyncio.create_task(_gone(receive))
        gone.add_done_callback(stop)
        try:
            await self._stream(send)
        except asyncio.CancelledError:
            if not gone.done() or sending.uncancel():
                raise
        finally:
            gone.remove_done_callback(stop)
            gone.cancel()


async def _gone(receive: Receive) -> None:
    """Wait until the other end is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
