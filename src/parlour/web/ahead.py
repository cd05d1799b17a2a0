"""The page that is asked for most, answered before the framework looks for its route."""

import re
from collections.abc import Callable
from typing import Any, Final

from litestar import Litestar, Response
from litestar.enums import HttpMethod
from litestar.types import ASGIApp, Receive, Scope, Send

from parlour.web.bodies import StrictRequest
from parlour.web.gates import Asked

_CHAT: Final = re.compile(r"(/chat/|/public/chat/)([^/]+)\Z")


class Ahead:
    """Answers `GET /chat/<token>`, and passes everything else on to the framework.

    Finding the route and who tells of its failures, and looking at each message twice, cost the
    framework a tenth of a visit.
    """

    __slots__ = ("_app", "_refuse", "_show")

    def __init__(
        self, app: Litestar, show: ASGIApp, refuse: Callable[[Asked, Exception], Response[Any]]
    ) -> None:
        """Answer by `show`, and what it raises by `refuse`; both are the route's own in `app`."""
        self._app = app
        self._show = show
        self._refuse = refuse

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        found = _CHAT.match(scope["path"]) if scope.get("method") == HttpMethod.GET else None
        if found is None:
            await self._app(scope, receive, send)
            return
        scope["app"] = scope["litestar_app"] = self._app
        scope["path_params"] = {"token": found[2]}
        scope["path_template"] = found[1] + "{token:str}"
        try:
            await self._show(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - whatever it is, a page tells of it
            await self._tell(scope, receive, send, error)

    async def _tell(self, scope: Scope, receive: Receive, send: Send, error: Exception) -> None:
        request: Asked = StrictRequest(scope, receive, send)
        response = self._refuse(request, error)
        await response.to_asgi_response(None, request)(scope, receive, send)
