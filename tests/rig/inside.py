"""A site inside the test's own process, asked without a network, whose clock the test moves."""

import asyncio
import json
import warnings
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

from litestar import Litestar

from parlour.chat.live import Live
from parlour.config import Settings
from parlour.tools import Tools
from parlour.web import front, site, whole
from parlour.web.edge import Edge
from tests.rig.waiting import PATIENCE

_HOST = "parlour.test"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the site answered; of a stream, its beginning."""

    status: int
    body: bytes
    cookies: dict[str, str]

    @property
    def code(self) -> str:
        """The code of a problem document, the reason of a page's refusal, or nothing."""
        try:
            told = json.loads(self.body)
        except ValueError:
            return ""
        return str(told.get("code", "")) if isinstance(told, dict) else ""


@cache
def routed() -> tuple[Litestar, Litestar]:
    """The routes, which take long to make; one test at a time has them."""
    most = Settings().max_body_bytes
    with warnings.catch_warnings():
        # The program itself does not hear what the framework plans for its next version.
        warnings.simplefilter("ignore")
        return front.routed(most), whole.routed(most)


@dataclass
class Inside:
    """Asks a site as browsers and programs do; there is one at a time."""

    tools: Tools
    edge: Edge = field(init=False)

    def __post_init__(self) -> None:
        before, behind = routed()
        self.edge = site.furnished(before, self.tools, Live(self.tools), behind)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        cookies: dict[str, str] | None = None,
        json_body: Any = None,
        form: dict[str, str] | None = None,
    ) -> Reply:
        """Ask once; whoever is answered by a stream hangs up when it begins."""
        body, kind = b"", ""
        if json_body is not None:
            body, kind = json.dumps(json_body).encode(), "application/json"
        elif form is not None:
            body, kind = urlencode(form).encode(), "application/x-www-form-urlencoded"
        headers = [(b"host", _HOST.encode()), (b"content-length", str(len(body)).encode())]
        if kind:
            headers.append((b"content-type", kind.encode()))
        if cookies:
            told = "; ".join(f"{name}={value}" for name, value in cookies.items())
            headers.append((b"cookie", told.encode()))
        return await _Exchange(_scope(method, path, headers), body).through(self.edge)


def _scope(method: str, path: str, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 40_000),
        "server": (_HOST, 80),
        "state": {},
    }


class _Exchange:
    """One request and what comes of it."""

    def __init__(self, scope: dict[str, Any], body: bytes) -> None:
        self._scope, self._body = scope, body
        self._is_sent = False
        self._hung_up = asyncio.Event()
        self._start: dict[str, Any] = {}
        self._parts: list[bytes] = []

    async def through(self, edge: Edge) -> Reply:
        task = asyncio.ensure_future(edge(self._scope, self._receive, self._send))  # type: ignore[arg-type]
        hung_up = asyncio.ensure_future(self._hung_up.wait())
        try:
            both = {task, hung_up}
            await asyncio.wait(both, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hung_up.cancel()
            task.cancel()  # also when whoever asks goes away
        await asyncio.wait({task})
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error
        cookies = {}
        for name, value in self._start["headers"]:
            if name == b"set-cookie":
                pair = value.decode().partition(";")[0].partition("=")
                cookies[pair[0]] = pair[2].strip('"')
        return Reply(self._start["status"], b"".join(self._parts), cookies)

    async def _receive(self) -> dict[str, Any]:
        if self._is_sent:
            await self._hung_up.wait()
            return {"type": "http.disconnect"}
        self._is_sent = True
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._parts.append(message.get("body", b""))
        headers = dict(self._start["headers"])
        if headers.get(b"content-type", b"").startswith(b"text/event-stream"):
            self._hung_up.set()
