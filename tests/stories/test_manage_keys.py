"""Who may do what over HTTP: keys, their roles, their scope, and what each of them is refused."""

import re
from typing import Any

import pytest

from parlour.rights import Role
from tests.rig.managing import Api, Office, new_agent


async def test_a_key_s_whole_life(api: Api, office: Office) -> None:
    """API-03"""
    made = await api.post("/api/keys", {"name": "CI", "role": "analyst"})
    assert made.status == 201
    key = made.json
    office.secrets.append(key["key"])
    assert re.fullmatch(r"parlour_key_[0-9A-Za-z]{40}", key["key"])
    listed = await api.get("/api/keys")
    assert key["key"].encode() not in listed.body
    mine = next(each for each in listed.json["items"] if each["id"] == key["id"])
    assert (mine["name"], mine["role"], mine["agent_name"]) == ("CI", "analyst", None)
    ci = office.stranger(key["key"])
    assert (await ci.get("/api/agents")).status == 200
    assert (await api.delete(f"/api/keys/{key['id']}")).status == 200
    assert (await ci.get("/api/agents")).status == 401
    assert (await api.delete(f"/api/keys/{key['id']}")).status == 404


async def test_keys_come_in_pages(api: Api) -> None:
    for n in range(3):
        await api.post("/api/keys", {"name": f"{n}"})
    found, after = [], ""
    while True:
        page = (await api.get(f"/api/keys?limit=2{after}")).json
        found += [each["name"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        after = f"&after={page['next_cursor']}"
    assert sorted(found) == ["0", "1", "2", "owner"]


async def test_the_next_page_is_there_though_the_last_key_of_this_one_is_gone(api: Api) -> None:
    for n in range(3):
        await api.post("/api/keys", {"name": f"{n}"})
    first = (await api.get("/api/keys?limit=2")).json
    await api.delete(f"/api/keys/{first['items'][1]['id']}")
    rest = await api.get(f"/api/keys?limit=2&after={first['next_cursor']}")
    assert [each["name"] for each in rest.json["items"]] == ["0", "owner"]


@pytest.mark.parametrize("after", ["%00", "é", "eA", "MSAy_w", "OTk5OTk5OTk5OTk5OTk5OTk5OTkgeA"])
async def test_cursors_of_nobody_s(api: Api, after: str) -> None:
    """INP-07: no base64, no number, no ASCII, a number that no database takes."""
    assert (await api.get(f"/api/keys?after={after}")).status == 422


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x", "role": "root"}, "role"),
        ({"name": "x", "role": "OWNER"}, "role"),
    ],
)
async def test_keys_that_do_not_fit(api: Api, body: dict[str, str], field: str) -> None:
    told = await api.post("/api/keys", body)
    assert (told.status, told.fields) == (422, [field])


async def test_a_key_for_an_agent_that_is_not_there(api: Api) -> None:
    assert (await api.post("/api/keys", {"name": "x", "agent_name": "none"})).status == 404


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic eDp5",
        "{key}",
        "Bearer {key}x",
        "Bearer {swapped}",
        "Bearer {key},Bearer {key}",
        "Bearer " + "x" * 5000,
    ],
)
async def test_headers_that_open_nothing(api: Api, authorization: str) -> None:
    """API-01"""
    value = authorization.format(key=api.key, swapped=api.key.swapcase())
    told = await api.call("GET", "/api/agents", Authorization=value)
    assert told.status == 401
    assert told.headers["WWW-Authenticate"] == "Bearer"
    assert told.code == "unauthorized"


async def test_a_key_travels_in_one_way_only(api: Api) -> None:
    """API-01: no x-api-key, no query, no cookie, no second header."""
    bare = Api(api.http, api.url, "")
    assert (await bare.get("/api/agents", X_Api_Key=api.key)).status == 401
    assert (await bare.get(f"/api/agents?key={'parlour_key_' + 'a' * 40}")).status == 401
    assert (await bare.get("/api/agents", Cookie=f"key={api.key}")).status == 401
    async with api.http.get(
        f"{api.url}/api/agents",
        headers=[("Authorization", f"Bearer {api.key}"), ("Authorization", "Bearer x")],
    ) as twice:
        assert twice.status == 401


WRITES: list[tuple[str, str, Any]] = [
    ("POST", "/api/agents", {"name": "n", "backend": "openai", "config": {}}),
    ("PUT", "/api/agents/helper", {}),
    ("DELETE", "/api/agents/helper", None),
    ("POST", "/api/agents/helper/publish", None),
    ("POST", "/api/agents/helper/live", None),
    ("POST", "/api/agents/helper/offline", None),
    ("POST", "/api/agents/helper/index", None),
    ("POST", "/api/agents/helper/public-links", {}),
    ("PUT", "/api/agents/helper/public-links/lnk_AAAAAAAAAAA", {}),
    ("DELETE", "/api/agents/helper/public-links/lnk_AAAAAAAAAAA", None),
    ("POST", "/api/keys", {"name": "x"}),
    ("GET", "/api/keys", None),
    ("DELETE", "/api/keys/key_AAAAAAAAAAAAAAAAAAAAAA", None),
    ("GET", "/metrics", None),
]


@pytest.mark.parametrize("role", [Role.TEAM_LEAD, Role.OPERATOR, Role.ANALYST])
async def test_who_only_looks_changes_nothing(api: Api, office: Office, role: Role) -> None:
    """API-02: all writes are refused."""
    made = await new_agent(api)
    reader = await office.api(role)
    for method, path, body in WRITES:
        told = await reader.call(method, path, body)
        assert (told.status, told.code) == (403, "not_allowed"), (method, path)
    assert (await api.get("/api/agents/helper")).json["updated_at"] == made["updated_at"]


async def test_no_key_makes_itself_a_wider_one(api: Api, office: Office) -> None:
    """API-07"""
    await new_agent(api)
    builder = await office.api(Role.BUILDER)
    assert (await builder.post("/api/keys", {"name": "x", "role": "owner"})).status == 403
    agent = (await api.get("/api/agents/helper")).json
    scoped = await office.api(Role.OWNER, agent["id"])
    assert (await scoped.post("/api/keys", {"name": "x", "role": "owner"})).status == 403
    assert (await scoped.get("/api/keys")).status == 403
    assert (await scoped.get("/metrics")).status == 403


@pytest.mark.parametrize("role", [Role.BUILDER, Role.ANALYST])
async def test_what_is_out_of_scope_is_not_there(api: Api, office: Office, role: Role) -> None:
    """API-02: 404 whether it may not be seen or is not there, also for who only looks."""
    mine = await new_agent(api, "mine")
    await new_agent(api, "helper")
    scoped = await office.api(role, mine["id"])
    assert [each["name"] for each in (await scoped.get("/api/agents")).json["items"]] == ["mine"]
    assert (await scoped.get("/api/agents/mine")).status == 200
    for method, path, body in WRITES[1:10]:
        elsewhere = await scoped.call(method, path, body)
        absent = await scoped.call(method, path.replace("helper", "nobody"), body)
        assert (elsewhere.status, absent.status) == (404, 404), (method, path)
        assert elsewhere.code == absent.code
    for path in ("", "/versions", "/index", "/public-links"):
        assert (await scoped.get(f"/api/agents/helper{path}")).status == 404


async def test_workspaces_do_not_see_each_other(
    api: Api, office: Office, another_office: Office
) -> None:
    """ISO-08"""
    await new_agent(api)
    theirs = await another_office.api()
    assert (await theirs.get("/api/agents")).json["items"] == []
    assert (await theirs.get("/api/agents?limit=200&after=")).status == 200
    assert (await theirs.get("/api/agents/helper")).status == 404
    assert (await theirs.get("/api/agents/helper/public-links")).status == 404
    made = (await api.post("/api/agents/helper/public-links", {})).json
    await new_agent(theirs)
    told = await theirs.get(f"/api/agents/helper/public-links/{made['id']}")
    assert told.status == 404
    key = (await api.get("/api/keys")).json["items"][0]["id"]
    assert (await theirs.delete(f"/api/keys/{key}")).status == 404
    page = (await api.get("/api/keys?limit=1")).json
    assert page["next_cursor"] is None


OF_ONES_OWN = {"/api/messages/views"}
"""What whoever may see anything at all may send."""


async def test_who_may_not_pass_is_not_told_what_to_send(api: Api, office: Office) -> None:
    """API-01, API-02: whatever they send, it is not judged before they are."""
    described = (await api.get("/openapi.json")).json["paths"]
    calls = [
        (method.upper(), re.sub(r"\{\w+\}", "x", path))
        for path, methods in described.items()
        for method in methods
        if method != "get" and path.startswith("/api/") and "/public/" not in path
    ]
    assert len(calls) > 30
    analyst = await office.api(Role.ANALYST)
    for method, path in calls:
        for body in (b"", b"{", b'{"odd": 1}'):
            told = await office.stranger().call(method, path, body)
            assert (told.status, told.code) == (401, "unauthorized"), (method, path, told.body)
            if path not in OF_ONES_OWN:
                assert (await analyst.call(method, path, body)).status in {403, 404}, (method, path)
