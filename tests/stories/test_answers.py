"""What visitors do with answers: rate them, have them anew, say a question otherwise, go on."""

import json
import re
from typing import Any

import sqlalchemy as sa

from parlour import staff
from parlour.events import Kind
from parlour.events.recording import events
from parlour.rights import Role
from tests.rig import plays
from tests.rig.managing import Api
from tests.rig.visiting import Visit
from tests.rig.visitor import Visitor
from tests.stories.test_visit_forms import fields, post, said

PERSONAL = "Call +44 20 7946 0018"


async def last_reply(visit: Visit, person: Visitor) -> str:
    """The id of the last answer."""
    page = (await person.page()).text
    return str(re.findall(r'<article class="turn turn--agent[^>]* id="(msg_\w+)"', page)[-1])


async def talk_of(visit: Visit, *, sees: bool) -> tuple[Any, Any]:
    """The visit's conversation, and what was said in it, as a program sees them."""
    tools, who = visit.keeper.tools, visit.keeper.who
    made = await staff.create_key(tools, who, "reader", Role.OWNER, None, view_personal=sees)
    visit.server.keep_secret(made.secret)
    api = Api(visit.http, visit.server.url, made.secret)
    talk = (await api.get(f"/api/conversations?agent={visit.agent.name}")).json["items"][-1]
    return talk, (await api.get(f"/api/conversations/{talk['id']}/messages")).json["items"]


async def test_good_and_poor(visit: Visit) -> None:
    """One of a message, with why; it can be taken back, and only by who was answered."""
    vera, sam = visit.visitor(), visit.visitor()
    await vera.say("Hello?")
    await vera.settled()
    reply = await last_reply(visit, vera)
    poor = {"message_id": reply, "rating": "down", "reasons": ["unclear"], "words": PERSONAL}
    assert (await vera.call("rate", json=poor)).json == {"rating": "down"}
    talk, said_ = await talk_of(visit, sees=True)
    assert talk["ratings"] == {"up": 0, "down": 1}
    assert said_[1]["rating"] == {"rating": "down", "reasons": ["unclear"], "words": PERSONAL}
    _, masked = await talk_of(visit, sees=False)
    assert "7946" not in masked[1]["rating"]["words"]
    page = (await vera.page()).text
    assert 'value="none" data-do="rate" data-rating="down" aria-pressed="true"' in page
    assert PERSONAL not in page
    # Nobody else's, nothing that is no answer, nothing odd.
    await sam.say("And I?")
    await sam.settled()
    assert (await sam.call("rate", json=poor)).status == 404
    question = said_[0]["id"]
    for odd in (
        {"message_id": question, "rating": "up"},
        {"message_id": "msg_none", "rating": "up"},
        {"message_id": "\0", "rating": "up"},
    ):
        assert (await vera.call("rate", json=odd)).status in {404, 422}, odd
    for odd in ({"rating": "best"}, {"reasons": ["x"]}, {"words": "x" * 1001}, {"words": "\0"}):
        assert (await vera.call("rate", json=poor | odd)).status == 422, odd
    # By forms, and back again.
    await post(vera, "/rate", answer=reply, rating="none")
    assert (await talk_of(visit, sees=True))[0]["ratings"] == {"up": 0, "down": 0}
    await post(vera, "/rate", answer=reply, rating="down")
    assert 'class="asks asks--card feedback no-js"' in (await vera.page()).text
    await post(vera, "/rate", answer=reply, rating="down", reasons="source")
    assert "Thank you" in (await vera.page()).text
    await post(vera, "/rate", answer=reply, rating="up", words="")
    told = sa.select(events.c.data).where(events.c.kind == Kind.MESSAGE_RATED.value)
    found = [row.data for row in await visit.keeper.rows(told.order_by(events.c.id))]
    mine = [each["rating"] for each in found if each["message"] == reply]
    assert mine == ["down", "none", "down", "down", "up"]
    assert PERSONAL not in json.dumps(found)


async def test_an_answer_anew(visit: Visit) -> None:
    """The old one stays for the team, marked, and no agent sees it again."""
    visit.model.plays(plays.reply("First."), plays.reply("Second."), plays.reply("Third."))
    vera, sam = visit.visitor(), visit.visitor()
    await vera.say("Hello?")
    await vera.settled()
    first = await last_reply(visit, vera)
    assert (await sam.call("again", json={"message_id": first})).status in {401, 404}
    answer = await vera.call("again", json={"message_id": first})
    assert answer.status == 202, answer.body
    assert await vera.settled() == [("user", "Hello?"), ("assistant", "Second.")]
    # The same button pressed twice: it is not the last answer any more.
    assert (await vera.call("again", json={"message_id": first})).code == "not_the_last"
    await post(vera, "/again", answer=first)
    assert (await vera.history())[-1] == ("assistant", "Second.")
    talk, told = await talk_of(visit, sees=True)
    assert [(each["text"], each["replaced"]) for each in told] == [
        ("Hello?", False),
        ("First.", True),
        ("Second.", False),
    ]
    assert told[2]["replaces"] == first
    assert talk["message_count"] == 2
    await vera.say("And?")
    await vera.settled()
    sent = [each["content"] for each in visit.model.requests[-1].json["messages"]]
    assert sent == ["Hello?", "Second.", "And?"]


async def test_a_question_said_otherwise(visit: Visit) -> None:
    """By a program and by the plain form; only the last one, and only once it is answered."""
    visit.model.plays(plays.reply("One."), plays.reply("Two."), plays.hang_after("Three"))
    vera = visit.visitor()
    await said(vera, "Helo?")
    await vera.settled()
    page = await vera.page()
    (way,) = re.findall(r'href="(\?edit=msg_\w+)#message"', page.text.split("<template")[0])
    page = await vera.ask("GET", f"/chat/{vera.token}{way}")
    assert ">Helo?</textarea>" in page.text
    edits = fields(page)["edits"]
    assert edits == way.removeprefix("?edit=")
    await post(vera, **fields(page) | {"message": "Hello?"})
    assert await vera.settled() == [("user", "Hello?"), ("assistant", "Two.")]
    asked = [each["content"] for each in visit.model.requests[-1].json["messages"]]
    assert asked == ["Hello?"], "what was said before is out of the agent's sight"
    talk, told = await talk_of(visit, sees=True)
    assert [(each["text"], each["replaced"]) for each in told] == [
        ("Helo?", True),
        ("One.", True),
        ("Hello?", False),
        ("Two.", False),
    ]
    assert talk["message_count"] == 2
    again = await vera.say("Hi", edits=edits)
    assert (again.status, again.code) == (409, "not_the_last")
    stranger = visit.visitor()
    assert (await stranger.say("Hi", edits=told[2]["id"])).code == "not_the_last"
    assert await stranger.page() is not None
    # Sent twice with one id it is one message.
    sent = {"edits": told[2]["id"], "message_id": "the-same"}
    answer = await vera.say("Hello!", **sent)
    assert (await vera.say("Hello!", **sent)).json["message"] == answer.json["message"]
    # While it is being answered it cannot be said otherwise.
    waits = await vera.say("Hm", edits=answer.json["message"]["id"])
    assert waits.code == "not_the_last"
    await vera.call("stop")
    history = await vera.settled()
    assert [text for role, text in history if role == "user"] == ["Hello!"]


async def test_what_to_ask_next_and_first(visit: Visit) -> None:
    """Starters and follow-ups are buttons of the plain form."""
    told = {"text": "So.", "suggestions": ["How much?", {"text": "<b>Why</b>?"}, "How much?", " "]}
    visit.model.plays(plays.answer(200, json.dumps(told).encode()))
    url = f"http://127.0.0.1:{visit.model.port}/"
    agent = await visit.keeper.agent("webhook", {"url": url}, starters=["What is it?"])
    visit.link = await visit.keeper.link(agent)
    visit.server.keep_secret(visit.link.token)
    vera = visit.visitor()
    page = await vera.page()
    assert 'form="composer" name="starter" value="What is it?"' in page.text
    await post(vera, **fields(page) | {"message": "", "starter": "What is it?"})
    assert (await vera.settled())[0] == ("user", "What is it?")
    page = await vera.page()
    assert 'name="starter" value="How much?"' in page.text
    assert "&lt;b&gt;Why&lt;/b&gt;?" in page.text
    async with vera.live("1") as stream:
        message = (await stream.next("done")).data["message"]
    assert message["suggestions"] == ["How much?", "<b>Why</b>?"]
