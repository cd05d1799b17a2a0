"""Coming into the studio by the OpenID provider: the way there, and the way back."""

from typing import Any

from litestar import Request, Response, get
from litestar.response import Redirect

from parlour import workspaces
from parlour.kit.errors import NotFound, Problem
from parlour.links import address
from parlour.staff import signing_in
from parlour.staff.openid import binding, proving, rounds
from parlour.staff.openid.provider import Provider, named
from parlour.staff.openid.refusals import ProviderAway
from parlour.staff.openid.rounds import Answer
from parlour.tools import Tools
from parlour.web import browsers, peers, seats
from parlour.web.gates import OPEN, Asked
from parlour.web.studio import door, shell

_THERE = shell.PROVIDER
_BACK = _THERE + "/back"
_OPEN = {"gate": OPEN}


@get(_THERE, opt=_OPEN)
async def to_provider(request: Asked, tools: Tools) -> Response[Any]:
    """Lead to the provider. It changes nothing: what it needs to know again, the browser keeps."""
    back = shell.own_path(request.query_params.get("next", shell.HOME))
    settings, provider = tools.settings, _provider(request)
    try:
        door.throttle(request).count(request, "provider")
        offer = await provider.offer()
    except Problem as problem:
        return _refused(tools, problem, back)
    begun = rounds.begin(back, tools.clock.now())
    asked = begun.question(settings.oidc_client_id, _answer_address(tools), settings.oidc_scopes)
    mark = "&" if "?" in offer.authorization_endpoint else "?"
    cookie = seats.cookie(settings, rounds.sealed(tools.keys, begun), seats.ROUND)
    return Redirect(offer.authorization_endpoint + mark + asked, status_code=303, cookies=[cookie])


@get(_BACK, opt=_OPEN)
async def from_provider(request: Asked, tools: Tools) -> Response[Any]:
    """Let in whom the provider sent back to the browser that had begun it."""
    settings, provider, asked = tools.settings, _provider(request), request.query_params
    kept = seats.secret_of(request, settings, seats.ROUND)
    answer = Answer(*(asked.get(name, "") for name in ("state", "code", "error", "iss")))
    back = shell.HOME
    try:
        door.throttle(request).count(request, "provider")
        begun = rounds.opened(tools.keys, kept, answer.state, tools.clock.now())
        back = shell.own_path(begun.back)
        identity = await proving.proved(tools, provider, begun, answer, _answer_address(tools))
        home = (await workspaces.ensure_default(tools)).id
        person = await binding.let_in(tools, identity, home)
        entrance = await signing_in.come_in(
            tools,
            person,
            browsers.named(request.headers.get("user-agent", "")),
            instead_of=seats.secret_of(request, settings),
            place=peers.seen_from(request.scope, tools),
        )
    except Problem as problem:
        return _refused(tools, problem, back)
    led = door.entered(tools, entrance, back)
    led.cookies.append(seats.cookie(settings, None, seats.ROUND))
    return led


def _provider(request: Request[Any, Any, Any]) -> Provider:
    found: Provider | None = request.app.state.provider
    if found is None:
        raise NotFound("there is no such page")
    return found


def _answer_address(tools: Tools) -> str:
    home = address.base(tools.settings)
    return (home if tools.within is None else address.home(tools, tools.within)) + _BACK


def _refused(tools: Tools, problem: Problem, back: str) -> Response[Any]:
    """Show the form of signing in again, with what the provider brought about."""
    name = named(tools.settings.oidc_label, tools.settings.oidc_issuer)
    said = f"{name}: {problem.detail}"
    away = " Your password works meanwhile." if isinstance(problem, ProviderAway) else ""
    form = shell.Filled(trouble=f"{said}.{away}", status=problem.status)
    answer = door.sign_in_form(tools, form, back)
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    answer.cookies.append(seats.cookie(tools.settings, None, seats.ROUND))
    return answer


HANDLERS = [to_provider, from_provider]
