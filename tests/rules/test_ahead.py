"""Which requests are answered ahead of the framework, and how a failure there is told."""

from typing import Any

import pytest
from litestar import Response

from parlour.web.ahead import Ahead


async def _asked(method: str, path: str, error: Exception | None = None) -> tuple[str, Any]:
    """Ask an application of two; return who answered, and the scope that they saw."""
    heard: list[str] = []
    scope: Any = {"type": "http", "method": method, "path": path, "headers": [], "state": {}}

    async def framework(_scope: Any, _receive: Any, _send: Any) -> None:
        heard.append("framework")

    async def show(_scope: Any, _receive: Any, _send: Any) -> None:
        heard.append("page")
        if error is not None:
            raise error

    def refuse(request: Any, raised: Exception) -> Response[str]:
        heard.append(f"{type(raised).__name__} at {request.path_params['token']}")
        return Response("no", status_code=404)

    async def send(message: Any) -> None:
        heard.append(str(message.get("status", "body")))

    app: Any = framework
    await Ahead(app, show, refuse)(scope, None, send)  # type: ignore[arg-type]  # nothing receives
    return " ".join(heard), scope


@pytest.mark.parametrize("door", ["/chat/", "/public/chat/"])
async def test_a_page_is_answered_ahead(door: str) -> None:
    who, scope = await _asked("GET", f"{door}AbC-_9")
    assert who == "page"
    assert scope["path_params"] == {"token": "AbC-_9"}
    assert scope["path_template"] == f"{door}{{token:str}}"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *[(method, "/chat/abc") for method in ("POST", "OPTIONS", "PUT", "get")],
        *[("GET", path) for path in ("/chat", "/chat/", "/chat/a/", "/chat/a/sources/b/1")],
        *[("GET", path) for path in ("/chat//a", "/x/chat/a", "/chats/a", "/share/a", "/")],
        ("GET", "/chat/-/-/-/-"),
    ],
)
async def test_everything_else_goes_on(method: str, path: str) -> None:
    who, scope = await _asked(method, path)
    assert who == "framework"
    assert "path_params" not in scope


async def test_what_a_page_raises_is_told_by_a_page() -> None:
    who, _ = await _asked("GET", "/chat/abc", ValueError("odd"))
    assert who == "page ValueError at abc 404 body"


async def test_what_is_no_request_goes_on() -> None:
    heard: list[str] = []

    async def framework(scope: Any, _receive: Any, _send: Any) -> None:
        heard.append(scope["type"])

    app: Any = framework
    ahead: Any = Ahead(app, app, lambda _request, _error: Response(""))
    await ahead({"type": "lifespan"}, None, None)
    assert heard == ["lifespan"]
