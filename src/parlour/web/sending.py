"""Sending answers: one that is whole goes out in one piece, and a piece of a stream as it is."""

from functools import lru_cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

AT_ONCE = "parlour.at_once"
"""The extension of a request's scope by which a piece of its stream is sent without waiting."""

_CONTROLS = bytes([*range(32), 127])
_NEWLINE = b"\r\n"
_LINES_KEPT = 256


class Sending:
    """An application whose usual answers are written here; what is seldom the web server writes.

    It writes a head before there is a body, which wakes the other end twice, and looks at each
    header five times.
    """

    __slots__ = ("_app", "_cycle", "_start")

    def __init__(self, app: Any, cycle: RequestResponseCycle) -> None:
        """Answer one request, of which `cycle` is the web server's side."""
        self._app = app
        self._cycle: Any = cycle
        self._start: Any = None

    async def __call__(self, scope: Any, receive: Any, _send: Any) -> None:
        """Have the application answer."""
        scope["extensions"] = {AT_ONCE: self._at_once}
        try:
            await self._app(scope, receive, self._send)
        finally:
            del scope["extensions"]  # a ring, which would wait for the garbage collector

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        cycle, start, body = self._cycle, self._start, message["body"]
        self._start = None
        if start is None:
            if message["more_body"] and self._at_once(body):
                return
        elif self._is_whole(start, message):
            self._write(start, body)
            return
        else:
            await cycle.send(start)
        await cycle.send(message)

    def _at_once(self, piece: bytes) -> bool:
        """Send a piece of a stream; False: it was not sent, because that has to be waited for."""
        cycle = self._cycle
        if not (piece and cycle.chunked_encoding) or cycle.flow.write_paused:
            return False
        if cycle.response_complete or cycle.disconnected or cycle.transport.is_closing():
            return False
        cycle.transport.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        return True

    def _is_whole(self, start: Any, message: Any) -> bool:
        cycle = self._cycle
        if message["more_body"] or not cycle.keep_alive or cycle.scope["method"] == "HEAD":
            return False
        if cycle.disconnected or cycle.flow.write_paused:
            return False
        return (b"content-length", b"%d" % len(message["body"])) in start["headers"]

    def _write(self, start: Any, body: bytes) -> None:
        cycle = self._cycle
        lines = [STATUS_LINE[start["status"]], *map(_line, cycle.default_headers)]
        lines += map(_line, start["headers"])
        lines += (_NEWLINE, body)
        cycle.response_started = cycle.response_complete = True
        cycle.transport.write(b"".join(lines))
        cycle.message_event.set()
        cycle.on_response()


@lru_cache(_LINES_KEPT)
def _line(header: tuple[bytes, bytes]) -> bytes:
    """Return the line of a header; nearly all of them are the same in every answer."""
    line = b"%b: %b" % header
    if len(line.translate(None, _CONTROLS)) != len(line):  # it would begin a line of its own
        raise RuntimeError("a header holds a control character")
    return line + _NEWLINE
