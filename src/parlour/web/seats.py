"""The seat of somebody in the studio: the cookies it hangs by, and whether it reaches a route."""

import hmac
from dataclasses import replace
from typing import Final

from litestar.datastructures import Cookie

from parlour import workspaces
from parlour.config import Settings
from parlour.kit.clock import DAY, SECOND
from parlour.kit.errors import NotAllowed
from parlour.staff import sessions
from parlour.staff.openid.rounds import LASTS as ROUND_LASTS
from parlour.staff.second_step.rules import HALF_LASTS
from parlour.staff.sessions import Seat
from parlour.tools import Tools
from parlour.web import peers
from parlour.web.edge import cookies
from parlour.web.gates import Asked, Gate

WHOLE: Final = "studio"
"""The cookie of whoever is signed in."""
HALF: Final = "half"
"""The cookie of whoever has given a password and not yet a code."""
ROUND: Final = "round"
"""The cookie of whoever is on the way to the provider and back."""
KNOWN: Final = "known"
"""The cookie of a browser in which somebody has given their password before. It opens nothing."""

OPEN_WITHOUT_SECOND_STEP: Final = "open_without_second_step"
"""The option of routes by which somebody turns on the second step that they must have."""

_LASTS: Final = {
    WHOLE: sessions.KEPT_SECONDS,
    HALF: HALF_LASTS // SECOND,
    ROUND: ROUND_LASTS // SECOND,
    KNOWN: 180 * DAY // SECOND,
}
_LONGEST: Final = {WHOLE: 200, HALF: 200, ROUND: 3_000, KNOWN: 200}


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


def knows(request: Asked, tools: Tools, address: str) -> bool:
    """Whether whoever has this e-mail address has given their password in this browser before."""
    given = secret_of(request, tools.settings, KNOWN) or ""
    return given.isascii() and any(
        hmac.compare_digest(given, each) for each in tools.keys.hashes(_known(address))
    )


def known(tools: Tools, address: str) -> Cookie:
    """Make the cookie by which this browser is known as one of whoever has this address."""
    return cookie(tools.settings, tools.keys.hashed(_known(address)), KNOWN)


def _known(address: str) -> str:
    return f"browser of {address.strip().lower()[:300]}"


async def seat(request: Asked, tools: Tools) -> Seat:
    """Find who is signed in, and whether the route lets them.

    Raises:
        Unauthorized: nobody is, or not any more. NotAllowed: their role does not include it.
        SecondStepMissing: they must turn on their second step first.
    """
    sat = await sessions.seat(tools, secret_of(request, tools.settings))
    await workspaces.meet(tools, sat.person.workspace_id)
    found = replace(sat, place=peers.seen_from(request.scope, tools))
    # Whoever must show a refusal shows it inside the studio of this person.
    request.state.seat = found
    opt = request.route_handler.opt
    if sessions.must_add_second_step(tools.settings, found) and not opt.get(
        OPEN_WITHOUT_SECOND_STEP
    ):
        raise SecondStepMissing("turn on your second step first")
    gate: Gate = opt["gate"]
    if gate.permission is not None and not found.who.may(gate.permission):
        raise NotAllowed("your role does not include this")
    return found


def secure(settings: Settings) -> bool:
    """Whether visitors come over https, so that cookies travel by nothing else."""
    return settings.public_url.startswith("https://")
