"""Notes over HTTP: each sees what is theirs to see, masked by right; seen to once; deleted."""

from typing import Any

from parlour import staff
from parlour.rights import Role
from tests.rig.managing import Api, Office, new_agent

SAID = "Call me: +49 151 23456789, or sam@visitors.example"


async def with_notes(api: Api, *texts: str, name: str = "helper") -> list[Any]:
    """Leave notes at a link of an agent that is offline; answers with them, the latest first."""
    await new_agent(api, name, publish=True)
    link = (await api.post(f"/api/agents/{name}/public-links", {"name": "Fair"})).json
    await api.post(f"/api/agents/{name}/offline")
    for text in texts:
        body = {"text": text, "contact": "sam@visitors.example"}
        left = await api.post(f"/api/public/note/{link['token']}", body, Authorization="")
        assert left.status == 201, left.body
    found: list[Any] = (await api.get(f"/api/notes?agent={name}")).json["items"]
    return found


async def test_a_notes_whole_life(api: Api, office: Office) -> None:
    """SHR-03: masked but for who sees personal details; who saw to it first stays the one."""
    (note,) = await with_notes(api, SAID)
    assert (note["wish"], note["reason"], note["link_name"]) == ("message", "offline", "Fair")
    assert (note["masked"], note["contact"]) == (True, "******")
    assert "visitors" not in note["text"]
    assert "23456789" not in note["text"]
    tools = office.keeper.tools
    made = await staff.create_key(tools, office.who, "pia", Role.OPERATOR, view_personal=True)
    office.secrets.append(made.secret)
    pia = office.stranger(made.secret)
    path = f"/api/notes/{note['id']}"
    seen = (await pia.get(path)).json
    assert (seen["text"], seen["contact"]) == (SAID, "sam@visitors.example")

    done = (await pia.post(f"{path}/done")).json
    assert done["done_by"] == "pia"
    again = (await api.post(f"{path}/done")).json
    assert (again["done_by"], again["done_at"]) == ("pia", done["done_at"])
    assert (await api.get("/api/notes?done=false")).json["items"] == []
    assert len((await api.get("/api/notes?done=true")).json["items"]) == 1
    assert (await api.post(f"{path}/reopen")).json["done_by"] is None
    assert (await pia.delete(path)).status == 200
    assert (await pia.delete(path)).status == 404
    kinds = [each["kind"] for each in (await api.get("/api/events?limit=4")).json["items"]]
    assert kinds[:3] == ["note.deleted", "note.reopened", "note.done"]


async def test_notes_come_in_pages_and_within_ones_scope(
    api: Api, office: Office, another_office: Office
) -> None:
    found = await with_notes(api, "1", "2", "3")
    assert [each["text"] for each in found] == ["3", "2", "1"]
    told, after = [], ""
    while True:
        page = (await api.get(f"/api/notes?limit=1{after}")).json
        told += [each["text"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        after = f"&after={page['next_cursor']}"
    assert told == ["3", "2", "1"]
    assert (await api.get("/api/notes?after=eA")).status == 422

    other = await with_notes(api, "for the other", name="other")
    agent = (await api.get("/api/agents/other")).json
    narrow = await office.api(Role.OWNER, agent["id"])
    assert [each["id"] for each in (await narrow.get("/api/notes")).json["items"]] == [
        other[0]["id"]
    ]
    foreign = await another_office.api()
    for stranger in (narrow, foreign):
        for method in ("GET", "DELETE"):
            answer = await stranger.call(method, f"/api/notes/{found[0]['id']}")
            assert answer.status == 404
        assert (await stranger.post(f"/api/notes/{found[0]['id']}/done")).status == 404
    assert (await api.get("/api/notes/nte_%00")).status == 404
    assert (await foreign.get("/api/notes")).json["items"] == []
