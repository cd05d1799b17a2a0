"""The chat inside pages of other sites: which request is one's, and which sites may show it."""

from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from litestar.types import Scope

from parlour.config import Settings
from parlour.kit import origins
from parlour.web import edge, hosts

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


def may_be_framed(scope: Scope) -> bool:
    """Whether a page may be about to stand in a frame: over plain http browsers do not say."""
    return is_framed(scope) or _says_nothing(scope)


def _says_nothing(scope: Scope) -> bool:
    if any(name == b"sec-fetch-dest" for name, _ in scope["headers"]):
        return False
    return not keeps_cookies(hosts.tools_of(scope).settings)


def is_lost(scope: Scope, settings: Settings, sites: Collection[str]) -> bool:
    """Whether what is said here could not be found again, as far as can be told without scripts.

    So it is over plain http inside a page of another site. A tab that was opened from there looks
    the same; whoever comes on from our own page does not.
    """
    came = referrer(scope)
    return (
        not keeps_cookies(settings)
        and origins.fits(came, sites)
        and not _same_site(urlsplit(came).hostname or "", urlsplit(settings.public_url).hostname)
    )


def _same_site(one: str, other: str | None) -> bool:
    """Whether two hosts may be of one site: of the same name, or below it."""
    if one == other:
        return True
    labels = one.split(".")[-2:]
    return not labels[-1].isdigit() and labels == (other or "").split(".")[-2:]


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

    Nobody may frame it but the studio, for a preview; where it may stand in a frame, also those
    sites.
    """
    theirs = sites if sites and may_be_framed(scope) else ()
    return edge.page_policy(nonce, ancestors=ancestors(theirs, preview=preview))


def ancestors(sites: Collection[str], *, preview: bool = False) -> str:
    """Return whose pages may frame one that these sites may, as a policy says it."""
    return " ".join((*(("'self'",) if preview else ()), *sites)) or "'none'"


def keeps_cookies(settings: Settings) -> bool:
    """Whether browsers keep a cookie in a frame of another site: over https, or near at hand."""
    public = urlsplit(settings.public_url)
    return public.scheme == "https" or public.hostname in _NEAR
