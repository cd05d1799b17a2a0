"""The seat of somebody in the studio: the cookie it hangs by, and whether it reaches a route."""

from litestar.datastructures import Cookie

from parlour.config import Settings
from parlour.kit.errors import NotAllowed
from parlour.staff import sessions
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.edge import cookies
from parlour.web.gates import Asked, Gate

_LONGEST = 200


def cookie_name(settings: Settings) -> str:
    """Name the cookie of the studio; over https by a name that no subdomain can plant."""
    return "__Host-parlour-studio" if _secure(settings) else "parlour-studio"


def secret_of(request: Asked, settings: Settings) -> str | None:
    """Return the session's secret that the browser sent; None when there is none."""
    found = cookies(request.headers.get("cookie", "")).get(cookie_name(settings))
    return found if found and len(found) <= _LONGEST else None


def cookie(settings: Settings, secret: str | None) -> Cookie:
    """Make the cookie that keeps a session in the browser; None as the secret removes it."""
    return Cookie(
        key=cookie_name(settings),
        value=secret or "",
        path="/",
        max_age=sessions.KEPT_SECONDS if secret else 0,
        secure=_secure(settings),
        httponly=True,
        samesite="lax",
    )


async def seat(request: Asked, tools: Tools) -> Seat:
    """Find who is signed in, and whether the route lets them.

    Raises:
        Unauthorized: nobody is, or not any more. NotAllowed: their role does not include it.
    """
    found = await sessions.seat(tools, secret_of(request, tools.settings))
    # Whoever must show a refusal shows it inside the studio of this person.
    request.state.seat = found
    gate: Gate = request.route_handler.opt["gate"]
    if gate.permission is not None and not found.who.may(gate.permission):
        raise NotAllowed(f"your role does not include {gate.permission.value}")
    return found


def _secure(settings: Settings) -> bool:
    return settings.public_url.startswith("https://")
