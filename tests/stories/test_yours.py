"""A visitor's own drawer: what is kept of them, taken along, ended, taken to a phone, deleted."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from parlour.events.recording import events
from parlour.links.rules import Kind
from parlour.rights import Role
from tests.rig import plays
from tests.rig.visiting import Visit
from tests.rig.visitor import Answer, Visitor
from tests.stories.test_manage_conversations import PATH, api_of
from tests.stories.test_manage_devices import known
from tests.stories.test_public_verify import EMAILS, asks

SAID = "canary-of-vera"
FRAME = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "same-origin"}


async def talking(visit: Visit, text: str = SAID) -> Visitor:
    """Somebody who said something, and was answered."""
    visit.model.plays(plays.reply("**canary-reply**"))
    vera = visit.visitor()
    await vera.say(text)
    await vera.settled()
    return vera


async def drawer(person: Visitor, name: str = "", method: str = "GET", **form: str) -> Answer:
    path = f"/chat/{person.token}/yours{name}"
    return await person.ask(method, path, **({"data": form} if form else {}))


def code_in(page: Answer) -> str:
    """The address that a page with a code for the phone shows."""
    (found,) = re.findall(r"/continue/([0-9A-Za-z]{22})", page.text)
    return str(found)


async def test_a_visitor_sees_all_that_is_kept_and_takes_only_their_own_along(
    visit: Visit,
) -> None:
    """PRI-01: also what they put away; nothing of anybody else's, of the team's, of the model's."""
    sam = await talking(visit, "canary-of-sam")
    vera = await talking(visit, "first canary-of-vera <b>")
    await vera.call("session", "DELETE")
    visit.model.plays(plays.reply("second reply"))
    await vera.say("second canary-of-vera")
    await vera.settled()
    owner = await api_of(visit, Role.OWNER)
    (talk, *_) = (await owner.get(f"{PATH}?link={visit.link.id}")).json["items"]
    noted = await owner.post(f"{PATH}/{talk['id']}/internal-notes", {"text": "canary-of-the-team"})
    assert noted.status == 201

    assert (await drawer(vera, "/data.json")).json["conversations"][0]["kept_until"] is None
    wish = {"days": 30, "agent": visit.agent.name, "sure": True}
    assert (await owner.put("/api/retention", wish)).status == 200

    page = await vera.page()
    assert f'href="/chat/{vera.token}/yours"' in page.text
    shown = await drawer(vera)
    assert shown.text.count("<small>last message") == 2
    assert "put away" in shown.text
    assert "deleted 30 days after its last message" in shown.text
    assert "This browser" in shown.text

    taken = (await drawer(vera, "/data.json")).json
    assert [[each["text"] for each in talk["messages"]] for talk in taken["conversations"]] == [
        ["first canary-of-vera <b>", "**canary-reply**"],
        ["second canary-of-vera", "second reply"],
    ]
    assert taken["sessions"][0]["this"] is True
    last = datetime.fromisoformat(taken["conversations"][0]["last_message_at"])
    gone = datetime.fromisoformat(taken["conversations"][0]["kept_until"])
    assert gone - last == timedelta(days=30)
    assert taken == (await vera.call("yours", "GET")).json | {
        "downloaded_at": taken["downloaded_at"]
    }
    file = await drawer(vera, "/data.html?lang=ar")
    assert file.headers["Content-Disposition"] == 'attachment; filename="chat-data.html"'
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert 'dir="rtl"' in file.text
    assert "first canary-of-vera &lt;b&gt;" in file.text
    assert "<strong>canary-reply</strong>" in file.text
    for each in (str(taken), file.text, shown.text):
        assert "canary-of-sam" not in each
        assert "canary-of-the-team" not in each
        assert not re.search(r"\bfake\b", each), "what the model is called"

    stranger = visit.visitor()
    assert "Nothing of you is kept here" in (await drawer(stranger)).text
    assert (await drawer(stranger, "/data.json")).status == 404
    assert (await stranger.call("yours", "GET")).status == 404
    assert "canary-of-sam" in (await drawer(sam, "/data.html")).text


async def test_delete_now_asks_first_and_gives_a_receipt_that_names_nobody(visit: Visit) -> None:
    """PRI-03, MEM-07: a reply under way ends; the team has nothing of it left but the receipt."""
    vera = await talking(visit)
    visit.model.plays(plays.hang_after("canary-half"))
    await vera.say("canary-second")
    async with vera.live() as stream:
        while "canary-half" not in str((await stream.next("delta", "message")).data):
            pass
        asked = await drawer(vera, "/delete")
        assert "<dt>Conversations</dt><dd>1</dd>" in asked.text
        assert "<dt>Messages</dt><dd>4</dd>" in asked.text
        assert SAID in str(await vera.history()), "asking deletes nothing"
        before = dict(vera.cookies)
        done = await drawer(vera, "/delete", "POST")
        assert (await stream.next("refused", "resync")).kind == "refused"
    assert "Everything has been deleted." in done.text
    (reference,) = re.findall(r"<code>(rcp_\w+)</code>", done.text)
    assert "<dt>Messages</dt><dd>4</dd>" in done.text
    assert "Internal" not in done.text
    assert vera.cookies == {}
    vera.cookies = before
    assert (await vera.call("history", "GET")).status == 404
    assert "Nothing of you is kept here" in (await drawer(vera)).text
    assert "Nothing of you is kept here" in (await drawer(vera, "/delete", "POST")).text

    owner = await api_of(visit, Role.OWNER)
    assert (await owner.get(f"{PATH}?link={visit.link.id}")).json["items"] == []
    receipt = (await owner.get(f"/api/receipts/{reference}")).json
    assert (receipt["what"], receipt["deleted"]["messages"]) == ("visitor", 4)
    assert "canary" not in str(receipt)

    # Programs of visitors do the same.
    ben = await talking(visit)
    gone = await ben.call("yours", "DELETE")
    assert gone.json["deleted"] == {"conversations": 1, "messages": 2, "sessions": 1}
    assert (await ben.call("yours", "DELETE")).status == 404


async def test_a_device_forgets_and_the_conversation_stays_with_the_team(visit: Visit) -> None:
    """SES-04: the session is over on the server as well, and so is the stream."""
    vera = await talking(visit)
    before = dict(vera.cookies)
    async with vera.live() as stream:
        left = await drawer(vera, "/leave?lang=de", "POST")
        assert (await stream.next("refused", "resync")).kind == "refused"
    assert "Dieser Browser kennt Sie nicht mehr." in left.text
    assert vera.cookies == {}
    vera.cookies = before
    assert (await vera.call("history", "GET")).status == 404
    assert SAID not in (await vera.page()).text
    owner = await api_of(visit, Role.OWNER)
    (talk,) = (await owner.get(f"{PATH}?link={visit.link.id}")).json["items"]
    assert talk["message_count"] == 2
    ben = await talking(visit)
    assert (await ben.call("device", "DELETE")).json == {"ended": True}
    assert (await ben.call("device", "DELETE")).status == 404


async def test_a_phone_goes_on_once_and_robots_take_nothing(visit: Visit) -> None:
    """SES-02, USE-11, LNK-09: only the button of the page takes the code, and only one of many."""
    vera = await talking(visit)
    shown = await drawer(vera, "/phone", "POST")
    code = code_in(shown)
    assert "<svg" in shown.text
    way = f"/chat/{vera.token}/continue/{code}"
    robot, phone, thief = visit.visitor(), visit.visitor(), visit.visitor()
    for _ in range(3):
        asked = await robot.ask("GET", way)
        assert (asked.status, asked.cookies) == (200, ())
        assert "Continue here?" in asked.text
        assert SAID not in asked.text
    assert (await robot.ask("HEAD", way)).status == 200
    elsewhere = visit.visitor(await visit.another_link())
    wrong = await elsewhere.ask("POST", f"/chat/{elsewhere.token}/continue/{code}")
    assert (wrong.status, wrong.cookies) == (404, ()), "a code is good on its own link alone"

    tries = [visit.visitor() for _ in range(8)]
    done = await asyncio.gather(*(each.ask("POST", way) for each in tries))
    assert sorted(each.status for each in done) == [303] + [410] * 7
    phone = next(each for each, got in zip(tries, done, strict=True) if got.status == 303)
    assert phone.session != vera.session
    assert await phone.history() == await vera.history()
    for method in ("GET", "POST"):
        again = await thief.ask(method, way)
        assert (again.status, again.cookies) == (410, ())
        assert "This code has been used." in again.text

    # Both go on in the same conversation, and each is ended alone.
    visit.model.plays(plays.reply("Yes."))
    await phone.say("from the phone")
    assert ("user", "from the phone") in await vera.settled()
    assert (await drawer(phone)).text.count("Another browser") == 1
    await drawer(phone, "/leave", "POST")
    assert ("user", "from the phone") in await vera.history()
    facts = await visit.keeper.tools.db.read(crossings, visit.link.id)
    assert [(each.actor_kind, each.data) for each in facts] == [("visitor", {})]


def crossings(conn: sa.Connection, link_id: str) -> Any:
    """What the record says of those who went on elsewhere."""
    wanted = sa.select(events).where(events.c.kind == "visitor.crossed")
    return conn.execute(wanted.where(events.c.link_id == link_id)).all()


async def test_codes_are_replaced_end_with_their_session_and_programs_take_them(
    visit: Visit,
) -> None:
    vera, phone = await talking(visit), visit.visitor()
    first = (await vera.call("handover", json={})).json["code"]
    made = (await vera.call("handover", json={})).json
    assert made["url"].endswith(f"/chat/{vera.token}/continue/{made['code']}")
    replaced = await phone.call("continue", json={"code": first})
    assert (replaced.status, replaced.code) == (404, "no_code")
    assert "is over" in (await phone.ask("GET", f"/chat/{vera.token}/continue/{first}")).text
    for odd in ("", "x" * 5000, "%00", "\x00", made["code"].swapcase()):
        assert (await phone.call("continue", json={"code": odd})).status in {404, 422}
    gone = await phone.call("continue", json={"code": made["code"]})
    assert gone.json["session_token"] == phone.session
    assert await phone.history() == await vera.history()
    last = (await vera.call("handover", json={})).json["code"]
    await vera.call("device", "DELETE")
    assert (await visit.visitor().call("continue", json={"code": last})).status == 404
    assert (await visit.visitor().call("handover", json={})).status == 404


async def test_who_confirmed_an_address_confirms_it_there_and_ends_devices(visit: Visit) -> None:
    """PRV-06, SES-09: no code stands for an address; one device ends another."""
    await asks(visit, verify="after", verify_after=50)
    vera, _ = await known(visit, next(EMAILS))
    shown = await drawer(vera)
    assert "confirm who you are there" in shown.text
    assert f"{vera.token}/yours/phone" not in shown.text
    refused = await vera.call("handover", json={})
    assert (refused.status, refused.code) == (409, "proved")
    assert (await drawer(vera, "/phone", "POST")).status == 409
    taken: dict[str, Any] = (await drawer(vera, "/data.json")).json
    assert taken["visitor"]["email"] in shown.text
    (mine,) = taken["sessions"]
    assert (await drawer(vera, "/end", "POST", device="vss_" + "A" * 22)).status == 404
    ended = await vera.ask(
        "DELETE", f"/api/public/device/{vera.token}?device_id={mine['device_id']}"
    )
    assert ended.json == {"ended": True}
    assert (await vera.call("history", "GET")).status == 404


async def test_a_phone_costs_no_use_and_a_frame_forgets_its_own_session(visit: Visit) -> None:
    """USE-11: a private link for one; and in a page of another site, a session of its own."""
    link = await visit.another_link(kind=Kind.PRIVATE, name="Priya", max_uses=1)
    priya, phone = visit.visitor(link), visit.visitor(link)
    await priya.say("For me alone")
    await priya.settled()
    made = (await priya.call("handover", json={})).json
    assert (await phone.call("continue", json={"code": made["code"]})).status == 200
    assert (await phone.say("From the phone")).status == 202
    assert ("user", "From the phone") in await priya.settled()
    assert await visit.keeper.uses(link) == 1

    open_link = await visit.another_link(origins=("https://shop.example",))
    framed = visit.visitor(open_link)
    await framed.ask("POST", f"/chat/{framed.token}", data={"message": "In a frame"}, headers=FRAME)
    (name,) = framed.cookies
    assert name.endswith("-framed")
    left = await framed.ask("POST", f"/chat/{framed.token}/yours/leave", headers=FRAME)
    assert "https://shop.example" in left.headers["Content-Security-Policy"]
    assert framed.cookies == {}
    assert "Partitioned" in left.cookies[0]
