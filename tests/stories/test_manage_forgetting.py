"""A program forgets a conversation, and a visitor: what is told, what goes, who may."""

from typing import Any

from parlour.rights import Role
from tests.rig.managing import Api
from tests.rig.server import Server
from tests.rig.visiting import Visit
from tests.rig.visitor import Drawn
from tests.stories.test_manage_conversations import PATH, api_of, talked
from tests.stories.test_manage_devices import known
from tests.stories.test_public_verify import EMAILS, asks

VISITORS = "/api/visitors"


async def test_a_visitor_is_read_and_forgotten(visit: Visit) -> None:
    """SHR-07, ISO-14: what is open ends within two seconds, and nothing is left to be read."""
    await asks(visit)
    email = next(EMAILS)
    vera, _ = await known(visit, email)
    await vera.say("I am vera-plover-7302")
    await vera.settled()
    owner, analyst = await api_of(visit, view_personal=True), await api_of(visit, Role.ANALYST)
    (row,) = (await owner.get(f"{PATH}?link={visit.link.id}")).json["items"]
    assert (row["visitor"]["name"], row["visitor"]["email"]) == (email, email)
    one = f"{VISITORS}/{row['visitor']['id']}"
    told = (await owner.get(one)).json
    assert (told["email"], told["proof"], told["conversations"]) == (email, "code", [row["id"]])
    masked = (await analyst.get(one)).json
    assert (masked["email"], masked["masked"], masked["proof"]) == (None, True, "code")
    assert masked["name"].startswith("Visitor ")
    for path in (one, f"{PATH}/{row['id']}"):
        assert (await analyst.delete(path)).status == 403
    lead = await api_of(visit, Role.TEAM_LEAD)
    async with vera.live() as stream:
        await Drawn().until_ended(stream)
        gone = await lead.delete(one)
        assert gone.status == 200, gone.body
        assert (await stream.next("refused")).data["problem"]["code"]
    receipt = gone.json["receipt"]
    assert gone.json == {
        "receipt": receipt,
        "message": "the visitor has been forgotten",
        "visitor_id": row["visitor"]["id"],
        "conversations": [row["id"]],
        "messages": 2,
        "shares": 0,
        "sessions": 1,
        "notes": 0,
        "memories": 0,
    }
    await shown_again(visit, lead, analyst, receipt)
    assert (await vera.call("history", "GET")).status in {401, 404}
    for path in (one, f"{PATH}/{row['id']}", f"{PATH}/{row['id']}/messages"):
        assert (await owner.get(path)).status == 404
    assert (await lead.delete(one)).status == 404
    kept = await visit.keeper.everything()
    assert email not in kept
    assert "vera-plover-7302" not in kept
    (event,) = (await owner.get("/api/events?kind=visitor.erased")).json["items"][:1]
    assert event["data"]["visitor"] == row["visitor"]["id"]
    assert event["data"]["receipt"] == receipt["id"]
    assert email not in str(event)


async def shown_again(visit: Visit, lead: Api, analyst: Api, receipt: dict[str, Any]) -> None:
    """PRI-02: a receipt tells how much of what, names nobody, and is shown again."""
    assert receipt["id"].startswith("rcp_")
    assert set(receipt) == {"id", "what", "erased_at", "deleted"}
    some = {"conversations": 1, "messages": 2, "answers": 1, "sessions": 1, "proofs_of_identity": 1}
    assert receipt["deleted"] | some == receipt["deleted"]
    assert (await lead.get(f"/api/receipts/{receipt['id']}")).json == receipt
    first = (await lead.get("/api/receipts?limit=1")).json
    assert first["items"] == [receipt]
    assert (await analyst.get(f"/api/receipts/{receipt['id']}")).status == 403
    assert visit.server.cli("visitor", "receipt", receipt["id"]) == receipt
    assert visit.server.cli("visitor", "receipts")[0] == receipt
    for odd in ("nothing", "rcp_x", "rcp_" + "A" * 22):
        assert (await lead.get(f"/api/receipts/{odd}")).status == 404
    assert (await lead.get("/api/receipts?after=bm8")).status == 422


async def test_a_conversation_is_forgotten_and_its_visitor_begins_anew(visit: Visit) -> None:
    await talked(visit, "Hello?")
    (person,) = visit.people
    owner = await api_of(visit)
    (row,) = (await owner.get(f"{PATH}?link={visit.link.id}")).json["items"]
    async with person.live() as stream:
        await Drawn().until_ended(stream)
        gone = await owner.delete(f"{PATH}/{row['id']}")
        assert (gone.status, gone.json["messages"], gone.json["sessions"]) == (200, 2, 0)
        await stream.next("resync")
    assert (await person.history()) == []
    assert (await person.say("Again")).status == 202
    await person.settled()
    (fresh,) = (await owner.get(f"{PATH}?link={visit.link.id}")).json["items"]
    assert fresh["visitor"] == row["visitor"]
    assert fresh["id"] != row["id"]
    for odd in ("nothing", "vis_x", "vis_" + "A" * 22):
        assert (await owner.get(f"{VISITORS}/{odd}")).status == 404
        assert (await owner.delete(f"{VISITORS}/{odd}")).status == 404


async def test_at_the_command_line(visit: Visit) -> None:
    """From a process of its own, what is open ends all the same."""
    await talked(visit, "Hello?")
    (person,) = visit.people
    server: Server = visit.server
    (row,) = server.cli("conversation", "list", visit.agent.name)
    shown = server.cli("visitor", "show", row["visitor"]["id"])
    assert shown["conversations"] == [row["id"]]
    assert row["id"] in server.run("visitor", "show", row["visitor"]["id"]).stdout
    async with person.live() as stream:
        await Drawn().until_ended(stream)
        gone = server.cli("visitor", "forget", row["visitor"]["id"], "--yes")
        assert (gone["messages"], gone["conversations"]) == (2, [row["id"]])
        await stream.next("refused")
    wrong = server.run("conversation", "forget", row["id"])
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "no such conversation" in wrong.stderr
