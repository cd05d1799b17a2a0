"""Receiving requests within bounds: headers and bodies that come too slowly or too large are cut.

The web server itself sets no deadline for a request to arrive, so one open line per attacker
would be enough to use up all of them.
"""

import asyncio
import re
from http import HTTPStatus
from typing import Any, Final

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from parlour.web.edge import ALWAYS, CLOSED
from parlour.web.sending import Sending

MOST_URL_BYTES = 16_384
MOST_HEADER_BYTES = 32_768
MOST_HEADERS = 100
SLOWEST = 32_768
"""Bytes a second of a body that is large, such as an uploaded document on a slow line."""

LINGER: Final = 2.0
"""Seconds for which the rest of a body that nobody wants is thrown away, so that its sender gets to
read the answer: a connection that is closed on unread bytes takes the answer with it."""

_HOST: Final = re.compile(rb"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?", re.ASCII)
_TOLD: Final = {
    HTTPStatus.BAD_REQUEST: "this is no request that can be understood",
    HTTPStatus.REQUEST_TIMEOUT: "the request did not arrive in time",
    HTTPStatus.REQUEST_URI_TOO_LONG: f"an address has at most {MOST_URL_BYTES} bytes",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        f"headers have at most {MOST_HEADER_BYTES} bytes, and there are at most {MOST_HEADERS}"
    ),
    HTTPStatus.NOT_IMPLEMENTED: "bodies come as they are, or chunked; no other coding is known",
}


class Receiving(HttpToolsProtocol):
    """One connection. `_deadline` is set while a request is on its way in, and only then."""

    header_timeout = 10.0
    body_timeout = 60.0
    _deadline: float | None = None
    _timer: asyncio.TimerHandle | None = None
    _header_bytes = 0
    _lingering = False

    def connection_made(self, transport: Any) -> None:
        """Expect the first request's headers."""
        super().connection_made(transport)
        self._expect(self.header_timeout)

    def on_message_begin(self) -> None:
        """Expect the rest of the headers."""
        super().on_message_begin()
        if self._lingering:
            return
        self._header_bytes = 0
        self._expect(self.header_timeout)

    def on_url(self, url: bytes) -> None:
        """Take a piece of the address; one that is too long closes the connection."""
        super().on_url(url)
        if len(self.url) > MOST_URL_BYTES:
            self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header; too many close the connection."""
        self._header_bytes += len(name) + len(value)
        super().on_header(name, value)
        if self._header_bytes > MOST_HEADER_BYTES or len(self.headers) > MOST_HEADERS:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """Expect the body."""
        if self.transport.is_closing() or self._lingering:
            return
        wrong = self._wrong()
        if wrong is not None:
            self._refuse(wrong)
            return
        self._expect(self.body_timeout)
        super().on_headers_complete()
        if self.parser.should_upgrade():
            # We speak nothing else. The parser stops here for good, so this is the last request.
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body, unless nobody wants it."""
        if not (self.transport.is_closing() or self._lingering):
            super().on_body(body)
            if self._deadline is not None:  # what keeps coming at a fair pace may take longer
                self._deadline += len(body) / SLOWEST

    def on_message_complete(self) -> None:
        """Expect nothing more."""
        self._expect(None)
        if self._lingering:
            self.transport.close()
        elif not self.transport.is_closing():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """End the connection when the answer came before all of the question."""
        super().on_response_complete()
        cycle = self.cycle
        if cycle.response_complete and cycle.more_body and not self.transport.is_closing():
            self._lingering = True
            self._expect(LINGER)
            self._unset_keepalive_if_required()
            self.transport.write_eof()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Have the answer to a request sent our way."""
        super()._start_asgi_task(cycle, Sending(app, cycle))

    def _wrong(self) -> HTTPStatus | None:
        """Say what is wrong with how a request is framed, where the parser lets it pass."""
        hosts, codings = [], []
        for name, value in self.headers:
            if name == b"host":
                hosts.append(value)
            elif name == b"transfer-encoding":
                codings.append(value.strip().lower())
        is_old = self.parser.get_http_version() == "1.0"
        if not (is_old and not hosts) and (len(hosts) != 1 or not _HOST.fullmatch(hosts[0])):
            return HTTPStatus.BAD_REQUEST
        if codings and (is_old or not codings[-1].endswith(b"chunked")):
            return HTTPStatus.BAD_REQUEST
        return HTTPStatus.NOT_IMPLEMENTED if codings not in ([], [b"chunked"]) else None

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: anybody may ask for anything."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        self._set_timer(None)
        super().connection_lost(exc)

    def _expect(self, within: float | None) -> None:
        self._deadline = None if within is None else self.loop.time() + within
        # A timer is moved when it rings, not at every request: that would cost each of them two.
        if self._deadline and (self._timer is None or self._timer.when() > self._deadline):
            self._set_timer(self._deadline)

    def _set_timer(self, at: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if at is None else self.loop.call_at(at, self._ring)

    def _ring(self) -> None:
        self._set_timer(self._deadline)
        if self._deadline is None or self.loop.time() < self._deadline:
            return
        if self._lingering:
            self.transport.close()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, in the form of every other refusal."""
        del msg
        self._refuse(HTTPStatus.BAD_REQUEST)

    def _refuse(self, status: HTTPStatus) -> None:
        """Say why, unless an answer is on its way already, and close the connection."""
        if self.transport.is_closing():
            return
        cycle = self.cycle
        if not (cycle and cycle.response_started and not cycle.response_complete):
            self.transport.write(_refusal(status))
        self.transport.close()


def _refusal(status: HTTPStatus) -> bytes:
    code = status.name.lower()
    told = {
        "type": f"urn:parlour:problem:{code}",
        "title": status.phrase,
        "status": status,
        "detail": _TOLD[status],
        "code": code,
    }
    body = orjson.dumps(told)
    headers = [
        *ALWAYS,
        (b"content-type", b"application/problem+json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", CLOSED),
        (b"connection", b"close"),
    ]
    lines = [b"HTTP/1.1 %d %s" % (status, status.phrase.encode())]
    lines += [b"%s: %s" % header for header in headers]
    return b"\r\n".join([*lines, b"", body])


def protocol(header_timeout: float, body_timeout: float) -> type[Receiving]:
    """Return the server's protocol with these deadlines, in seconds."""
    deadlines = {"header_timeout": header_timeout, "body_timeout": body_timeout}
    return type("Receiving", (Receiving,), deadlines)
