"""An owner says who may come to an agent, by the API, and it is in force at once."""

from parlour.rights import Role
from tests.rig.managing import Api, Office, new_agent


async def test_private_shuts_open_links_and_keeps_them(api: Api) -> None:
    await new_agent(api)
    link = (await api.post("/api/agents/helper/public-links", {})).json
    shown = await api.get("/api/agents/helper/sharing")
    assert (shown.json["agent_name"], shown.json["mode"]) == ("helper", "anyone")
    assert (await api.put("/api/agents/helper/sharing", {"mode": "private"})).status == 200
    look = (await api.get(f"/api/public/link/{link['token']}")).json
    assert (look["valid"], look["reason"]) == (False, "private")
    said = await api.post(f"/api/public/chat/{link['token']}", {"message": "Hello?"})
    assert (said.status, said.code) == (403, "private")
    await api.put("/api/agents/helper/sharing", {"mode": "anyone"})
    assert (await api.get(f"/api/public/link/{link['token']}")).json["valid"] is True


async def test_the_second_editor_is_told_who_was_first(api: Api) -> None:
    await new_agent(api)
    tag = (await api.get("/api/agents/helper/sharing")).headers["ETag"]
    changed = await api.put("/api/agents/helper/sharing", {"mode": "private"}, If_Match=tag)
    assert changed.status == 200
    late = await api.put("/api/agents/helper/sharing", {"mode": "anyone"}, If_Match=tag)
    assert late.status == 412
    assert (await api.get("/api/agents/helper/sharing")).json["mode"] == "private"


async def test_what_does_not_fit_changes_nothing(api: Api, office: Office) -> None:
    await new_agent(api)
    for body in ({"mode": "everyone"}, {"mode": None}, {"mod": "private"}):
        assert (await api.put("/api/agents/helper/sharing", body)).status in {400, 422}
    analyst = await office.api(Role.ANALYST)
    refused = await analyst.put("/api/agents/helper/sharing", {"mode": "private"})
    assert refused.status == 403
    assert (await api.get("/api/agents/helper/sharing")).json["mode"] == "anyone"
    told = [each["kind"] for each in (await api.get("/api/events")).json["items"]]
    assert "agent.sharing_changed" not in told
