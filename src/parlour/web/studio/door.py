"""What all ways into the studio share: the form of signing in, and being led on once inside."""

from typing import Any, Final
from urllib.parse import quote

from litestar import Request, Response
from litestar.response import Redirect

from parlour.kit.errors import Problem
from parlour.staff.openid.provider import named
from parlour.staff.signing_in import Entrance
from parlour.tools import Tools
from parlour.web import seats
from parlour.web.studio import shell
from parlour.web.studio.shell import NOTHING, Filled
from parlour.web.studio.throttle import Throttle

CODE: Final = "/studio/sign-in/code"


def sign_in_form(
    tools: Tools, form: Filled = NOTHING, back: str = shell.HOME, *, notice: str = ""
) -> Response[Any]:
    """Show the form of signing in; `notice` is `lost` or `late` when something went before."""
    return shell.outside(
        "studio/sign-in.html",
        status=form.status,
        retry=form.retry,
        form=form,
        back=back,
        notice=notice,
        **provider_words(tools),
    )


def provider_words(tools: Tools) -> dict[str, Any]:
    """Return what pages say of the provider: its name, empty without one, and who needs it."""
    settings = tools.settings
    name = named(settings.oidc_label, settings.oidc_issuer) if settings.oidc_issuer else ""
    return {"provider": name, "owners_only": settings.passwords == "owners"}


def entered(tools: Tools, entrance: Entrance, back: str) -> Redirect:
    """Lead on whoever came in, or to the second step whoever is half in."""
    if entrance.half:
        cookie = seats.cookie(tools.settings, entrance.secret, seats.HALF)
        return shell.go(CODE + asking(back), cookies=[cookie])
    return shell.go(back, cookies=seats.entered(tools.settings, entrance.secret))


def asking(back: str, mark: str = "?") -> str:
    """Write the part of an address that remembers where somebody wants to be."""
    return f"{mark}next={quote(back, safe='')}" if back != shell.HOME else ""


def again(page: str, problem: Problem, typed: dict[str, str], **values: Any) -> Response[Any]:
    """Show a form again, with what was typed except passwords."""
    form = Filled.after(problem, typed)
    return shell.outside(
        page, status=problem.status, retry=problem.retry_after, form=form, **values
    )


def throttle(request: Request[Any, Any, Any]) -> Throttle:
    """Return what slows down whoever tries passwords and codes here."""
    found: Throttle = request.app.state.throttle
    return found
