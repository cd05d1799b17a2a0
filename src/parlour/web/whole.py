"""The whole site: every route with its gate. It is made when the team asks for its half first."""

from typing import Any, Final

from litestar import Litestar, Response

from parlour.staff.openid.provider import Provider
from parlour.tools import Tools
from parlour.web import front, routing
from parlour.web.api import interface, manage
from parlour.web.gates import Asked
from parlour.web.studio import (
    agents,
    canned,
    conversations,
    devices,
    downloading,
    entering,
    finding,
    forgetting,
    history,
    holding,
    home,
    keys,
    links,
    mails,
    me,
    messages,
    metrics,
    notes,
    people,
    privacy,
    provider,
    receipts,
    refusing,
    retention,
    revealing,
    second_step,
    sessions,
    shares,
    shell,
    teams,
    transcript,
    webhooks,
    widgets,
)
from parlour.web.studio import remembered as memories
from parlour.web.studio.throttle import Throttle

STUDIO: Final = (
    *(
        entering,
        provider,
        finding,
        agents,
        widgets,
        links,
        conversations,
        transcript,
        holding,
        canned,
        shares,
        forgetting,
        receipts,
        downloading,
        revealing,
        devices,
        memories,
    ),
    *(messages, metrics, sessions),
    *(
        notes,
        teams,
        people,
        privacy,
        retention,
        me,
        mails,
        second_step,
        keys,
        webhooks,
        history,
        home,
    ),
)
"""The files of the studio's door."""


def routed(max_body_bytes: int) -> Litestar:
    """Make every route of the site, for whatever tools.

    Raises:
        ValueError: a route is where the front is asked, which does not have it.
    """
    doors = (*STUDIO, manage, interface)
    behind = [handler for door in doors for handler in door.HANDLERS]
    for door in front.DOORS:
        behind += [each for each in door.HANDLERS if any(map(front.is_behind, each.paths))]
    for handler in behind:
        if not all(map(front.is_behind, handler.paths)):
            raise ValueError(f"the front, which has no such route, is asked for {handler}")
    return routing.routed([*front.handlers(), *routing.guarded(behind)], max_body_bytes, tell)


def equip(app: Litestar, tools: Tools) -> None:
    """Give it what only the studio answers with."""
    settings = tools.settings
    app.state.throttle = Throttle(tools)
    app.state.provider = (
        Provider(settings, tools.http, tools.clock) if settings.oidc_issuer else None
    )


def tell(request: Asked, error: Exception) -> Response[Any]:
    """Tell of a failure: in the studio by its own pages, elsewhere as the front does."""
    path = request.url.path
    if path == shell.HOME or path.startswith(shell.HOME + "/"):
        return refusing.refuse(request, error)
    return front.tell(request, error)
