"""What the server says of itself: alive, ready, measured, described, and closed to crawlers."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from parlour.rights import Role
from tests.rig.managing import Api, Office
from tests.rig.nursery import Nursery
from tests.rig.project import ROOT
from tests.rig.server import Server
from tests.rig.storage import Storage
from tests.rig.visiting import Visit
from tests.rig.waiting import eventually


@pytest.fixture
def anybody(office: Office) -> Api:
    return office.stranger()


async def test_alive_and_ready(anybody: Api) -> None:
    alive = await anybody.get("/healthz")
    assert (alive.status, alive.json) == (200, {"status": "alive"})

    async def ready() -> bool:
        return (await anybody.get("/readyz")).status == 200

    await eventually(ready)
    told = await anybody.get("/readyz")
    assert told.json == {"status": "ready", "database": "there", "bus": "there"}
    assert told.headers["Cache-Control"] == "no-store"


async def test_metrics_are_for_owners(anybody: Api, office: Office, api: Api) -> None:
    """API-09"""
    assert (await anybody.get("/metrics")).status == 401
    builder = await office.api(Role.BUILDER)
    assert (await builder.get("/metrics")).status == 403
    told = await api.get("/metrics")
    assert told.status == 200
    assert told.headers["Content-Type"].startswith("text/plain")
    for name in ("parlour_jobs{", "parlour_bus_up 1.0", "parlour_build{", "process_cpu_seconds"):
        assert name in told.body.decode(), name
    assert api.key not in told.body.decode()


async def test_what_is_measured_goes_up_with_what_happens(visit: Visit, api: Api) -> None:
    """Every figure that the page of metrics names is there, and moves."""

    async def figures() -> dict[str, float]:
        told = (await api.get("/metrics")).body.decode()
        found = (line.rpartition(" ") for line in told.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, _, value in found}

    before = await figures()
    visitor = visit.visitor()
    await visitor.say("Hello?")
    await visitor.settled()
    async with visitor.live():
        during = await figures()
    after = await figures()
    for name in (
        'parlour_replies_total{state="done"}',
        "parlour_reply_seconds_count",
        "parlour_store_seconds_count",
    ):
        assert after[name] > before.get(name, 0), name
    assert during["parlour_streams"] >= 1
    page = (ROOT / "docs" / "metrics.md").read_text()
    own = {re.sub(r"(_total|_count|_sum|_bucket)?({.*)?$", "", name) for name in after}
    for name in own:
        if name.startswith("parlour_"):
            assert f"`{name}" in page, name


async def test_routes_are_measured_by_their_template(api: Api) -> None:
    await api.get("/api/agents/some-name-of-an-agent")
    told = (await api.get("/metrics")).body.decode()
    assert "some-name-of-an-agent" not in told
    assert "/api/agents/{name}" in told


async def test_the_description_is_true(anybody: Api) -> None:
    document = (await anybody.get("/openapi.json")).json
    assert document["openapi"].startswith("3.1")
    names: list[str] = []
    for path, item in document["paths"].items():
        for method, call in item.items():
            names.append(call["operationId"])
            where = f"{method} {path}"
            assert call["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
            given = {each["name"] for each in call.get("parameters", []) if each["in"] == "path"}
            assert given == set(re.findall(r"{(\w+)}", path)), where
            managed = path.startswith("/api/") and not path.startswith("/api/public/")
            closed = managed or path == "/metrics" or "/conversation/share/" in path
            assert bool(call["security"]) is closed, where
    assert len(names) == len(set(names))
    problem = document["components"]["responses"]["Problem"]
    assert list(problem["content"]) == ["application/problem+json"]
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert references <= set(document["components"]["schemas"])
    link = document["components"]["schemas"]["LinkShown"]["properties"]
    assert link["id"]["pattern"].startswith("^lnk_")
    assert link["created_at"]["format"] == "date-time"


async def test_answers_are_as_described(api: Api) -> None:
    """What is sent has exactly the fields that the description names."""
    document = (await api.get("/openapi.json")).json
    forms = document["components"]["schemas"]
    wish = {"base_url": "http://127.0.0.1:8099/v1", "model": "m"}
    agent = await api.post("/api/agents", {"name": "a", "backend": "openai", "config": wish})
    assert set(agent.json) == set(forms["AgentMade"]["properties"])
    link = await api.post("/api/agents/a/public-links", {})
    assert set(link.json) == set(forms["LinkShown"]["properties"])
    key = await api.post("/api/keys", {"name": "x"})
    assert set(key.json) == set(forms["KeyMade"]["properties"])
    assert set((await api.get("/api/agents")).json) == set(forms["PageOfAgents"]["properties"])


class _Loads(HTMLParser):
    """Collects what a page would load, and its scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        if tag in ("link", "img", "script", "iframe"):
            self.found += [value or "" for name, value in attrs if name in ("href", "src")]


async def test_the_manual_is_served_from_here(anybody: Api) -> None:
    page = await anybody.get("/docs")
    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")
    loads = _Loads()
    loads.feed(page.body.decode())
    assert loads.scripts == 0
    assert loads.found
    for address in loads.found:
        assert address.startswith("/static/")
        assert (await anybody.get(address)).status == 200
    for path in (await anybody.get("/openapi.json")).json["paths"]:
        assert path in page.body.decode()


async def test_nothing_inner_is_told(anybody: Api) -> None:
    """ISO-09"""
    for path in ("/openapi.json", "/docs", "/robots.txt", "/healthz", "/readyz"):
        body = (await anybody.get(path)).body
        assert b"127.0.0.1" not in body
        assert b"/home/" not in body


async def test_crawlers_are_asked_to_stay_away(anybody: Api) -> None:
    """LNK-07: prefixes only."""
    lines = (await anybody.get("/robots.txt")).body.decode().splitlines()
    assert lines[0] == "User-agent: *"
    assert "Disallow: /chat/" in lines
    assert all(re.fullmatch(r"Disallow: /[a-z]+/?", line) for line in lines[1:])


@pytest.mark.parametrize(
    "path", ["/debug", "/health", "/openapi", "/schema", "/metrics/", "/admin", "/.env"]
)
async def test_nothing_else_is_there(anybody: Api, path: str) -> None:
    """API-09"""
    assert (await anybody.get(path)).status in (401, 404)


@pytest.mark.parametrize("method", ["TRACE", "PATCH", "PUT", "PROPFIND"])
async def test_other_methods(api: Api, method: str) -> None:
    """API-09"""
    told = await api.call(method, "/api/agents")
    assert told.status in (404, 405)


async def test_whom_to_tell_of_a_weakness(
    storage: Storage, tmp_path: Path, office: Office, anybody: Api, nursery: Nursery
) -> None:
    assert (await anybody.get("/.well-known/security.txt")).status == 404
    contact = "mailto:security@example.org"
    server = Server(storage, tmp_path, nursery, PARLOUR_SECURITY_CONTACT=contact)
    server.start()
    try:
        told = await Api(office.http, server.url, "").get("/.well-known/security.txt")
        text = told.body.decode()
        assert f"Contact: {contact}\n" in text
        assert re.search(r"^Expires: \d{4}-\d\d-\d\dT00:00:00Z$", text, re.MULTILINE)
    finally:
        server.close()


async def test_a_message_s_answers_are_described(anybody: Api) -> None:
    """Whole, later, or as a stream; and every way in which it may be refused."""
    document = (await anybody.get("/openapi.json")).json
    chat = document["paths"]["/api/public/chat/{token}"]["post"]["responses"]
    assert set(chat["200"]["content"]) == {"application/json", "text/event-stream"}
    for status, form in (("200", "Answered"), ("202", "Later")):
        schema = chat[status]["content"]["application/json"]["schema"]
        assert schema["$ref"].rpartition("/")[2].endswith(form)
    refusals = {"403", "404", "410", "413", "415", "422", "429", "502", "503", "504", "507"}
    assert set(chat) == {"200", "202", "default"} | refusals
    for status in refusals:
        assert set(chat[status]["content"]) == {"application/problem+json"}
    live = document["paths"]["/api/public/live/{token}"]["get"]["responses"]
    assert set(live["200"]["content"]) == {"text/event-stream"}
