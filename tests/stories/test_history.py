"""Who did what, read back in the studio, over HTTP and at the command line, by owners alone."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from parlour.rights import Role
from tests.rig.colleague import joined, owner_of
from tests.rig.managing import Api, Office
from tests.rig.server import Server


async def test_the_history_of_an_office(api: Api, office: Office) -> None:
    made = (await api.post("/api/keys", {"name": "CI", "role": "analyst"})).json
    office.secrets.append(made["key"])
    page = (await api.get("/api/events?limit=1")).json
    newest = page["items"][0]
    assert (newest["kind"], newest["data"]["key"]) == ("key.created", made["id"])
    assert (newest["actor_kind"], newest["actor_name"]) == ("key", "owner")
    older = (await api.get(f"/api/events?after={page['next_cursor']}")).json
    assert [each["actor_kind"] for each in older["items"]] == ["host"], "the key of this test"
    assert older["next_cursor"] is None
    mine = (await api.get(f"/api/events?actor_id={newest['actor_id']}")).json["items"]
    assert [each["id"] for each in mine] == [newest["id"]]
    assert (await api.get("/api/events?kind=link.created")).json["items"] == []
    assert (await api.get("/api/events?after=bm8")).status == 422
    assert newest["place"] == "127.0.0.1"
    assert older["items"][0]["place"] is None, "made at the command line"
    at = newest["at"]
    assert (await api.get(f"/api/events?until={at}")).json["items"][0]["id"] != newest["id"]
    assert (await api.get(f"/api/events?since={at}")).json["items"][0]["id"] == newest["id"]
    assert (await api.get("/api/events?since=yesterday")).fields == ["since"]
    csv = await api.get("/api/events.csv?kind=key.created")
    assert csv.headers["Content-Disposition"] == 'attachment; filename="history.csv"'
    assert csv.body.count(b"\r\n") == 3, "a heading, and two keys"
    text = (await api.get("/api/events")).body
    assert made["key"].encode() not in text


async def test_only_owners_read_the_history(
    office: Office, another_office: Office, api: Api
) -> None:
    """ISO-15, and O10: nothing there can be changed."""
    for role in Role:
        status = (await (await office.api(role)).get("/api/events")).status
        assert status == (200 if role is Role.OWNER else 403)
    theirs = (await (await another_office.api()).get("/api/events")).json["items"]
    assert len(theirs) == 1
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert (await api.call(method, "/api/events")).status == 405


async def test_an_expired_key_is_told_apart_from_a_wrong_one(api: Api, office: Office) -> None:
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    refused = await api.post("/api/keys", {"name": "CI", "expires_at": past})
    assert (refused.status, refused.fields) == (422, ["expires_at"])
    soon = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
    made = (await api.post("/api/keys", {"name": "CI", "expires_at": soon})).json
    office.secrets.append(made["key"])
    ci = office.stranger(made["key"])
    while (answer := await ci.get("/api/agents")).status == 200:
        await asyncio.sleep(0.1)
    assert (answer.status, answer.code) == (401, "key_expired")
    assert "expired at" in answer.json["detail"]
    assert (await office.stranger("parlour_key_" + "a" * 40).get("/api/agents")).code == (
        "unauthorized"
    )


@pytest.mark.only_on("sqlite")
async def test_the_history_in_the_studio_and_at_the_command_line(
    http: aiohttp.ClientSession, own_server: Server
) -> None:
    owner = await owner_of(http, own_server)
    ben = await joined(owner, "ben@team.example", "builder", "Ben <i>")
    page = await owner.post("/studio/keys", {"name": "CI", "role": "analyst", "days": "7"})
    assert page.status == 200
    keys = await owner.get("/studio/keys")
    assert "Ends" in keys.words
    shown = await owner.get("/studio/history")
    assert "Olga made the API key CI as analyst" in shown.words
    assert "Ben <i> joined as builder" in shown.words
    assert "Ben <i> signed in" in shown.words
    by = re.search(r'<option value="(per_\w+)">Ben', shown.text)
    assert by is not None
    bens = await owner.get(f"/studio/history?by={by.group(1)}")
    assert "Olga made" not in bens.words
    assert "joined as builder" in bens.words
    assert "from 127.0.0.1" in shown.words
    narrowed = (await owner.get("/studio/history?about=house&days=1")).words
    assert ("made the API key CI" in narrowed, "signed in" in narrowed) == (True, False)
    taken = await owner.get("/studio/history/export?form=json&about=people")
    kinds = {each["kind"] for each in json.loads(taken.text)}
    assert {"session.started", "person.joined"} <= kinds
    assert "key.created" not in kinds
    assert (await ben.get("/studio/history")).status == 403
    assert (await ben.get("/studio/history/export")).status == 403
    assert (await owner.get("/studio/history?before=1")).status == 200
    assert (await owner.get("/studio/history?before=x")).status in {400, 422}
    listed = own_server.cli("event", "list", "--person", "ben@team.example")
    assert [each["kind"] for each in listed] == ["session.started", "person.joined"]
    assert own_server.run("event", "list", "--person", "nobody@x.example").returncode == 1
    made = own_server.cli("key", "create", "--name", "week", "--days", "7")
    own_server.keep_secret(made["key"])
    assert made["expires_at"] > made["created_at"]
    assert own_server.run("key", "create", "--name", "x", "--days", "0").returncode == 2
    file = own_server.folder / "history.json"
    wrote = own_server.cli("event", "export", str(file))
    assert wrote["events"] == len(json.loads(file.read_bytes()))
    told = own_server.run("event", "list").stdout
    assert "key.created" in told
