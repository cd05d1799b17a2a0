"""The interface for programs: all of it documented, all of it closed unless it says otherwise."""

import re
import warnings

import pytest
from litestar import Litestar
from litestar.exceptions import LitestarDeprecationWarning
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from bench import looking
from parlour.config import Settings
from parlour.rights import MAY, Permission, Role
from parlour.web import whole
from parlour.web.api import describing, interface
from parlour.web.gates import Gate
from parlour.web.studio import finding
from tests.rig.project import ROOT

PAGE = (ROOT / "docs" / "api.md").read_text()
DOCUMENTED = set(re.findall(r"^\| `([A-Z]+ /[^`]*)` \|", PAGE, re.MULTILINE))


@pytest.fixture(scope="module")
def app() -> Litestar:
    with warnings.catch_warnings():  # handlers name what they take, in the way of Litestar 2
        warnings.simplefilter("ignore", LitestarDeprecationWarning)
        built = whole.routed(Settings().max_body_bytes)
        describing.described(built, interface.CALLS)
    return built


def handlers(app: Litestar) -> list[tuple[str, HTTPRouteHandler]]:
    return [
        (route.path_format, handler)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.http_methods != {"OPTIONS"}
    ]


def test_every_call_is_documented_and_there(app: Litestar) -> None:
    document = describing.described(app, interface.CALLS)
    calls = {
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method in item
        if method != "head"
    }
    assert calls == DOCUMENTED


def test_the_description_holds_all_that_programs_may_call(app: Litestar) -> None:
    document = describing.described(app, interface.CALLS)
    served = {path for path, _ in handlers(app)}
    pages = {path for path in served if "/chat/" in path and "/api/" not in path}
    pages |= {path for path in served if path.startswith(("/studio", "/share/"))}
    others = {"/", "/static/{version}/{path}", "/inks/{name}", "/.well-known/parlour/{word}"}
    others |= {"/widget/v1.js", "/pictures/{name}", "/letters/{name}"}
    assert set(document["paths"]) == served - pages - others


def test_a_gate_that_wants_somebody_is_really_shut(app: Litestar) -> None:
    """Only a handler that asks who acts has anybody look at the key, or at the session."""
    for path, handler in handlers(app):
        gate = handler.opt.get("gate")
        assert isinstance(gate, Gate), path
        asks = {"who", "seat"} & set(handler.parsed_fn_signature.parameters)
        assert asks == ({gate.asks} if gate.asks else set()), path


def test_what_changes_something_is_never_a_get(app: Litestar) -> None:
    """LNK-21: what a GET needs is to see, but for addresses and forms that managers get."""
    for path, handler in handlers(app):
        if "GET" in handler.http_methods:
            gate: Gate = handler.opt["gate"]
            manages = gate.permission is not None and gate.permission.endswith(":manage")
            addresses = (".svg", ".png", ".csv", ".pdf", "/qr", "/share")
            forms = ("/keys", "/new", "/delete")
            assert not manages or path.endswith((*addresses, *forms)), path


@pytest.mark.parametrize("role", list(Role))
def test_the_palette_finds_every_page_that_a_role_may_open(app: Litestar, role: Role) -> None:
    """By its address: all but what is no page, and a desk that belongs to whoever answers."""
    may = MAY[role].__contains__
    no_pages = (".csv", "/live", "/export", "/next", "/studio/find")
    may_open = {
        path
        for path, handler in handlers(app)
        if path.startswith("/studio") and "{" not in path and not path.endswith(no_pages)
        if "GET" in handler.http_methods and handler.opt["gate"].asks == "seat"
        if (needed := handler.opt["gate"].permission) is None or may(needed)
    }
    found = {each.path for each in (*finding.pages(may, ""), *finding.actions(may, ""))}
    assert {path for path in found if "#" not in path} <= may_open
    assert may_open - found == (set() if may(Permission.CONVERSATIONS_ANSWER) else {"/studio/desk"})


def test_every_page_of_the_studio_is_measured() -> None:
    """`bench looking` knows of something to fill each address with."""
    named = {name for each in looking.every_page() for name in re.findall(r"{(\w+)", each.path)}
    assert named <= looking.NAMED
