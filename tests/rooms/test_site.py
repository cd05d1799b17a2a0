"""What a server has ready from its start, and what it makes when somebody asks for it first."""

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
from litestar import Litestar

from parlour.chat.live import Live
from parlour.tools import Tools
from parlour.web import front, site, whole
from tests.rig.inside import Inside, routed
from tests.rig.routes import every_route
from tests.rig.waiting import eventually

NOT_YET = {"parlour.web.whole", "parlour.web.studio", "parlour.web.api.manage", "joserfc"}
NOT_YET |= {"PIL", "snowballstemmer"}


def test_a_server_starts_without_what_only_the_team_needs() -> None:
    asked = "import json, sys, parlour.cli.serving; print(json.dumps(sorted(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True)
    loaded = set(json.loads(told.stdout))
    assert {"parlour.web.front", "parlour.web.visit.room"} <= loaded
    assert loaded.isdisjoint(NOT_YET)


def test_every_route_stands_on_one_side() -> None:
    before, _ = routed()
    of_front = {route.path_format for route in before.routes}
    of_whole = {route.path for route in every_route()}
    behind = {path for path in of_whole if front.is_behind(path)}
    assert of_front == of_whole - behind
    of_team = {"studio", "api", "docs", "openapi.json", "conversation", "peoples"}
    assert {path.split("/")[1] for path in behind} == of_team
    assert not any(path.startswith("/api/public/") for path in behind)


@pytest.mark.parametrize("path", ["/studio", "/studio/agents", "/api/agents", "/api/-/-", "/docs"])
def test_the_team_is_behind(path: str) -> None:
    assert front.is_behind(path)


@pytest.mark.parametrize(
    "path",
    ["/", "/studios", "/api-docs", "/docsy", "/api/public/chat/x", "/wp-login.php", "/-/-", ""],
)
def test_strangers_wander_about_before_it(path: str) -> None:
    """Whoever tries addresses at random makes no server load what nobody uses."""
    assert not front.is_behind(path)


class Making:
    """Makes what is behind when told to, in place of the real making, and counts."""

    def __init__(self, *, fails: int = 0) -> None:
        self.times = 0
        self.go_on = threading.Event()
        self._fails = fails

    def __call__(self, _most: int) -> Litestar:
        self.times += 1
        assert self.go_on.wait(20)
        if self.times <= self._fails:
            raise OSError(24, "Too many open files")
        return routed()[1]


@pytest.fixture
def starting(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> Callable[[Making], Inside]:
    """Furnish a site whose other half is still to be made."""

    def furnish(making: Making) -> Inside:
        inside = Inside(tools)  # which has its routes from the real one
        monkeypatch.setattr(whole, "routed", making)
        inside.edge = site.furnished(routed()[0], tools, Live(tools))
        return inside

    return furnish


async def test_it_is_made_once_for_all_who_ask_and_visitors_are_served_meanwhile(
    starting: Callable[[Making], Inside],
) -> None:
    making = Making()
    inside = starting(making)
    first = asyncio.create_task(inside.ask("GET", "/studio"))
    await eventually(lambda: making.times == 1)
    asking = [asyncio.create_task(inside.ask("GET", path)) for path in ("/studio", "/api/agents")]
    for path, status in (("/chat/nothing-here", 404), ("/wp-login.php", 404), ("/healthz", 200)):
        assert (await inside.ask("GET", path)).status == status
    first.cancel()  # who goes takes nobody's answer along
    await asyncio.wait({first})
    making.go_on.set()
    page, refused = await asyncio.gather(*asking)
    assert (page.status, refused.status) == (303, 401)
    assert (await inside.ask("GET", "/studio/sign-in")).status == 303
    assert making.times == 1


async def test_when_it_cannot_be_made_that_is_told_and_tried_again(
    starting: Callable[[Making], Inside],
) -> None:
    making = Making(fails=1)
    making.go_on.set()
    inside = starting(making)
    told = await inside.ask("GET", "/studio/sign-in")
    assert (told.status, told.code) == (500, "internal")
    assert (await inside.ask("GET", "/studio/sign-in")).status == 303
    assert making.times == 2


async def test_what_is_no_request_passes(starting: Callable[[Making], Inside]) -> None:
    making = Making()
    heard: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": "lifespan.startup"}

    async def send(message: dict[str, str]) -> None:
        heard.append(message["type"])
        if len(heard) == 1:
            raise asyncio.CancelledError

    with contextlib.suppress(asyncio.CancelledError):
        await starting(making).edge({"type": "lifespan", "asgi": {}}, receive, send)  # type: ignore[arg-type]
    assert heard[:1] == ["lifespan.startup.complete"]
    assert making.times == 0
