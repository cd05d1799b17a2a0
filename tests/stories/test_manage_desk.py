"""What programs do at the desk beside answering: internal notes, canned replies, typing."""

from parlour.rights import Role
from tests.rig import plays
from tests.rig.managing import Api
from tests.rig.visiting import Visit
from tests.stories.test_manage_conversations import PATH, api_of
from tests.stories.test_shared import guest_of, talked

CANNED = "/api/canned-replies"


async def test_internal_notes_are_written_read_and_deleted(visit: Visit) -> None:
    """SHR-03, TKO-08: masked for who does not see personal details; never in what was said."""
    vera, ana = visit.visitor(), await api_of(visit, Role.OPERATOR)
    visit.model.plays(plays.reply("Yes."))
    await vera.say("Hello?")
    await vera.settled()
    (talk,) = (await ana.get(f"{PATH}?link={visit.link.id}")).json["items"]
    notes = f"{PATH}/{talk['id']}/internal-notes"
    looker = await api_of(visit, Role.ANALYST)
    assert (await looker.post(notes, {"text": "x"})).code == "not_allowed"
    for odd in ({}, {"text": " "}, {"text": "x", "kind": "note"}):
        assert (await ana.post(notes, odd)).status == 422
    first = await ana.post(notes, {"text": "Ring +44 20 7946 0018", "note_id": "one"})
    assert (first.status, first.json["after"], first.json["by"]) == (201, 2, "operator")
    again = await ana.post(notes, {"text": "Ring +44 20 7946 0018", "note_id": "one"})
    assert again.json["id"] == first.json["id"]
    (read,) = (await looker.get(notes)).json
    assert "7946" not in read["text"]
    said = await looker.get(f"{PATH}/{talk['id']}/messages")
    assert "Ring" not in str(said.json) + str(await vera.history())
    one = f"{notes}/{first.json['id']}"
    ben = await api_of(visit, Role.TEAM_LEAD)
    assert (await ben.call("DELETE", one)).code == "not_allowed"
    assert (await ana.call("DELETE", one)).status == 200
    assert (await ana.call("DELETE", one)).status == 404
    assert (await ana.post(f"{PATH}/{talk['id']}/typing")).code == "not_held"
    await ana.post(f"{PATH}/{talk['id']}/hold")
    assert (await ana.post(f"{PATH}/{talk['id']}/typing")).status == 204


async def test_canned_replies_are_kept_by_programs(api: Api) -> None:
    """Two editors: the second is told; a shortcut is one reply's alone."""
    made = await api.post(CANNED, {"shortcut": "hours", "text": "We open at nine."})
    assert made.status == 201
    one = f"{CANNED}/{made.json['id']}"
    assert (await api.post(CANNED, {"shortcut": "hours", "text": "x"})).code == "taken"
    assert (await api.post(CANNED, {"shortcut": "Two words", "text": ""})).status == 422
    read = await api.get(f"{CANNED}/hours")
    tag = {"If-Match": read.headers["ETag"]}
    wish = {"shortcut": "hours", "text": "We open at ten."}
    changed = await api.call("PUT", one, json=wish, **tag)
    assert (changed.status, changed.json["text"]) == (200, "We open at ten.")
    late = await api.call("PUT", one, json=wish | {"text": "Never."}, **tag)
    assert late.status == 412
    assert [each["shortcut"] for each in (await api.get(CANNED)).json] == ["hours"]
    assert (await api.call("DELETE", one)).status == 200
    assert (await api.get(CANNED)).json == []
    assert (await api.call("DELETE", f"{CANNED}/nothing")).status == 404


async def test_who_types_is_told_to_guest_and_visitor(visit: Visit) -> None:
    """SHR-12: by the name that the visitor reads; a reader's typing is nobody's to see."""
    vera, ana, one = await talked(visit)
    gus = await guest_of(visit, ana, one, mode="auto", hours=1, name="Gus")
    assert (await gus.ask("POST", f"/share/{gus.token}/typing")).status == 403
    await gus.send("hold", act="open")
    async with vera.live(after="2") as stream, gus.live("2") as looking:
        await stream.next("control")
        await looking.next("control")
        assert (await gus.ask("POST", f"/share/{gus.token}/typing")).status == 204
        heard = (await stream.next("typing")).data
        assert heard == {"author": {"kind": "guest", "name": "Gus"}}
        assert (await vera.call("typing")).json == {"told": True}
        assert (await looking.next("typing")).data["author"]["kind"] == "visitor"
