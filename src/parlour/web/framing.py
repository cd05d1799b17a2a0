"""The chat inside pages of other sites: which request is one's, and which sites may show it."""

from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from litestar.types import Scope

from parlour.config import Settings
from parlour.kit import origins
from parlour.web import edge

HEADER: Final = b"x-parlour-frame"
"""In calls of a page that stands in a frame: the origin of the page around it."""
_NEAR: Final = ("localhost", "127.0.0.1", "::1")


def is_framed(scope: Scope) -> bool:
    """Whether the browser asks for a page to be shown in a frame, or such a page calls."""
    for name, value in scope["headers"]:
        if name == b"sec-fetch-dest" and value in (b"iframe", b"frame"):
            return True
        if name == HEADER:
            return True
    return False


def host(scope: Scope) -> str | None:
    """Return the site whose page the chat stands in: empty where unknown, None outside of any.

    It is what the page in the frame was told by its browser. A program can say anything here, or
    nothing, and gains what whoever holds the link has anyway.
    """
    if not is_framed(scope):
        return None
    for name, value in scope["headers"]:
        if name == HEADER:
            return origins.origin(value.decode("latin-1"))
    return ""


def referrer(scope: Scope) -> str:
    """Return the origin of the page that led here, as its browser told it; empty for none."""
    for name, value in scope["headers"]:
        if name == b"referer":
            return origins.origin(value.decode("latin-1"))
    return ""


def policy(scope: Scope, nonce: str, sites: Collection[str] = (), *, preview: bool = False) -> str:
    """Return the content security policy of a visitor's page.

    Nobody may frame it but the studio, for a preview; asked for in a frame, also those sites.
    """
    theirs = sites if is_framed(scope) else ()
    return edge.page_policy(nonce, ancestors=ancestors(theirs, preview=preview))


def ancestors(sites: Collection[str], *, preview: bool = False) -> str:
    """Return whose pages may frame one that these sites may, as a policy says it."""
    return " ".join((*(("'self'",) if preview else ()), *sites)) or "'none'"


def keeps_cookies(settings: Settings) -> bool:
    """Whether browsers keep a cookie in a frame of another site: over https, or near at hand."""
    public = urlsplit(settings.public_url)
    return public.scheme == "https" or public.hostname in _NEAR
