"""The outer edge of every response: security headers, the access log, requests from elsewhere."""

import os
import time
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
from litestar.enums import HttpMethod, ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from parlour.config import Settings
from parlour.kit.observe import access, traces
from parlour.web.heads import Head
from parlour.web.hosts import ORIGIN, Hosts

_SAFE = ("GET", "HEAD", "OPTIONS")
_OWN = (b"same-origin", b"none")
CLOSED = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

_RESOURCE = b"cross-origin-resource-policy"
_REFERRER = b"referrer-policy"
_NEAR = (b"127.", b"localhost", b"[::1]")
ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (_REFERRER, b"no-referrer"),
    (b"x-robots-tag", b"noindex, nofollow"),
    (_RESOURCE, b"same-origin"),
)
DOCUMENT: tuple[tuple[bytes, bytes], ...] = (
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), interest-cohort=()"),
)
"""What means something for pages only, unless a page says otherwise of itself; a page loads
twenty files, each with its headers."""
SPEAKING: Mapping[str, str] = {
    "Permissions-Policy": "camera=(), microphone=(self), geolocation=(), interest-cohort=()"
}
"""What a page says of itself on which one may speak."""
_TOLD_THERE = ("studio", "chat", "public", "share")
"""Doors where a failure is told by a page of their own."""
_FOREIGN = orjson.dumps(
    {
        "type": "urn:parlour:problem:cross_site",
        "title": "Not from another site",
        "status": 403,
        "detail": "this was sent by a page of another site",
        "code": "cross_site",
    }
)


class Edge:
    """Wraps the whole site. It runs for every request, so it is plain ASGI and does little."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        hosts: Hosts | None = None,
    ) -> None:
        """Wrap `app`; `hosts` are those of workspaces."""
        self._app = app
        self._hosts = hosts
        public = urlsplit(settings.public_url)
        self._origin = f"{public.scheme}://{public.netloc}".encode() if public.netloc else b""
        self._always = list(ALWAYS)
        self._is_https = public.scheme == "https"
        if self._is_https:
            self._always.append((b"strict-transport-security", b"max-age=31536000"))
        # Told to send no address, browsers send none of where a form stands either: that tells
        # where it comes from when nothing else does. To other sites they send nothing, as ever.
        own = (_REFERRER, b"same-origin")
        self._where_untold = [own if each[0] == _REFERRER else each for each in self._always]
        self._for_others = [each for each in self._always if each[0] != _RESOURCE]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless a page of another site sent it to change something."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        if self._hosts is not None:
            scope = await self._hosts.placed(scope)
        method = scope["method"]
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = self._with_headers(scope, list(message["headers"]))
                if method == HttpMethod.OPTIONS:
                    _tell_methods(scope, headers)
                message["headers"] = headers
            await send(message)

        if scope["method"] == HttpMethod.HEAD:
            scope = {**scope, "method": HttpMethod.GET}
            head = Head(receive, send)
            receive, send = head.receive, head.send
        if not _is_plain(scope["raw_path"]):
            scope = {**scope, "path": _nowhere(scope["raw_path"])}
        with traces.span("request", "server") as span:
            try:
                told = scope["method"] not in _SAFE or _is_stream(scope["path"])
                if told and self._is_foreign(scope):
                    await _refuse(send_with_headers)
                else:
                    await self._app(scope, receive, send_with_headers)
            finally:
                template = str(scope.get("path_template") or "(none)")
                took, is_file = time.perf_counter() - began, template.startswith("/static/")
                access(scope["method"], template, status, took, is_file=is_file)
                # Routes by their template: what stands in an address may open something.
                span.request(scope["method"], template, status)

    def _with_headers(
        self, scope: Any, headers: list[tuple[bytes, bytes]]
    ) -> list[tuple[bytes, bytes]]:
        told = dict(headers)
        is_page = told.get(b"content-type", b"").startswith(b"text/html")
        if is_page and self._is_untold(scope):
            headers += self._where_untold
        else:
            headers += self._for_others if _RESOURCE in told else self._always
        if is_page:
            headers += [each for each in DOCUMENT if each[0] not in told]
        if b"cache-control" not in told:
            headers.append((b"cache-control", b"no-store"))
        if b"content-security-policy" not in told:
            headers.append((b"content-security-policy", CLOSED))
        return headers

    def _is_untold(self, scope: Any) -> bool:
        """Whether a browser will not say where a form of this page comes from, but by its origin.

        So it is over plain http from another machine.
        """
        if self._is_https:
            return False
        host = b""
        for name, value in scope["headers"]:
            if name == b"sec-fetch-site":
                return False
            if name == b"host":
                host = value
        return not host.startswith(_NEAR)

    def _is_foreign(self, scope: Any) -> bool:
        site = origin = host = None
        for name, value in scope["headers"]:
            if name == b"sec-fetch-site":
                site = value
            elif name == b"origin":
                origin = value
            elif name == b"host":
                host = value
        if site is not None:
            return site not in _OWN
        # Browsers leave out Sec-Fetch-Site over plain http; then the origin tells.
        own = (scope.get(ORIGIN, self._origin), b"http://%s" % host if host else None)
        return origin is not None and origin not in own


def _tell_methods(scope: Any, headers: list[tuple[bytes, bytes]]) -> None:
    """Name the methods of this path; the framework knows only those of its first handler."""
    if template := scope.get("path_template"):
        headers[:] = [(name, value) for name, value in headers if name.lower() != b"allow"]
        headers.append((b"allow", scope["litestar_app"].state.allow[template]))


def allow(methods: Collection[str]) -> str:
    """Write an Allow header: what answers GET answers HEAD, too."""
    return ", ".join(sorted({*methods, *(("HEAD",) if "GET" in methods else ())}))


def _is_plain(path: bytes) -> bool:
    """Whether a path is written as we write ours: nothing encoded, nothing doubled, no slash last.

    The framework would take others for the same; then one secret address would have many forms.
    """
    return not (b"%" in path or b"//" in path or (path.endswith(b"/") and path != b"/"))


def _is_stream(path: str) -> bool:
    """Whether what goes on is told here: only to our own pages and to programs."""
    return path.endswith("/live") or path.startswith("/api/public/live/")


def _nowhere(path: bytes) -> str:
    """Return a path behind the same door that leads nowhere, so that it is told as told there."""
    first = path.lstrip(b"/").partition(b"/")[0].decode("ascii", "replace")
    return f"/{first if first in _TOLD_THERE else '-'}/-/-/-/-"


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"application/problem+json")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": _FOREIGN, "more_body": False})


def nonce() -> str:
    """Make the nonce of one page's scripts."""
    return os.urandom(16).hex()


def nonces() -> tuple[str, str]:
    """Make a page's nonce and another of the same kind, drawn at once."""
    drawn = os.urandom(32).hex()
    return drawn[:32], drawn[32:]


def page_policy(script_nonce: str, *, frames: bool = False, ancestors: str = "'none'") -> str:
    """Return the content security policy of a page with its own scripts and styles only.

    `frames`: it shows another page of ours in a frame. `ancestors`: whose pages may show it in one.
    """
    return (
        f"default-src 'none'; script-src 'nonce-{script_nonce}'; style-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
        f"base-uri 'none'; frame-ancestors {ancestors}" + ("; frame-src 'self'" if frames else "")
    )


def cookies(header: str) -> dict[str, str]:
    """Read a Cookie header; of a name that stands twice, neither is believed."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for part in header.split(";"):
        name, equals, value = part.strip().partition("=")
        if equals and name in found:
            twice.add(name)
        found[name] = value.strip('"')
    return {name: value for name, value in found.items() if name not in twice}
