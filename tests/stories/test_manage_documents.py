"""Documents, drafts and versions of agents over HTTP, as a program manages them (INP-06)."""

import re
from urllib.parse import quote

import aiohttp
import pytest

from parlour.rights import Role
from tests.rig.managing import MODEL, Api, Office, Told, new_agent
from tests.rig.model import FakeModel
from tests.rig.visitor import Visitor
from tests.rig.waiting import eventually

DOORS = b"# Doors\n\nTurn the brass key twice to the left.\n"
PATH = "/api/agents/handbook/documents"


@pytest.fixture
async def handbook(api: Api) -> Api:
    """A program that has made a draft called handbook."""
    wanted = {"name": "handbook", "backend": "documents", "config": {}, "publish": False}
    made = await api.post("/api/agents", wanted)
    assert (made.status, made.json["config"]) == (201, {"documents": 0}), made.body
    return api


async def upload(api: Api, name: str, content: bytes) -> Told:
    return await api.call(
        "POST", f"{PATH}?filename={quote(name)}", content, Content_Type="application/octet-stream"
    )


async def test_documents_from_upload_to_answer(handbook: Api) -> None:
    first = await handbook.post("/api/agents/handbook/publish")
    assert (first.status, first.code) == (409, "not_ready")
    added = await upload(handbook, "Für Türen.md", DOORS)
    assert added.status == 201
    told = added.json["documents"][0]
    assert (told["name"], told["bytes"], told["published"]) == ("Für Türen.md", len(DOORS), False)
    listed = await handbook.get(PATH)
    assert listed.json == {"items": [told], "next_cursor": None}
    assert (await handbook.get("/api/agents/handbook/changes")).json == {
        "changes": ["First version"]
    }
    assert (await handbook.post("/api/agents/handbook/publish")).json["published"] == 1

    async def is_ready() -> bool:
        return bool((await handbook.get("/api/agents/handbook/index")).json["state"] == "ready")

    await eventually(is_ready)
    assert (await handbook.get(PATH)).json["items"][0]["published"] is True
    gone = await handbook.delete(f"{PATH}?filename={quote('Für Türen.md')}")
    assert gone.status == 200, gone.body
    assert gone.json["name"] == "Für Türen.md"
    assert (await handbook.get("/api/agents/handbook/changes")).json == {
        "changes": ["Documents: 1 removed"]
    }
    assert (await handbook.delete(f"{PATH}?filename={quote('Für Türen.md')}")).status == 404
    assert (await handbook.post("/api/agents/handbook/discard")).status == 200
    assert (await handbook.get(PATH)).json["items"][0]["published"] is True
    assert (await handbook.get("/api/agents/handbook/footprint")).json == {
        "links": 0,
        "conversations": 0,
        "documents": 1,
        "versions": 1,
    }


async def test_a_form_holds_several_and_pages_list_them(handbook: Api) -> None:
    data = aiohttp.FormData()
    for name in ("c.md", "a.md", "b.md"):
        data.add_field("file", DOORS + name.encode(), filename=name)
    data.add_field("comment", "passed over")
    headers = {"Authorization": f"Bearer {handbook.key}"}
    async with handbook.http.post(handbook.url + PATH, data=data, headers=headers) as answer:
        assert answer.status == 201, await answer.text()
    first = (await handbook.get(f"{PATH}?limit=2")).json
    assert [each["name"] for each in first["items"]] == ["a.md", "b.md"]
    rest = (await handbook.get(f"{PATH}?limit=2&after={first['next_cursor']}")).json
    assert ([each["name"] for each in rest["items"]], rest["next_cursor"]) == (["c.md"], None)
    assert (await handbook.get(f"{PATH}?after=bm90aGV4")).status == 422


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=x", b"not a form"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=f"),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        ("application/octet-stream", b"words"),
        ("", b""),
    ],
)
async def test_forms_that_are_none(handbook: Api, kind: str, body: bytes) -> None:
    """INP-06"""
    told = await handbook.call("POST", PATH, body, Content_Type=kind)
    assert told.status == 422, told.body
    assert (await handbook.get(PATH)).json["items"] == []


async def test_a_version_is_brought_back(api: Api) -> None:
    await new_agent(api, description="First")
    await api.put("/api/agents/helper", {"description": "Second"})
    await api.post("/api/agents/helper/publish")
    back = await api.post("/api/agents/helper/rollback", {"version": 1})
    assert (back.json["published"], back.json["description"]) == (3, "First")
    newest = (await api.get("/api/agents/helper/versions")).json["items"][0]
    assert (newest["number"], newest["restored_from"]) == (3, 1)
    assert newest["published_by"]
    for number, status in ((1, 409), (9, 404), (0, 404), (-1, 404), (2**70, 404)):
        told = await api.post("/api/agents/helper/rollback", {"version": number})
        assert told.status == status, number


async def test_a_backend_is_asked_before_it_is_kept(api: Api, model: FakeModel) -> None:
    await new_agent(api, config={**MODEL, "base_url": model.base_url})
    told = (await api.post("/api/agents/helper/test")).json
    assert told["answered"] is True, told
    assert told["text"]
    wrong = {"config": {**MODEL, "base_url": "http://10.0.0.1/v1"}}
    refused = await api.post("/api/agents/helper/test", wrong)
    assert (refused.status, refused.fields) == (422, ["base_url"]), "never a private network"
    nobody = {"backend": "openai", "config": {**MODEL, "base_url": "http://127.0.0.1:8098/v1"}}
    answer = await api.post("/api/backends/test", nobody)
    assert answer.status == 200, answer.body
    told = answer.json
    assert (told["answered"], told["code"]) == (False, "unreachable")
    none = {"backend": "documents", "config": {}}
    assert (await api.post("/api/backends/test", none)).status == 404


async def test_only_who_manages_agents_may(office: Office, handbook: Api) -> None:
    analyst = await office.api(Role.ANALYST)
    assert (await analyst.get(PATH)).status == 200
    assert (await upload(analyst, "a.md", DOORS)).status == 403
    assert (await analyst.delete(f"{PATH}?filename=a.md")).status == 403
    for act, body in (("discard", None), ("rollback", {"version": 1}), ("test", {})):
        assert (await analyst.post(f"/api/agents/handbook/{act}", body)).status == 403
    stranger = Api(handbook.http, handbook.url, "")
    assert (await upload(stranger, "a.md", DOORS)).status == 401


HOSTILE = "<svg xmlns='http://www.w3.org/2000/svg' onload=alert(1)><script>alert(2)</script></svg>"
LYING = (
    ("vault.svg", "image/svg+xml", f"{HOSTILE} The vault key is amber. "),
    ("vault.html", "text/html", f"<html><body>{HOSTILE} <p>The vault key is amber.</p></body>"),
    ("vault.xml", "text/xml", f"<?xml version='1.0'?><x>{HOSTILE} The vault key is amber.</x>"),
    ("vault.md", "image/png", f"# Vault\n\nThe vault key is amber. {HOSTILE}"),
    ("vault.gif", "image/gif", f"GIF89a/*<html>*/=1; The vault key is amber. {HOSTILE}"),
)


async def test_an_upload_is_never_served_as_what_it_pretends_to_be(handbook: Api) -> None:
    """XSS-07: pictures with scripts, pages, polyglots: read as text, quoted as text, no more."""
    for name, kind, content in LYING:
        sent = await handbook.call(
            "POST", f"{PATH}?filename={name}", content.encode(), Content_Type=kind
        )
        assert sent.status == 201, sent.body
        kept = sent.json["documents"][0]["name"]
        assert kept.endswith((".txt", ".md", ".html")), "what it is, not what it says it is"
    for act in ("publish", "live"):
        assert (await handbook.post(f"/api/agents/handbook/{act}")).status == 200

    async def is_ready() -> bool:
        return bool((await handbook.get("/api/agents/handbook/index")).json["state"] == "ready")

    await eventually(is_ready)
    link = (await handbook.post("/api/agents/handbook/public-links", {})).json
    sam = Visitor(handbook.http, handbook.url, link["token"])
    answer = (await sam.call("chat", json={"message": "Which vault key is amber?"})).json
    assert answer["citations"], answer
    page = (await sam.ask("GET", f"/chat/{sam.token}")).text
    places = set(re.findall(r'href="([^"]*/sources/[^"]*)"', page))
    assert len(places) >= 2
    for text in (page, *[(await sam.ask("GET", place)).text for place in places]):
        assert "<svg xmlns" not in text
        assert "<script>alert" not in text
        assert "onload=alert" not in text or "&lt;svg" in text
    for name, _, _ in LYING:
        for way in (f"{PATH}/{name}", f"/static/{name}", f"/chat/{sam.token}/{name}"):
            assert (await handbook.get(way)).status in {404, 405}, "nothing hands out the file"
