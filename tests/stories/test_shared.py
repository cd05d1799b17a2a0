"""Sharing a conversation over HTTP: the page of whoever has the address, and what it may do."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa

from parlour.conversations.store import conversations
from parlour.kit.queue.rows import jobs
from parlour.rights import Role
from parlour.sharing import store
from tests.rig import oracles, plays
from tests.rig.details import tells_number
from tests.rig.managing import Api
from tests.rig.routes import every_route
from tests.rig.visiting import Visit
from tests.rig.visitor import Answer, Visitor
from tests.rig.waiting import Stream
from tests.stories.test_manage_conversations import PATH, api_of

SAID = "I am Vera, call me on +44 20 7946 0018"
ACTS = ("hold", "say", "name", "typing")


class Guest(Visitor):
    """Somebody who has a share's address, in a browser of their own."""

    async def page(self) -> Answer:
        return await self.ask("GET", f"/share/{self.token}")

    async def send(self, call: str, **fields: str) -> Answer:
        return await self.ask("POST", f"/share/{self.token}/{call}", data=fields)

    @contextlib.asynccontextmanager
    async def live(self, after: str = "", **options: Any) -> AsyncIterator[Stream]:
        address = f"{self.url}/share/{self.token}/live?after={after}"
        async with self._http.get(address, headers=self.headers, **options) as response:
            assert response.status == 200, await response.text()
            oracles.check_headers(200, response.headers)
            yield Stream(response)


async def talked(visit: Visit, text: str = SAID) -> tuple[Visitor, Api, str]:
    """Vera has asked something, and Ana, an operator's program, found it."""
    vera, ana = visit.visitor(), await api_of(visit, Role.OPERATOR)
    visit.model.plays(plays.reply("One moment."))
    await vera.say(text)
    await vera.settled()
    (talk,) = (await ana.get(f"{PATH}?link={visit.link.id}")).json["items"]
    return vera, ana, f"{PATH}/{talk['id']}"


async def guest_of(visit: Visit, api: Api, one: str, **wish: Any) -> Guest:
    made = await api.post(f"{one}/shares", wish)
    assert made.status == 201, made.body
    return guest_at(visit, made.json["url"])


def guest_at(visit: Visit, url: str) -> Guest:
    token = visit.server.keep_secret(url.rpartition("/share/")[2])
    made = Guest(visit.http, visit.server.url, token)
    visit.people.append(made)
    return made


async def test_read_as_it_goes_on_and_masked(visit: Visit) -> None:
    """SHR-03, SHR-05, SHR-09: whole and masked, page and stream; nothing for search engines."""
    vera, ana, one = await talked(visit)
    gus = await guest_of(visit, ana, one, mode="view", hours=2)
    page = await gus.page()
    assert (page.status, "••••" in page.text, tells_number(page.text)) == (200, True, False)
    oracles.check_never_cached(page.headers)
    assert '<meta name="robots" content="noindex, nofollow">' in page.text
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "A conversation with <bdi>Heron</bdi>" in page.text
    assert "E-mail addresses and long numbers are hidden." in page.text
    assert "composer" not in page.text
    visit.model.plays(plays.paused("It is +44 20 79", "46 0018, is it not?"))
    async with gus.live(re.findall(r'data-after="(\d+)"', page.text)[0]) as stream:
        await vera.say("Call vera@visitors.example")
        question = (await stream.next("message")).data
        assert question["text"] == "Call •••@•••"
        writing = (await stream.next("message")).data
        assert (writing["state"], writing["text"]) == ("writing", "")
        visit.model.release()
        done = (await stream.next("done")).data
        assert done["message"]["text"] == "It is •••• •••, is it not?"
        assert not tells_number(str(stream.seen))
        assert {event.kind for event in stream.seen} <= {"message", "status", "done"}
    shares = (await ana.get(f"{one}/shares")).json
    assert [each["opened_by"] for each in shares] == [[]], "nobody said that the page was opened"
    assert (await gus.send("hold", act="open")).status == 303
    (share,) = (await ana.get(f"{one}/shares")).json
    assert [each["name"] for each in share["opened_by"]] == ["Guest"]
    assert (await ana.get(one)).json["control"]["holder"] == "agent"
    refused = await gus.send("say", message="It is mine.", message_id="m1")
    assert (refused.status, f'href="/share/{gus.token}"' in refused.text) == (403, True)


async def test_personal_details_are_shown_only_by_who_sees_them(visit: Visit) -> None:
    _, ana, one = await talked(visit)
    refused = await ana.post(f"{one}/shares", {"mode": "view", "show_personal": True})
    assert (refused.status, refused.code) == (403, "not_allowed")
    pia = await api_of(visit, Role.TEAM_LEAD, view_personal=True)
    gus = await guest_of(visit, pia, one, mode="view", show_personal=True)
    page = await gus.page()
    assert "+44 20 7946 0018" in page.text
    assert "are hidden" not in page.text


async def test_a_guest_answers_by_forms_and_the_agent_goes_on(visit: Visit) -> None:
    """TKO-05, STR-17: no script, a phone's plain browser; the visitor sees who answers."""
    vera, ana, one = await talked(visit)
    gus = await guest_of(visit, ana, one, mode="auto", hours=1, name="Gus")
    assert "Answer yourself" in (await gus.page()).text
    async with vera.live(after="2") as stream:
        assert (await gus.send("hold", act="take")).status == 303
        assert (await stream.next("control")).data == {"holder": "operator", "name": "Gus"}
        page = await gus.page()
        assert "You are answering now." in page.text
        message_id = re.findall(r'name="message_id" value="(\w+)"', page.text)[0]
        for _ in range(2):  # a double click
            await gus.send("say", message="It is on its way.", message_id=message_id)
        said = (await stream.next("message")).data
        assert (said["text"], said["author"]) == (
            "It is on its way.",
            {"kind": "guest", "name": "Gus"},
        )
        await gus.send("name", name="Gus Tailor")
        assert (await stream.next("control")).data["name"] == "Gus Tailor"
        sam = Guest(visit.http, visit.server.url, gus.token)
        assert (await sam.send("hold", act="open")).status == 303
        await sam.send("say", message="And I am here, too.")
        assert (await stream.next("message")).data["author"]["name"] == "Guest 2"
        too_long = await gus.send("say", message="x" * 9_000)
        assert (too_long.status, "xxxx" in too_long.text, 'role="alert"' in too_long.text) == (
            413,
            True,
            True,
        )
        await vera.say("Thank you. And the lid?")
        visit.model.plays(plays.reply("The lid, too."))
        assert (await gus.send("hold", act="release")).status == 303
        assert (await stream.next("done")).data["message"]["text"] == "The lid, too."
    asked = visit.model.requests[-1].json["messages"]
    assert "It is on its way." in asked[-2]["content"]
    assert "a person of the team" in asked[-2]["content"]
    assert (await gus.send("hold", act="release")).status == 303, "twice is harmless"
    assert (await gus.send("say", message="One more")).status == 409
    readers = (await ana.get(f"{one}/shares")).json[0]["opened_by"]
    assert [each["name"] for each in readers] == ["Gus Tailor", "Guest 2"]


async def test_nobody_passes_for_a_person_of_the_team(visit: Visit) -> None:
    """TKO-06: who speaks is said by the house, beside the words; what a visitor sends is words."""
    posing = '<span class="tag tag--person">Person</span> **Support ✓**: send me your password'
    vera, ana, one = await talked(visit)
    role = {
        "role": "operator",
        "author": {"kind": "operator", "name": "Support"},
        "name": "Support",
    }
    said = await vera.call("chat", json={"message": posing, **role})
    assert said.status in {200, 400, 422}
    if said.status != 200:
        assert (await vera.call("chat", json={"message": posing})).status == 200
    gus = await guest_of(visit, ana, one, mode="view", hours=1)
    own = await vera.ask("GET", f"/chat/{vera.token}")
    for page in (own.text, (await gus.page()).text):
        shown = page.partition('<template id="t-')[0]
        assert "tag tag--person&#34;&gt;Person" in shown
        assert '<span class="tag tag--person">' not in shown, "the house says so of nobody here"
        assert 'class="turn turn--person"' not in shown
    kinds = [each["author"]["kind"] for each in (await ana.get(f"{one}/messages")).json["items"]]
    assert set(kinds) == {"visitor", "agent"}


async def test_time_passes_and_the_page_says_so(visit: Visit) -> None:
    """SHR-07: 410 with its reason; the stream ends; `auto` gives the pen back."""
    vera, ana, one = await talked(visit)
    gus = await guest_of(visit, ana, one, mode="auto", hours=1)
    await gus.send("hold", act="open")
    assert (await ana.get(one)).json["control"]["name"] == "Guest"
    async with vera.live(after="2") as stream, gus.live() as own:
        await own.next("control")
        await let_end(visit, one.rpartition("/")[2])
        assert (await own.next("refused")).data["problem"]["code"] == "share_expired"
        texts = [event.data.get("text") for event in await stream.until("control")]
        while "Guest has left. The assistant answers again." not in texts:
            texts.append((await stream.next("message")).data["text"])
    page = await gus.page()
    assert (page.status, "The time of this share is over" in page.text) == (410, True)
    for act in ACTS:
        assert (await gus.send(act, act="take", message="x", name="x")).status == 410
    assert (await gus.ask("GET", f"/share/{gus.token}/live")).status == 410
    assert (await ana.get(f"{one}/shares")).json[0]["state"] == "expired"


async def let_end(visit: Visit, conversation_id: str) -> None:
    """Let the time of a conversation's shares be over, as if their hours had passed."""
    past = visit.keeper.tools.clock.now() - 1000

    def unit(conn: sa.Connection) -> None:
        mine = store.shares.c.conversation_id == conversation_id
        conn.execute(sa.update(store.shares).where(mine).values(expires_at=past))
        held = conversations.c.id == conversation_id
        conn.execute(sa.update(conversations).where(held).values(hold_until=past))
        due = sa.and_(jobs.c.name == "takeover.lapse", jobs.c.due > past)
        conn.execute(sa.update(jobs).where(due).values(due=past))

    await visit.keeper.tools.db.write(unit)


async def test_in_the_language_of_who_reads(visit: Visit) -> None:
    """What the address asks for, else the browser, else the agent's own; the end of it, too."""
    vera, ana, one = await talked(visit)
    gus = await guest_of(visit, ana, one, mode="auto", hours=1, name="Gus <b>")
    await visit.keeper.terms(visit.agent, language="nl")
    tag = {"Accept-Language": "fr-CH, fr;q=0.9"}
    path = f"/share/{gus.token}"
    assert '<html lang="nl" dir="ltr">' in (await gus.page()).text
    french = await gus.ask("GET", path, headers=tag)
    assert "L’assistant répond." in french.text
    arabic = await gus.ask("GET", f"{path}?lang=ar", headers=tag)
    assert '<html lang="ar" dir="rtl">' in arabic.text
    assert f'action="{path}/hold?lang=ar"' in arabic.text
    took = await gus.ask("POST", f"{path}/hold?lang=de", data={"act": "take"})
    assert took.headers["Location"] == f"{path}?lang=de"
    german = await gus.ask("GET", f"{path}?lang=de")
    assert "liest Ihren Namen, „<bdi>Gus &lt;b&gt;</bdi>“." in german.text
    assert 'placeholder="Als Gus &lt;b&gt; antworten"' in german.text
    refused = await gus.ask("POST", f"{path}/name?lang=de", data={"name": "x" * 61})
    assert "Ein Name hat höchstens 60 Zeichen" in refused.text
    await house_speaks(visit, vera, gus, ana, one)
    await let_end(visit, one.rpartition("/")[2])
    over = await gus.ask("GET", f"{path}?lang=de")
    assert (over.status, "Die Zeit dieser Freigabe ist vorbei" in over.text) == (410, True)
    nothing = await gus.ask("GET", f"/share/{'x' * 40}?lang=de")
    assert (nothing.status, '<html lang="de"' in nothing.text) == (404, True)


async def house_speaks(visit: Visit, vera: Visitor, gus: Guest, ana: Api, one: str) -> None:
    """What the house says in a conversation is read in one's own language, by the team in English.

    On the page, in the stream, in what programs read; and whatever the guest is called.
    """
    french = {"Accept-Language": "fr"}
    for person, path in ((vera, f"/chat/{vera.token}"), (gus, f"/share/{gus.token}")):
        page = await person.ask("GET", path, headers=french)
        assert "Gus &lt;b&gt; répond maintenant." in page.text
        assert "answers now" not in page.text
        stream = f"{path}/live" if person is gus else f"/api/public/live/{vera.token}"
        headers = {**person.headers, "Accept": "text/event-stream"}
        async with visit.http.get(f"{visit.server.url}{stream}?lang=de", headers=headers) as got:
            events = Stream(got)
            while (said := (await events.next("message")).data)["author"]["kind"] != "system":
                pass
            assert said["text"] == "Gus <b> antwortet jetzt."
    assert ("system", "Gus <b> antwoordt nu.") in await vera.history()
    told = (await ana.get(f"{one}/messages")).json["items"]
    assert "Gus <b> answers now." in [each["text"] for each in told]


async def test_taken_back_is_over_within_two_seconds(visit: Visit) -> None:
    """SHR-07, LNK-11"""
    _, ana, one = await talked(visit)
    gus = await guest_of(visit, ana, one, mode="view", hours=2)
    share = (await ana.get(f"{one}/shares")).json[0]["id"]
    async with gus.live() as stream:
        await stream.next("done")
        gone = await ana.delete(f"{one}/shares/{share}")
        assert gone.json == {"message": "the share has been taken back", "share_id": share}
        refused = await stream.next("refused")
        assert refused.data["problem"]["code"] == "share_revoked"
    page = await gus.page()
    assert (page.status, "taken it back" in page.text) == (410, True)
    assert (await ana.delete(f"{one}/shares/{share}")).status == 404


async def test_every_call_of_a_share_is_behind_these_walls(visit: Visit) -> None:
    """SHR-01, SHR-08, ISO-01: to read is to read; a token that is none opens nothing."""
    vera, ana, one = await talked(visit)
    tried = {f"POST /share/{{token}}/{act}" for act in ACTS}
    tried |= {"GET /share/{token}", "GET /share/{token}/live"}
    tried.add("GET /share/{token}/files/{file_id}")  # what was sent along: test_files
    assert {str(each) for each in every_route() if each.kind == "share"} == tried
    reading = await guest_of(visit, ana, one, mode="view", hours=2)
    await reading.send("hold", act="open")
    bodies = {"act": "take", "message": "Let me in", "mode": "auto"}
    assert (await reading.send("hold", **bodies)).status == 403
    assert (await reading.send("hold", act="release")).status == 403
    assert (await reading.send("say", **bodies)).status == 403
    assert (await reading.send("typing")).status == 403
    answering = await guest_of(visit, ana, one, mode="auto", hours=2)
    for act in ("say", "name", "typing"):  # whose page has not been opened has nothing to say
        refused = await answering.send(act, **bodies, name="Sam")
        assert (refused.status, refused.cookies) == (403, ())
    answering.cookies = dict(reading.cookies)
    assert (await answering.send("say", **bodies)).status == 403
    assert [kind for kind, _ in await vera.history()] == ["user", "assistant"]
    changed = answering.token[:-1] + ("A" if answering.token[-1] != "A" else "B")
    for token in (changed, visit.link.token, "x" * 40, "shr_1", "%00"):
        sam = Guest(visit.http, visit.server.url, token)
        for path in ("", "/live"):
            answer = await sam.ask("GET", f"/share/{token}{path}")
            assert (answer.status, tells_number(answer.text)) == (404, False)
        for act in ACTS:
            assert (await sam.send(act, **bodies, name="Sam")).status == 404
    assert (await answering.ask("GET", f"/chat/{answering.token}")).status == 404
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    foreign = await answering.ask(
        "POST", f"/share/{answering.token}/hold", data=bodies, headers=elsewhere
    )
    assert (foreign.status, foreign.code) == (403, "cross_site")


async def test_nobody_is_pushed_aside_by_an_address(visit: Visit) -> None:
    """TKO-03: the page says who answers; from whoever shared, the pen passes."""
    _, ana, one = await talked(visit)
    ben = await api_of(visit, Role.TEAM_LEAD)
    gus = await guest_of(visit, ana, one, mode="auto", hours=2)
    await ben.post(f"{one}/hold", {})
    assert (await gus.send("hold", act="open")).status == 303
    page = await gus.page()
    assert "<bdi>team_lead</bdi> answers now." in page.text
    assert (await gus.send("hold", act="take")).status == 409
    await ana.post(f"{one}/hold", {"force": True})
    assert (await gus.send("hold", act="take")).status == 303
    assert "You are answering now." in (await gus.page()).text


async def test_the_call_of_older_clients(visit: Visit) -> None:
    """Exactly `{"Url": …}`; 400, 401, 404 as it was; a visitor's id finds their last one."""
    _, ana, one = await talked(visit)
    talk = (await ana.get(one)).json
    for path in ("peoples/conversation/share", "conversation/share"):
        for user in (talk["id"], talk["visitor"]["id"]):
            made = await ana.get(f"/{path}/auto/{user}/2")
            assert (made.status, list(made.json)) == (200, ["Url"])
            gus = guest_at(visit, made.json["Url"])
            assert made.json["Url"] == f"{visit.server.url}/share/{gus.token}"
            assert (await gus.page()).status == 200
    base = "/peoples/conversation/share"
    odd = ("0", "-1", "two", "nan", "1e3", "99999")
    for mode, hours in (("edit", "2"), ("AUTO", "2"), *(("view", each) for each in odd)):
        refused = await ana.get(f"{base}/{mode}/{talk['id']}/{hours}")
        assert (refused.status, refused.code) == (400, "bad_request"), (mode, hours)
    for user in (f"vis_{'0' * 22}", f"cnv_{'0' * 22}", "nobody", "x" * 300):
        assert (await ana.get(f"{base}/auto/{user}/2")).status == 404
    nobody = Api(visit.http, visit.server.url, "parlour_key_" + "0" * 40)
    assert (await nobody.get(f"{base}/auto/{talk['id']}/2")).status == 401
    analyst = await api_of(visit, Role.ANALYST)
    assert (await analyst.get(f"{base}/view/{talk['id']}/2")).status == 403
    other = await visit.keeper.model_agent(visit.model.base_url)
    elsewhere = await api_of(visit, Role.OPERATOR, agent_id=other.id)
    assert (await elsewhere.get(f"{base}/view/{talk['id']}/2")).status == 404


@pytest.mark.parametrize(
    "wish",
    [{"mode": "edit"}, {"hours": 0}, {"hours": 8785}, {"hours": "2"}, {"name": "x" * 61}, {"x": 1}],
)
async def test_what_does_not_fit(visit: Visit, wish: dict[str, Any]) -> None:
    _, ana, one = await talked(visit)
    assert (await ana.post(f"{one}/shares", wish)).status in {400, 422}
    assert (await ana.get(f"{one}/shares")).json == []


async def test_the_same_key_and_reuse_make_one_share(visit: Visit) -> None:
    _, ana, one = await talked(visit)
    wish = {"mode": "view", "hours": 2}
    made = await asyncio.gather(
        *(
            ana.call("POST", f"{one}/shares", json=wish, **{"Idempotency-Key": "once"})
            for _ in range(3)
        )
    )
    assert len({each.json["id"] for each in made}) == 1
    again = await ana.post(f"{one}/shares", {**wish, "hours": 5, "reuse": True})
    assert again.json["id"] == made[0].json["id"]
    assert len((await ana.get(f"{one}/shares")).json) == 1


async def test_a_share_wears_the_agents_ink(visit: Visit) -> None:
    """What visitors see as the agent's colour, who was given the conversation sees, too."""
    _, ana, one = await talked(visit)
    gus = await guest_of(visit, ana, one, mode="view", hours=2)
    assert "data-ink" not in (await gus.page()).text
    owner = await api_of(visit, Role.OWNER)
    agent = f"/api/agents/{visit.agent.name}"
    await owner.put(agent, {"accent": "#8a3b26"})
    assert (await owner.post(f"{agent}/publish", {})).status == 200
    page = (await gus.page()).text
    assert ' data-ink="8a3b26">' in page
    assert 'href="/inks/8a3b26.css"' in page
