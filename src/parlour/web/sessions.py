"""Where a visitor's session travels: a cookie, a header, or fields of the request."""

from litestar.datastructures import Cookie
from litestar.types import Scope

from parlour.config import Settings
from parlour.kit.clock import DAY, SECOND
from parlour.kit.tokens import Keyring
from parlour.web.edge import cookies
from parlour.web.gates import Asked

HEADER = "x-parlour-session"
_LONGEST = 200


def cookie_name(keys: Keyring, token: str, settings: Settings) -> str:
    """Name the cookie of a link's session: each link has its own. Empty for a forged token."""
    genuine = keys.open_link(token)
    if genuine is None:
        return ""
    # Over https a name that no subdomain can plant.
    prefix = "__Host-" if secure(settings) else ""
    return f"{prefix}parlour-{genuine.link_id.removeprefix('lnk_')}"


def secure(settings: Settings) -> bool:
    """Whether visitors come by https."""
    return settings.public_url.startswith("https://")


def from_cookie(scope: Scope, keys: Keyring, token: str, settings: Settings) -> str | None:
    """Return the session that the browser's cookie holds; None when there is none."""
    # Of the scope: most visits bring no cookie, and need no index of their headers.
    sent = next((value for name, value in scope["headers"] if name == b"cookie"), b"")
    if not sent:
        return None
    found = cookies(sent.decode("latin-1")).get(cookie_name(keys, token, settings))
    return found if found and len(found) <= _LONGEST else None


def explicit(request: Asked, *fields: str | None) -> str | None:
    """Return the session that a program sent in a field or the header; None when there is none."""
    for given in (*fields, request.headers.get(HEADER)):
        if given:
            return given[:_LONGEST]
    return None


def cookie(keys: Keyring, token: str, settings: Settings, secret: str | None) -> Cookie:
    """Make the cookie that keeps a session in the browser; None as the secret removes it."""
    return Cookie(
        key=cookie_name(keys, token, settings),
        value=secret or "",
        path="/",
        max_age=settings.session_days * DAY // SECOND if secret else 0,
        secure=secure(settings),
        httponly=True,
        samesite="lax",
    )
