"""A program downloads a conversation: CSV, JSON, who sees what in it, and the record of it."""

import csv
import io
import json
from pathlib import Path

from parlour.rights import Role
from tests.rig import plays
from tests.rig.details import tells_number
from tests.rig.visiting import Visit
from tests.stories.test_manage_conversations import PATH, SAID, api_of, talked
from tests.stories.test_manage_devices import known
from tests.stories.test_public_verify import EMAILS, asks


def table(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


async def test_what_was_said_as_a_table(visit: Visit) -> None:
    """SHR-11"""
    evil = "=cmd|'/C calc'!A0"
    await talked(visit, "Hello?", evil)
    api = await api_of(visit, view_personal=True)
    (row,) = (await api.get(f"{PATH}?link={visit.link.id}")).json["items"]
    answer = await api.get(f"{PATH}/{row['id']}/export.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    name = f"{row['id']}-messages.csv"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["Cache-Control"] == "no-store"
    lines = table(answer.body)
    assert [(each["number"], each["author"], each["text"]) for each in lines] == [
        ("1", "visitor", "Hello?"),
        ("2", "agent", "Noted: Hello?"),
        ("3", "visitor", f"'{evil}"),
        ("4", "agent", f"Noted: {evil}"),
    ]
    assert (lines[1]["name"], lines[1]["model"], lines[1]["state"]) == ("Heron", "fake", "done")
    assert lines[0]["at"].endswith("Z")
    found = (await api.get("/api/events?kind=conversation.downloaded")).json["items"]
    mine = [each for each in found if each["conversation_id"] == row["id"]]
    assert [each["data"] for each in mine] == [{"masked": False, "form": "messages.csv"}]


async def test_all_of_it_is_there_for_programs(visit: Visit) -> None:
    """PRI-01: complete, and each of the others only by its id."""
    await asks(visit)
    email = next(EMAILS)
    vera, _ = await known(visit, email)
    visit.model.plays(plays.reply("Noted."))
    await vera.say(SAID)
    await vera.settled()
    owner, masked = await api_of(visit, view_personal=True), await api_of(visit)
    (row,) = (await owner.get(f"{PATH}?link={visit.link.id}")).json["items"]
    await owner.post(f"{PATH}/{row['id']}/internal-notes", {"text": f"A regular: {SAID}"})
    door = visit.visitor(await visit.another_link())
    await visit.keeper.switch(visit.agent, live=False)
    left = await door.call("note", json={"text": "Still there?", "contact": email})
    assert left.status == 201, left.body
    await visit.keeper.switch(visit.agent, live=True)
    told = (await owner.get(f"{PATH}/{row['id']}/export.json")).json
    assert [each["text"] for each in told["internal_notes"]] == [f"A regular: {SAID}"]
    assert (told["conversation"]["id"], told["conversation"]["of"]) == (row["id"], 1)
    assert told["visitor"]["email"] == email
    assert [each["text"] for each in told["messages"]] == [SAID, "Noted."]
    assert told["messages"][1]["turn"]["backend"] == "openai"
    assert told["variables"] == {}
    hidden = await masked.get(f"{PATH}/{row['id']}/export.json")
    assert hidden.json["masked"] is True
    table_of = await masked.get(f"{PATH}/{row['id']}/export.csv")
    for body in (hidden.body.decode(), table_of.body.decode()):
        assert "vera-heron-5821" in body
        for detail in (email, "vera@visitors.example"):
            assert detail not in body, "SHR-03"
        assert not tells_number(body), "SHR-03"
    assert (await masked.get(f"{PATH}/{row['id']}/variables.csv")).status == 200
    visitor = f"/api/visitors/{row['visitor']['id']}/export.json"
    all_of = (await owner.get(visitor)).json
    (one,) = all_of["conversations"]
    assert (all_of["visitor"], one["messages"]) == (told["visitor"], told["messages"])
    assert one["internal_notes"] == told["internal_notes"]
    assert [(each["text"], each["contact"]) for each in all_of["notes"]] == [
        ("Still there?", email)
    ]
    assert len(all_of["devices"]) == 1
    assert all_of["devices"][0]["client"]
    kinds = {"shares", "calls_for_a_person", "sessions", "counted_tokens", "memory"}
    assert kinds <= set(all_of), "PRI-01"
    hidden = await masked.get(visitor)
    assert (hidden.json["notes"], hidden.json["devices"][0]["client"]) == ([], "")
    assert (hidden.json["masked"], email in hidden.body.decode()) == (True, False)


async def test_who_may_and_what_is_not_there(visit: Visit) -> None:
    """ISO-01"""
    await talked(visit, "Hello?")
    analyst = await api_of(visit, Role.ANALYST)
    (row,) = (await analyst.get(f"{PATH}?link={visit.link.id}")).json["items"]
    other = await visit.keeper.model_agent(visit.model.base_url)
    scoped = await api_of(visit, agent_id=other.id)
    for end in ("export.csv", "variables.csv", "export.json"):
        assert (await analyst.get(f"{PATH}/{row['id']}/{end}")).status == 200
        assert (await scoped.get(f"{PATH}/{row['id']}/{end}")).status == 404
        for odd in ("nothing", "cnv_x", "cnv_" + "A" * 22):
            assert (await analyst.get(f"{PATH}/{odd}/{end}")).status == 404
    for odd in (row["id"], "vis_" + "A" * 22):
        assert (await analyst.get(f"/api/visitors/{odd}/export.json")).status == 404
    assert (await scoped.get(f"/api/visitors/{row['visitor']['id']}/export.json")).status == 404


async def test_at_the_command_line(visit: Visit, tmp_path: Path) -> None:
    await talked(visit, "Hello?")
    (row,) = visit.server.cli("conversation", "list", visit.agent.name)
    file = tmp_path / "talk.csv"
    told = visit.server.cli("conversation", "download", row["id"], "--to", str(file))
    assert told == {"file": str(file), "bytes": file.stat().st_size}
    assert [each["text"] for each in table(file.read_bytes())] == ["Hello?", "Noted: Hello?"]
    whole = visit.server.run("conversation", "download", row["id"], "--form", "json", "--to", "-")
    assert json.loads(whole.stdout)["conversation"]["id"] == row["id"]
    visitor_id = row["visitor"]["id"]
    whole = visit.server.run("visitor", "download", visitor_id, "--to", "-")
    assert json.loads(whole.stdout)["conversations"][0]["conversation"]["id"] == row["id"]
