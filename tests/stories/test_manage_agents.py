"""A program makes agents, changes them, publishes them, and takes them away."""

import asyncio
from pathlib import Path

import pytest

from parlour.rights import Role
from tests.rig.managing import MODEL, Api, Office, new_agent
from tests.rig.server import Server
from tests.rig.waiting import eventually


async def test_an_agent_s_whole_life(api: Api) -> None:
    made = await new_agent(api, welcome_message="Hé 😀", starters=["One?", "Two?"])
    assert made["id"].startswith("agt_")
    assert (made["live"], made["published"], made["secrets"]) == (True, 1, {})
    told = await api.get("/api/agents/helper")
    assert told.status == 200
    assert told.json == {key: made[key] for key in made if key != "secrets"}
    edited = await api.put("/api/agents/helper", {"description": "Answers", "starters": None})
    assert (edited.json["description"], edited.json["starters"]) == ("Answers", [])
    assert edited.json["welcome_message"] == "Hé 😀"
    assert (await api.post("/api/agents/helper/publish")).json["published"] == 2
    versions = (await api.get("/api/agents/helper/versions")).json["items"]
    assert [(each["number"], each["description"]) for each in versions] == [(2, "Answers"), (1, "")]
    assert (await api.post("/api/agents/helper/offline")).json["live"] is False
    assert (await api.post("/api/agents/helper/live")).json["live"] is True
    gone = await api.delete("/api/agents/helper")
    assert gone.json == {"message": "the agent has been deleted", "agent_id": made["id"]}
    assert (await api.get("/api/agents/helper")).code == "not_found"
    assert (await new_agent(api))["id"] != made["id"]


async def test_agents_come_in_pages(api: Api) -> None:
    for name in ("a", "b", "c"):
        await new_agent(api, name)
    first = (await api.get("/api/agents?limit=2")).json
    assert [each["name"] for each in first["items"]] == ["a", "b"]
    rest = (await api.get(f"/api/agents?limit=2&after={first['next_cursor']}")).json
    assert ([each["name"] for each in rest["items"]], rest["next_cursor"]) == (["c"], None)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=-1", "limit=201", "limit=x", "limit=1e3", "after=%00", "after=é"]
)
async def test_pages_that_nobody_gave_out(api: Api, query: str) -> None:
    """ISO-08, INP-07"""
    told = await api.get(f"/api/agents?{query}")
    assert told.status == 422
    assert told.fields


async def test_a_secret_goes_in_and_never_comes_out(api: Api, house: Server) -> None:
    """API-10"""
    secret = house.keep_secret("sk-" + "q" * 40)
    made = await new_agent(api, config={**MODEL, "api_key": secret})
    everything = [
        made,
        (await api.get("/api/agents")).json,
        (await api.get("/api/agents/helper")).json,
        (await api.get("/api/agents/helper/versions")).json,
        (await api.put("/api/agents/helper", {"config": MODEL})).json,
    ]
    assert secret not in repr(everything)
    assert [everything[n]["config"]["api_key"] for n in (0, 2, 4)] == ["set"] * 3


async def test_a_key_does_not_follow_a_changed_address(api: Api) -> None:
    """API-10: no stealing a key by pointing its agent elsewhere."""
    await new_agent(api, config={**MODEL, "api_key": "sk-secret"})
    moved = {**MODEL, "base_url": "http://127.0.0.1:8098/v1"}
    told = await api.put("/api/agents/helper", {"config": moved})
    assert (told.status, told.fields) == (422, ["api_key"])


async def test_a_webhook_s_secret_is_shown_once(api: Api) -> None:
    made = await new_agent(api, backend="webhook", config={"url": "http://127.0.0.1:8099/x"})
    assert made["secrets"]["secret"].startswith("whsec_")
    again = (await api.put("/api/agents/helper", {"description": "x"})).json
    assert again["secrets"] == {}
    rotated = {"url": "http://127.0.0.1:8099/x", "rotate_secret": True}
    newer = (await api.put("/api/agents/helper", {"config": rotated})).json
    assert newer["secrets"]["secret"] != made["secrets"]["secret"]


async def test_who_only_looks_sees_no_setup(api: Api, office: Office) -> None:
    """ISO-09: no prompt, no upstream address."""
    await new_agent(api, config={**MODEL, "instructions": "be secret"})
    reader = await office.api(Role.ANALYST)
    for path in ("/api/agents", "/api/agents/helper", "/api/agents/helper/versions"):
        told = await reader.get(path)
        assert told.status == 200
        assert b"be secret" not in told.body
        assert b"127.0.0.1" not in told.body


@pytest.mark.parametrize("config", ["documents", "function"])
async def test_over_http_only_what_the_machine_s_owner_listed(api: Api, config: str) -> None:
    configs = {"documents": {"path": "/etc"}, "function": {"target": "os:system"}}
    wish = {"name": "x", "backend": config, "config": configs[config]}
    told = await api.post("/api/agents", wish)
    assert (told.status, told.fields) == (422, list(configs[config]))


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"name": "A b"}, "name"),
        ({"backend": "magic"}, "backend"),
        ({"config": {}}, "base_url"),
        ({"config": {**MODEL, "temperature": 9}}, "temperature"),
        ({"config": {**MODEL, "colour": 1}}, "colour"),
        ({"config": {**MODEL, "api_key_env": "HOME"}}, "api_key_env"),
        ({"config": {**MODEL, "base_url": "file:///etc/passwd"}}, "base_url"),
        ({"config": {**MODEL, "base_url": "http://169.254.169.254/v1"}}, "base_url"),
        ({"display_name": "x" * 81}, "display_name"),
        ({"welcome_message": "nul\0"}, "welcome_message"),
    ],
)
async def test_agents_that_do_not_fit(api: Api, wish: dict[str, object], field: str) -> None:
    sound = {"name": "helper", "backend": "openai", "config": MODEL}
    told = await api.post("/api/agents", {**sound, **wish})
    assert (told.status, told.fields) == (422, [field]), told.body
    assert (await api.get("/api/agents")).json["items"] == []


@pytest.mark.parametrize(
    "more",
    [
        {"workspace_id": "wsp_x"},
        {"id": "agt_x"},
        {"role": "owner"},
        {"created_at": "2020-01-01T00:00:00Z"},
        {"published": 9},
    ],
)
async def test_fields_that_are_not_asked_for_are_refused(api: Api, more: dict[str, object]) -> None:
    """ISO-06"""
    told = await api.post(
        "/api/agents", {"name": "helper", "backend": "openai", "config": MODEL, **more}
    )
    assert told.status == 422
    await new_agent(api)
    assert (await api.put("/api/agents/helper", more)).status == 422


async def test_two_who_edit_at_once_do_not_undo_each_other(api: Api) -> None:
    """API-06"""
    await new_agent(api)
    tag = (await api.get("/api/agents/helper")).headers["ETag"]
    outcomes = await asyncio.gather(
        *(api.put("/api/agents/helper", {"description": f"{n}"}, If_Match=tag) for n in range(4))
    )
    assert sorted(each.status for each in outcomes) == [200, 412, 412, 412]
    stale = next(each for each in outcomes if each.status == 412)
    assert stale.code == "changed_meanwhile"
    newest = await api.get("/api/agents/helper")
    assert newest.headers["ETag"] != tag
    assert (await api.delete("/api/agents/helper", If_Match=tag)).status == 412
    assert (await api.delete("/api/agents/helper", If_Match=newest.headers["ETag"])).status == 200


async def test_without_a_tag_every_edit_finds_its_place(api: Api) -> None:
    await new_agent(api)
    edits = [{"description": "a"}, {"placeholder": "b"}, {"welcome_message": "c"}]
    outcomes = await asyncio.gather(*(api.put("/api/agents/helper", each) for each in edits))
    assert [each.status for each in outcomes] == [200, 200, 200]
    told = (await api.get("/api/agents/helper")).json
    assert {**edits[0], **edits[1], **edits[2]}.items() <= told.items()


async def test_made_once_whatever_is_sent_twice(api: Api) -> None:
    """API-05"""
    wish = {"name": "helper", "backend": "openai", "config": MODEL}
    outcomes = await asyncio.gather(
        *(api.post("/api/agents", wish, Idempotency_Key="order-1") for _ in range(4))
    )
    assert [each.status for each in outcomes] == [201] * 4
    assert len({each.body for each in outcomes}) == 1
    other = await api.post("/api/agents", {**wish, "name": "b"}, Idempotency_Key="order-1")
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert len((await api.get("/api/agents")).json["items"]) == 1
    odd = await api.post("/api/agents", wish, Idempotency_Key="two words")
    assert odd.status == 422


async def test_documents_are_read_and_read_again(office: Office, api: Api, tmp_path: Path) -> None:
    folder = tmp_path / "handbook"
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\nEverybody has 30 days of leave a year.\n")
    await office.agent("documents", {"path": str(folder)})

    async def ready(documents: int) -> bool:
        told = (await api.get("/api/agents/handbook/index")).json
        return (told["state"], told["documents"]) == ("ready", documents)

    await eventually(lambda: ready(1))
    (folder / "pay.md").write_text("# Pay\n\nPay day is the 25th.\n")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    assert (await api.post("/api/agents/handbook/index")).status == 202
    await eventually(lambda: ready(2))
    told = (await api.get("/api/agents/handbook/index")).json
    assert [each["path"] for each in told["skipped"]] == ["broken.pdf"]
    assert told["passages"] == 2


async def test_only_agents_of_documents_have_an_index(api: Api) -> None:
    await new_agent(api)
    assert (await api.get("/api/agents/helper/index")).status == 404
    assert (await api.post("/api/agents/helper/index")).status == 404
    assert (await api.get("/api/agents/none/index")).status == 404
