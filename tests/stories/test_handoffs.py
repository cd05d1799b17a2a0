"""Asking for a person over HTTP: the visitor's page and call, the studio, and nobody coming."""

import re
from typing import Any

import sqlalchemy as sa

from parlour import events, takeover
from parlour.agents import sharing
from parlour.agents import store as agents
from parlour.conversations.handoffs import handoffs
from parlour.conversations.store import conversations
from parlour.notes.store import notes
from tests.rig import plays
from tests.rig.managing import Api
from tests.rig.visiting import Visit
from tests.rig.visitor import Visitor
from tests.stories.test_teams import Place, place

__all__ = ["place"]


async def may_ask(visit: Visit) -> None:
    """Let visitors of this link's agent ask for a person."""
    tools, who = visit.keeper.tools, visit.keeper.who
    agent = await tools.db.read(agents.by_id, visit.agent.id)
    assert agent is not None
    await sharing.change(tools, who, agent, {"asks_person": True}, agent.updated_at)


async def time_is_over(visit: Visit, conversation_id: str) -> None:
    """The time for which a person was waited is over, and whoever looks sees that it is."""
    tools, who = visit.keeper.tools, visit.keeper.who

    def over(conn: sa.Connection) -> None:
        past = tools.clock.now() - 1
        conn.execute(
            sa.update(conversations)
            .where(conversations.c.id == conversation_id)
            .values(asked_until=past)
        )
        # Somebody looks just then; servers read of it, whatever process it was done in.
        kind, now = events.Kind.CONVERSATION_READ, tools.clock.now()
        events.record(conn, kind, who, now, conversation_id=conversation_id)

    await tools.db.write(over)


async def nobody_comes(visit: Visit, conversation_id: str) -> None:
    """The time for which a person was waited is over, and the house has said so."""
    await time_is_over(visit, conversation_id)
    await takeover.lapse(visit.keeper.tools, conversation_id)


async def asked(visit: Visit) -> str:
    """The conversation in which somebody asked."""
    wanted = sa.select(handoffs.c.conversation_id).order_by(handoffs.c.asked_at.desc())
    return str((await visit.keeper.rows(wanted))[0][0])


async def test_a_visitor_asks_by_the_page_without_scripts(visit: Visit) -> None:
    """Pressed first of all, too: nothing was said yet, and somebody is asked for all the same."""
    vera = visit.visitor()
    way = f"/chat/{vera.token}/person"
    page = await vera.ask("GET", way)
    assert "Nobody can be asked for here." in page.text
    assert way not in (await vera.ask("GET", f"/chat/{vera.token}")).text.split('id="missed"')[0]
    await may_ask(visit)
    chat = await vera.ask("GET", f"/chat/{vera.token}?lang=de")
    assert f'formaction="{way}?lang=de"' in chat.text
    held = dict(re.findall(r'name="(message_id|start)" value="([^"]*)"', chat.text))
    page = await vera.ask("POST", f"{way}?lang=de", data={**held, "message": "", "look": "1"})
    assert (page.status, page.cookies) == (200, ()), "nobody has been asked for yet"
    assert "Mit einem Menschen sprechen" in page.text
    form = dict(re.findall(r'name="(message_id|start)" value="([^"]*)"', page.text))
    assert form["start"] == held["start"], "what was said in the chat is of the same session"
    forged = await vera.ask("POST", way, data={"start": "made-up", "look": "1"})
    own = dict(re.findall(r'name="(message_id|start)" value="([^"]*)"', forged.text))
    assert own["start"] not in {"made-up", form["start"]}
    odd = await vera.ask("POST", way, data={**form, "message": "odd \x00"})
    assert f'name="start" value="{form["start"]}"' in odd.text
    assert (await vera.ask("GET", way)).text.count('name="start"') == 1
    sent = await vera.ask("POST", f"{way}?lang=de", data={**form, "message": " "})
    assert (sent.status, sent.headers["Location"]) == (303, f"/chat/{vera.token}?lang=de")
    chat = await vera.ask("GET", f"/chat/{vera.token}?lang=de")
    assert "Ich möchte mit einem Menschen sprechen." in chat.text
    assert 'data-pen="requested"' in chat.text
    await vera.ask("POST", f"{way}?lang=de", data={**form, "message": " "})
    assert "Jemand wurde gebeten zu kommen." in (await vera.ask("GET", f"{way}?lang=de")).text
    conversation_id = await asked(visit)
    await nobody_comes(visit, conversation_id)
    chat = await vera.ask("GET", f"/chat/{vera.token}")
    assert re.search(r'id="missed">', chat.text), "there is a way to be written to"
    page = await vera.ask("GET", way)
    assert "Leave an address, and somebody will write to you." in page.text
    blank = await vera.ask("POST", way, data={"contact": " ", "message": "Call <b>me</b>"})
    assert (blank.status, "Please write an e-mail address" in blank.text) == (422, True)
    assert "Call &lt;b&gt;me&lt;/b&gt;</textarea>" in blank.text
    left = await vera.ask("POST", way, data={"contact": "vera@visitors.example", "message": ""})
    assert left.status == 303
    chat = await vera.ask("GET", f"/chat/{vera.token}")
    assert "Somebody of the team will write to you." in chat.text
    assert not re.search(r'id="missed">', chat.text)
    found = sa.select(notes.c.contact).where(notes.c.conversation_id == conversation_id)
    assert [row[0] for row in await visit.keeper.rows(found)] == ["vera@visitors.example"]


async def test_a_program_asks_and_leaves_an_address(visit: Visit) -> None:
    await may_ask(visit)
    vera = visit.visitor()
    body = {"message": "A person, please", "person": True, "message_id": "one"}
    said = await vera.call("chat", json=body)
    assert (said.status, said.json["state"], said.json["response"]) == (200, "held", "")
    again = await vera.call("chat", json={**body, "async_mode": True})
    assert (again.status, again.json["turn"]) == (202, None)
    early = await vera.call("contact", json={"contact": "vera@visitors.example"})
    assert (early.status, early.code) == (409, "nothing_to_leave")
    await nobody_comes(visit, await asked(visit))
    assert (await vera.call("contact", json={"contact": ""})).status == 422
    left = await vera.call("contact", json={"contact": "+44 20 7946 0018"})
    assert (left.status, left.json) == (201, {"left": True})
    again = await vera.call("contact", json={"contact": "+44 20 7946 0018"})
    assert again.status == 409
    stranger = visit.visitor()
    assert (await stranger.call("contact", json={"contact": "sam@x.example"})).status == 404


async def test_where_visitors_may_not_ask_nothing_is_said(visit: Visit) -> None:
    vera = visit.visitor()
    refused = await vera.call("chat", json={"message": "A person", "person": True})
    assert (refused.status, refused.code) == (409, "nobody_to_ask")
    history = await vera.call("history", method="GET")
    assert history.status == 404, "there is not even a session"


async def test_the_team_sees_who_waits_and_says_that_it_comes(place: Place) -> None:
    """In the conversation, at Home, by the interface; only once, and only who sees it."""
    api = place.api
    await api.put("/api/agents/repairs/sharing", {"asks_person": True})
    vera = Visitor(api.http, place.server.url, place.tokens["repairs"])
    place.model.plays(plays.reply("Noted."))
    await vera.call("chat", json={"message": "Hello"})
    await vera.call("chat", json={"message": "A person, please", "person": True})
    (waiting,) = (await api.get("/api/handoffs?open=true")).json["items"]
    assert (waiting["asked_by"], waiting["seen_by"]) == ("visitor", None)
    path = f"/studio/conversations/{waiting['conversation_id']}"
    page = await place.odin.get(path)
    assert "nobody has seen it yet" in page.words
    assert "Asked for a person By The visitor" in page.words
    assert "One visitor waits" in (await place.odin.get("/studio/teams")).words
    assert "One visitor waits" not in (await place.tess.get("/studio/teams")).words
    assert (await place.tess.post(f"{path}/acknowledge")).status == 404
    assert (await place.odin.post(f"{path}/acknowledge")).status == 303
    page = await place.odin.get(path)
    assert "Odin has seen it." in page.words
    assert "Odin has seen this and is coming." in page.words
    again = (await api.post(f"/api/conversations/{waiting['conversation_id']}/acknowledge")).json
    assert again["seen_by"] == "Odin"
    assert (await place.odin.post(f"{path}/hold", {"act": "take"})).status == 303
    assert "Odin came" in (await place.odin.get(path)).words
    late = await place.odin.post(f"{path}/acknowledge")
    assert (late.status, "Nobody waits for a person here" in late.words) == (409, True)
    assert (await api.get("/api/handoffs?open=true")).json["items"] == []
    ended = (await api.get("/api/handoffs")).json["items"]
    assert [(each["outcome"], each["ended_by"]) for each in ended] == [("answered", "Odin")]
    assert (await api.get("/api/handoffs?after=eA")).code == "invalid"


async def test_how_a_team_is_told_is_set_and_tried(place: Place) -> None:
    """API-06, API-10, SSR-01: an address inside is refused, and a second editor told who was."""
    path = f"/studio/teams/{place.team['id']}"
    page = await place.owner.get(path)
    seen = re.search(r'name="seen" value="(\d+)"', page.text)
    assert seen is not None
    inside = {"mails": "1", "hook_url": "http://127.0.0.1:9/in", "seen": seen.group(1)}
    refused = await place.owner.post(f"{path}/ways", inside)
    assert refused.status == 422
    assert 'value="http://127.0.0.1:9/in"' in refused.text, "what was typed is kept"
    saved = await place.owner.post(f"{path}/ways", {"seen": seen.group(1)})
    assert saved.leads_to == f"{path}?said=saved"
    late = await place.owner.post(f"{path}/ways", {"mails": "1", "seen": seen.group(1)})
    assert (late.status, "Olga changed this meanwhile" in late.words) == (412, True)
    tried = await place.owner.post(f"{path}/ways", {"act": "try", "seen": ""})
    assert "There is no webhook to try." in tried.words
    read = (await place.api.get(f"/api/teams/{place.team['id']}/ways")).json
    assert (read["mails"], read["hook_url"], read["hook_secret"]) == (False, None, None)
    assert (await place.odin.post(f"{path}/ways", {"mails": "1"})).status == 403
    wrong: dict[str, Any] = {"mails": True, "hook_url": "ftp://x.example"}
    assert (await place.api.put(f"/api/teams/{place.team['id']}/ways", wrong)).fields == [
        "hook_url"
    ]


async def test_owners_say_whether_visitors_may_ask(place: Place, api: Api) -> None:
    page = await place.owner.get("/studio/agents/repairs/sharing")
    assert "Workshop is told" in page.words
    seen = re.findall(r'name="seen" value="(\d+)"', page.text)[0]
    form = {"asks_person": "1", "seen": seen}
    done = await place.owner.post("/studio/agents/repairs/sharing/person", form)
    assert done.status == 303
    assert (await api.get("/api/agents/repairs/sharing")).json["asks_person"] is True
    late = await place.owner.post("/studio/agents/repairs/sharing/person", form)
    assert late.status == 412
