"""Where a visitor's session travels: a cookie, a header, or fields of the request."""

import re
from dataclasses import fields, replace
from typing import Any

from litestar.datastructures import Cookie
from litestar.types import Scope

from parlour.config import Settings
from parlour.kit.clock import DAY, SECOND
from parlour.kit.tokens import Keyring
from parlour.tools import Tools
from parlour.web import framing
from parlour.web.edge import cookies
from parlour.web.gates import Asked

HEADER = "x-parlour-session"
_LONGEST = 200
_SECRET = re.compile(r"[0-9A-Za-z_]+", re.ASCII)


class _Session(Cookie):
    """The cookie of a session, written at once: the library makes a dozen copies of it."""

    def to_encoded_header(self) -> tuple[bytes, bytes]:
        """Write the header."""
        if not _SECRET.fullmatch(self.value or ""):
            return super().to_encoded_header()
        told = f"{self.key}={self.value}; HttpOnly; Max-Age={self.max_age}; Path={self.path}"
        told += f"; SameSite={self.samesite}{'; Secure' if self.secure else ''}"
        return b"set-cookie", told.encode("latin-1")


class _Partitioned(Cookie):
    """A cookie that a browser keeps for one site around us alone; the library does not know it."""

    def to_header(self, **kwargs: Any) -> str:
        """Write the cookie."""
        return super().to_header(**kwargs) + "; Partitioned"


def cookie_name(keys: Keyring, token: str, settings: Settings) -> str:
    """Name the cookie of a link's session: each link has its own. Empty for a forged token."""
    genuine = keys.open_link(token)
    if genuine is None:
        return ""
    # Over https a name that no subdomain can plant.
    prefix = "__Host-" if secure(settings) else ""
    return f"{prefix}parlour-{genuine.link_id.removeprefix('lnk_')}"


def _framed_name(name: str) -> str:
    """Name the cookie of the same session inside a page of another site.

    Browsers keep it for that site alone (`Partitioned`), so it is never the one of the full page.
    """
    return f"{name}-framed"


def secure(settings: Settings) -> bool:
    """Whether visitors come by https."""
    return settings.public_url.startswith("https://")


def from_cookie(scope: Scope, keys: Keyring, token: str, settings: Settings) -> str | None:
    """Return the session that the browser's cookie holds; None when there is none."""
    # Of the scope: most visits bring no cookie, and need no index of their headers.
    sent = next((value for name, value in scope["headers"] if name == b"cookie"), b"")
    if not sent:
        return None
    name = cookie_name(keys, token, settings)
    held = cookies(sent.decode("latin-1"))
    found = held.get(_framed_name(name)) or held.get(name)
    return found if found and len(found) <= _LONGEST else None


def explicit(request: Asked, *fields: str | None) -> str | None:
    """Return the session that a program sent in a field or the header; None when there is none."""
    for given in (*fields, request.headers.get(HEADER)):
        if given:
            return given[:_LONGEST]
    return None


def cookie(scope: Scope, tools: Tools, token: str, secret: str) -> Cookie:
    """Make the cookie that keeps a session in the browser that asks."""
    settings = tools.settings
    name = cookie_name(tools.keys, token, settings)
    kept = _Session(
        key=name,
        value=secret,
        path="/",
        max_age=settings.session_days * DAY // SECOND,
        secure=secure(settings),
        httponly=True,
        samesite="lax",
    )
    if not _in_frame(scope, name) or not framing.keeps_cookies(settings):
        return kept
    told = replace(kept, key=_framed_name(name), secure=True, samesite="none")
    return _Partitioned(**{each.name: getattr(told, each.name) for each in fields(told)})


def over(scope: Scope, tools: Tools, token: str) -> Cookie:
    """Make the cookie that takes a session out of the browser that asks."""
    return replace(cookie(scope, tools, token, ""), max_age=0)


def _in_frame(scope: Scope, name: str) -> bool:
    """Whether the session that is asked for lives in a frame; the cookie it came by goes on."""
    if framing.is_framed(scope):
        return True
    framed = _framed_name(name).encode()
    return any(header == b"cookie" and framed in sent for header, sent in scope["headers"])
