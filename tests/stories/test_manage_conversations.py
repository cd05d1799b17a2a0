"""A program reads conversations: lists, one, what was said, and what it is not told."""

from typing import Any

import pytest

from parlour import staff
from parlour.rights import Role
from tests.rig import plays
from tests.rig.details import tells_number
from tests.rig.managing import Api, Office
from tests.rig.visiting import Visit

PATH = "/api/conversations"
SAID = "Call +44 20 7946 0018 or write to vera@visitors.example, says vera-heron-5821"


async def talked(visit: Visit, *texts: str) -> None:
    """Say these one after the other, each answered."""
    person = visit.visitor()
    for text in texts:
        visit.model.plays(plays.reply("Noted: " + text))
        answer = await person.call("chat", json={"message": text})
        assert answer.status == 200, answer.body


async def api_of(visit: Visit, role: Role = Role.OWNER, **wish: Any) -> Api:
    """A key in the workspace where the visit is."""
    keeper = visit.keeper
    made = await staff.create_key(keeper.tools, keeper.who, role.value, role, **wish)
    visit.server.keep_secret(made.secret)
    return Api(visit.http, visit.server.url, made.secret)


async def test_a_program_reads_a_conversation(visit: Visit) -> None:
    await talked(visit, "Hello?", "And now?")
    api = await api_of(visit, view_personal=True)
    listed = await api.get(f"{PATH}?agent={visit.agent.name}")
    assert listed.status == 200
    (row,) = listed.json["items"]
    assert listed.json["next_cursor"] is None
    assert (row["agent_name"], row["state"], row["message_count"]) == (visit.agent.name, "open", 4)
    assert row["last_message"] == {
        "author": {"kind": "agent", "name": "Heron"},
        "text": "Noted: And now?",
        "is_cut": False,
    }
    assert row["link"] == {"id": visit.link.id, "name": None, "kind": "permanent"}
    assert row["visitor"]["name"].startswith("Visitor ")
    one = await api.get(f"{PATH}/{row['id']}")
    assert one.json == row
    said = (await api.get(f"{PATH}/{row['id']}/messages?limit=3")).json
    rest = (await api.get(f"{PATH}/{row['id']}/messages?after={said['next_cursor']}")).json
    texts = [each["text"] for each in said["items"] + rest["items"]]
    assert texts == ["Hello?", "Noted: Hello?", "And now?", "Noted: And now?"]
    assert rest["next_cursor"] is None
    turn = said["items"][1]["turn"]
    assert (turn["backend"], turn["model"], turn["runs"]) == ("openai", "fake", 1)
    assert turn["asked_at"] <= turn["started_at"] <= turn["first_text_at"] <= turn["ended_at"]
    assert said["items"][0]["turn"] is None
    for beside in ("previous", "next"):
        assert (await api.get(f"{PATH}/{row['id']}/{beside}")).status == 404


async def test_previous_and_next_of_the_same_visitor(visit: Visit) -> None:
    person = visit.visitor()
    for text in ("One", "Two"):
        visit.model.plays(plays.reply(text))
        await person.call("chat", json={"message": text})
        await person.ask("DELETE", f"/api/public/session/{person.token}")
    api = await api_of(visit)
    newest, oldest = (await api.get(f"{PATH}?link={visit.link.id}")).json["items"]
    assert (newest["state"], newest["closed_at"] is None) == ("closed", False)
    assert (await api.get(f"{PATH}/{newest['id']}/previous")).json == oldest
    assert (await api.get(f"{PATH}/{oldest['id']}/next")).json == newest


@pytest.mark.parametrize("role", list(Role))
async def test_without_the_right_personal_details_are_masked(visit: Visit, role: Role) -> None:
    """SHR-03: whatever the role, also the owner's; every call, byte for byte."""
    await talked(visit, SAID)
    plain, masked = await api_of(visit, role, view_personal=True), await api_of(visit, role)
    row = (await masked.get(f"{PATH}?link={visit.link.id}")).json["items"][0]
    assert row["masked"] is True
    calls = (f"{PATH}?link={visit.link.id}", f"{PATH}/{row['id']}", f"{PATH}/{row['id']}/messages")
    for call in calls:
        for api, sees in ((plain, True), (masked, False)):
            told = (await api.get(call)).body.decode()
            assert "vera-heron-5821" in told, call
            assert tells_number(told) is sees, call
            assert ("vera@visitors.example" in told) is sees, call


async def test_a_key_for_one_agent_knows_of_no_other(
    visit: Visit, office: Office, another_office: Office
) -> None:
    """ISO-01: absent and out of scope look alike."""
    await talked(visit, "Hello?")
    here = await api_of(visit, agent_id=visit.agent.id)
    (row,) = (await here.get(PATH)).json["items"]
    other = await visit.keeper.model_agent(visit.model.base_url)
    scoped = await api_of(visit, agent_id=other.id)
    for api in (scoped, await office.api(), await another_office.api()):
        assert (await api.get(PATH)).json["items"] == []
        for end in ("", "/messages", "/previous", "/next"):
            refused = await api.get(f"{PATH}/{row['id']}{end}")
            assert (refused.status, refused.code) == (404, "not_found")
        assert (await api.get(f"{PATH}?agent={visit.agent.name}")).status == 404
    assert (await office.stranger().get(PATH)).status == 401


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=odd", "state"),
        ("link=x", "link"),
        ("since=yesterday", "since"),
        ("until=2026-01-01", "until"),
        ("after=%00", "after"),
        ("after=eA", "after"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
    ],
)
async def test_odd_filters_are_named(api: Api, query: str, field: str) -> None:
    refused = await api.get(f"{PATH}?{query}")
    assert refused.status in (400, 422), refused.body
    assert refused.fields == [field]


async def test_pages_of_a_list(visit: Visit) -> None:
    for _ in range(3):
        await talked(visit, "Hello?")
    api = await api_of(visit)
    seen: list[str] = []
    after = ""
    for _ in range(5):
        page = (await api.get(f"{PATH}?link={visit.link.id}&limit=1{after}")).json
        seen += [each["id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        after = f"&after={page['next_cursor']}"
    assert len(set(seen)) == len(seen) == 3
    moments = (await api.get(f"{PATH}?link={visit.link.id}")).json["items"]
    bound = moments[0]["last_message_at"]
    newer = (await api.get(f"{PATH}?link={visit.link.id}&since={bound}")).json["items"]
    assert [each["id"] for each in newer] == seen[:1]
    older = (await api.get(f"{PATH}?link={visit.link.id}&until={bound}")).json["items"]
    assert [each["id"] for each in older] == seen[1:]


async def test_reading_stands_in_the_history(visit: Visit) -> None:
    await talked(visit, "Hello?")
    api = await api_of(visit)
    row = (await api.get(f"{PATH}?link={visit.link.id}")).json["items"][0]
    for _ in range(2):
        await api.get(f"{PATH}/{row['id']}/messages")
    found = (await api.get("/api/events?kind=conversation.read")).json["items"]
    mine = [each for each in found if each["conversation_id"] == row["id"]]
    assert len(mine) == 1
    assert mine[0]["actor_kind"] == "key"
