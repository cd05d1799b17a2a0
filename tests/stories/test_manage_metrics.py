"""Metrics and logs for programs: what is asked for, what is refused, and the terms of counting."""

import base64
from typing import Any

from parlour.rights import Role
from tests.rig.managing import Office


async def test_programs_read_numbers(office: Office) -> None:
    """API: filters that are none are refused by name; a key for one agent sees that one alone."""
    api = await office.api(Role.ANALYST)
    agent = await office.agent("function", {"target": "json:dumps"})
    read = await api.get(f"/api/metrics?days=3&agent={agent.name}")
    assert (read.status, len(read.json["days"]), len(read.json["hours"])) == (200, 3, 24)
    assert read.json["total"]["sessions"] == read.json["before"]["sessions"] == 0
    assert read.json["total"]["first_word_p50_ms"] is None
    for query, field in (
        ("days=x", "days"), ("days=400", "days"), ("first=2026-13-01", "first"),
        ("first=2026-11-02&last=2026-11-01", "last"),
    ):  # fmt: skip
        wrong = await api.get(f"/api/metrics?{query}")
        assert (wrong.status, wrong.fields) == (422, [field])
    assert (await api.get("/api/sessions?how=well")).fields == ["how"]
    assert (await api.get("/api/sessions?after=x")).fields == ["after"]
    assert (await api.get("/api/metrics?agent=nobody")).status == 404
    assert (await api.get("/api/sessions")).json == {"items": [], "next_cursor": None}
    for path in ("/api/metrics.csv", "/api/sessions.csv"):
        file = await api.get(path)
        assert file.headers["Content-Disposition"].startswith("attachment")
    other = await office.agent("function", {"target": "json:dumps"}, "other")
    scoped = await office.api(Role.BUILDER, agent_id=other.id)
    assert (await scoped.get(f"/api/metrics?agent={agent.name}")).status == 404
    assert (await scoped.put("/api/metrics/terms", {"zone": "UTC"})).status == 403


async def test_programs_say_how_is_counted(office: Office) -> None:
    api = await office.api()
    agent = await office.agent("function", {"target": "json:dumps"})
    read = await api.get("/api/metrics/terms")
    assert (read.json["zone"], read.json["prices"]) == ("UTC", {})
    wish = {"zone": "Europe/Berlin", "prices": {agent.name: {"input": "0.15", "output": "0.6"}}}
    put = await api.put("/api/metrics/terms", wish, If_Match=read.headers["ETag"])
    assert (put.status, put.json["prices"][agent.name]["output"]) == (200, "0.60")
    stale = await api.put("/api/metrics/terms", {"zone": "UTC"}, If_Match=read.headers["ETag"])
    assert stale.status == 412
    wrong: list[dict[str, Any]] = [
        {"zone": "Nowhere"}, {"currency": "€"}, {"prices": {agent.name: {}}}, {"x": 1}
    ]  # fmt: skip
    for each in wrong:
        assert (await api.put("/api/metrics/terms", each)).status in {400, 422}
    nobody = {"prices": {"no": {"input": "1", "output": "1"}}}
    assert (await api.put("/api/metrics/terms", nobody)).status == 404
    analyst = await office.api(Role.ANALYST)
    assert (await analyst.put("/api/metrics/terms", {"zone": "UTC"})).status == 403


async def test_programs_find_messages(office: Office) -> None:
    """Filters that are none are refused by name; views are each key's own."""
    api, other = await office.api(Role.ANALYST), await office.api(Role.ANALYST)
    assert (await api.get("/api/messages?q=anything")).json == {"items": [], "next_cursor": None}
    assert (await api.get("/api/messages/questions")).json == {
        "items": [],
        "next_cursor": None,
        "since": None,
    }
    for query, field in (
        ("author=me", "author"),
        ("lack=all", "lack"),
        ("rating=1", "rating"),
        ("after=x", "after"),
    ):
        assert (await api.get(f"/api/messages?{query}")).fields == [field]
    assert (await api.get("/api/messages?agent=nobody")).status == 404
    assert (await api.get("/api/messages?visitor=nobody")).status == 404
    assert (await api.get("/api/messages?conversation=nothing")).json["items"] == []
    far = base64.b64encode(b"1882378595216492182").decode()
    assert (await api.get(f"/api/messages?after={far}")).json["items"] == []
    assert (await api.get("/api/messages?after=OTk5OTk5OTk5OTk5OTk5OTk5OTk")).fields == ["after"]
    file = await api.get("/api/messages.csv?q=x")
    assert file.headers["Content-Disposition"].startswith("attachment")
    views = "/api/messages/views"
    made = await api.post(views, {"name": "Failed lately", "query": "failed=1"})
    assert (made.status, (await api.get(views)).json) == (201, [made.json])
    assert (await api.post(views, {"name": "", "query": ""})).fields == ["name"]
    one = f"{views}/{made.json['id']}"
    assert (await other.get(views)).json == []
    assert (await other.delete(one)).status == 404
    assert (await api.delete(one)).json == {"view_id": made.json["id"]}
