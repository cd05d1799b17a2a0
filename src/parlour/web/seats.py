"""The seat of somebody in the studio: the cookies it hangs by, and whether it reaches a route."""

from typing import Final

from litestar.datastructures import Cookie

from parlour.config import Settings
from parlour.kit.clock import SECOND
from parlour.kit.errors import NotAllowed
from parlour.staff import sessions
from parlour.staff.openid.rounds import LASTS as ROUND_LASTS
from parlour.staff.second_step.rules import HALF_LASTS
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web.edge import cookies
from parlour.web.gates import Asked, Gate

WHOLE: Final = "studio"
"""The cookie of whoever is signed in."""
HALF: Final = "half"
"""The cookie of whoever has given a password and not yet a code."""
ROUND: Final = "round"
"""The cookie of whoever is on the way to the provider and back."""

OPEN_WITHOUT_SECOND_STEP: Final = "open_without_second_step"
"""The option of routes by which somebody turns on the second step that they must have."""

_LASTS: Final = {
    WHOLE: sessions.KEPT_SECONDS,
    HALF: HALF_LASTS // SECOND,
    ROUND: ROUND_LASTS // SECOND,
}
_LONGEST: Final = {WHOLE: 200, HALF: 200, ROUND: 3_000}


class SecondStepMissing(NotAllowed):
    """Everybody with a password must have a second step here, and this one has none yet."""

    default_code = "second_step_missing"


def cookie_name(settings: Settings, which: str = WHOLE) -> str:
    """Name a cookie of the studio; over https by a name that no subdomain can plant."""
    return f"__Host-parlour-{which}" if secure(settings) else f"parlour-{which}"


def secret_of(request: Asked, settings: Settings, which: str = WHOLE) -> str | None:
    """Return the secret that the browser sent in this cookie; None when there is none."""
    found = cookies(request.headers.get("cookie", "")).get(cookie_name(settings, which))
    return found if found and len(found) <= _LONGEST[which] else None


def cookie(settings: Settings, secret: str | None, which: str = WHOLE) -> Cookie:
    """Make the cookie that keeps a secret in the browser; None as the secret removes it."""
    return Cookie(
        key=cookie_name(settings, which),
        value=secret or "",
        path="/",
        max_age=_LASTS[which] if secret else 0,
        secure=secure(settings),
        httponly=True,
        samesite="lax",
    )


def entered(settings: Settings, secret: str) -> list[Cookie]:
    """Make the cookies of somebody who has just come in whole."""
    return [cookie(settings, secret), cookie(settings, None, HALF)]


async def seat(request: Asked, tools: Tools) -> Seat:
    """Find who is signed in, and whether the route lets them.

    Raises:
        Unauthorized: nobody is, or not any more. NotAllowed: their role does not include it.
        SecondStepMissing: they must turn on their second step first.
    """
    found = await sessions.seat(tools, secret_of(request, tools.settings))
    # Whoever must show a refusal shows it inside the studio of this person.
    request.state.seat = found
    opt = request.route_handler.opt
    if must_add_second_step(tools.settings, found) and not opt.get(OPEN_WITHOUT_SECOND_STEP):
        raise SecondStepMissing("turn on your second step first")
    gate: Gate = opt["gate"]
    if gate.permission is not None and not found.who.may(gate.permission):
        raise NotAllowed(f"your role does not include {gate.permission.value}")
    return found


def must_add_second_step(settings: Settings, seat: Seat) -> bool:
    """Whether this person has to turn on the second step before anything else."""
    return settings.second_step == "required" and seat.has_password and not seat.second_step


def secure(settings: Settings) -> bool:
    """Whether visitors come over https, so that cookies travel by nothing else."""
    return settings.public_url.startswith("https://")
