"""Conversations in the studio over HTTP: who may look, what they are sent, filters, the record."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from parlour.rights import Role
from tests.rig import plays
from tests.rig.colleague import Colleague, invited, joined, owner_of
from tests.rig.details import tells_number
from tests.rig.model import FakeModel
from tests.rig.nursery import Nursery
from tests.rig.server import Link, Server
from tests.rig.storage import Storage
from tests.rig.visiting import check_unbroken
from tests.rig.visitor import Visitor
from tests.rig.waiting import PATIENCE

LIST = "/studio/conversations"
SAID = "Call +44 20 7946 0018 or write to vera@visitors.example, says vera-heron-5821"


def tells(text: str) -> bool:
    """Whether any of what is hidden from most is told."""
    return tells_number(text) or "vera@visitors.example" in text


@dataclass
class House:
    """A server with an owner, an agent, a link and whoever comes by it."""

    server: Server
    owner: Colleague
    link: Link
    model: FakeModel
    http: aiohttp.ClientSession

    async def talked(self, *texts: str, link: Link | None = None) -> Visitor:
        """Say these, each answered."""
        person = Visitor(self.http, self.server.url, (link or self.link).token)
        person.faulty = True
        for text in texts:
            self.model.plays(plays.reply("Noted: " + text))
            assert (await person.call("chat", json={"message": text})).status == 200
        return person

    async def rows(self, query: str = "", who: Colleague | None = None) -> list[str]:
        """The ids that a page lists."""
        page = await (who or self.owner).get(LIST + query)
        assert page.status == 200, page.words
        return re.findall(r'id="row-(cnv_\w+)"', page.text)

    async def stream(
        self, who: Colleague, path: str, **headers: str
    ) -> AsyncIterator[dict[str, str]]:
        """Follow a stream of the studio, event by event."""
        cookie = "; ".join(f"{name}={value}" for name, value in who.cookies.items())
        sent = {"Cookie": cookie, "Accept": "text/event-stream", **headers}
        async with self.http.get(self.server.url + path, headers=sent) as answer:
            assert answer.status == 200, await answer.text()
            event: dict[str, str] = {}
            async for line in answer.content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name in ("id", "event", "data"):
                    event[name] = value
                elif not name and event:
                    yield event
                    event = {}


@pytest.fixture
def server(storage: Storage, tmp_path: Path, nursery: Nursery) -> Iterator[Server]:
    """A server nobody owns yet."""
    made = Server(storage, tmp_path, nursery).start()
    yield made
    check_unbroken(made.output)
    made.close()


@pytest.fixture
async def house(server: Server, model: FakeModel, http: aiohttp.ClientSession) -> House:
    create = ("agent", "create", "shop", "--backend", "openai", "--model", "fake")
    server.cli(*create, "--base-url", model.base_url)
    link = server.make_link("shop", "--name", "Poster")
    return House(server, await owner_of(http, server), link, model, http)


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_reads_and_only_who_may_sees_personal_details(
    house: House, role: Role
) -> None:
    """SHR-03: page and list, byte for byte; the same person with the right and without."""
    await house.talked(SAID)
    (talk_id,) = await house.rows()
    colleague = await joined(house.owner, "col@team.example", role.value)
    path = await invited(house.owner, "pia@team.example", role.value, view_personal="1")
    pia = Colleague(house.http, house.server)
    await pia.post(path, {"name": "Pia", "password": "four words are enough"})
    for who, sees in ((colleague, False), (pia, True), (house.owner, True)):
        for address in (LIST, f"{LIST}/{talk_id}"):
            page = await who.get(address)
            assert page.status == 200
            assert "vera-heron-5821" in page.text or address == LIST
            assert tells(page.text) is sees, f"{role} {address}"
        found = await who.get("/studio/find?q=OR+write")
        assert f'href="{LIST}/{talk_id}"' in found.text
        assert tells(found.text) is sees, role
        hidden = await who.get("/studio/find?q=vera@visitors")
        assert (talk_id in hidden.text) is sees, "what is hidden is not found either"


async def test_nobody_else_gets_in(house: House) -> None:
    await house.talked("Hello?")
    (talk_id,) = await house.rows()
    stranger = Colleague(house.http, house.server)
    for path in ("", "/live", f"/{talk_id}", f"/{talk_id}/live", f"/{talk_id}/sources/msg_x/1"):
        page = await stranger.get(LIST + path)
        assert (page.status, page.leads_to.partition("?")[0]) == (303, "/studio/sign-in"), path
    for wrong in ("cnv_x", "cnv_" + "A" * 22, "nothing", f"{talk_id}/sources/msg_x/1"):
        assert (await house.owner.get(f"{LIST}/{wrong}")).status == 404
    assert (await house.owner.get(f"{LIST}/cnv_x/live")).status == 404


async def test_filters_choose_and_pages_go_on(house: House) -> None:
    first = await house.talked("One")
    await first.ask("DELETE", f"/api/public/session/{first.token}")
    other = house.server.make_link("shop", "--name", "Flyer")
    await house.talked("Two", link=other)
    house.model.plays(plays.error(500))
    failing = await house.talked()
    await failing.call("chat", json={"message": "Three"})
    three, two, one = await house.rows()
    assert await house.rows("?state=failed") == [three]
    assert await house.rows("?state=closed") == [one]
    assert await house.rows("?state=open") == [two]
    assert await house.rows("?state=answering") == []
    assert await house.rows(f"?link={other.id}") == [two]
    assert await house.rows("?agent=shop&days=1") == [three, two, one]
    assert await house.rows("?agent=nobody") == []
    for odd in ("state=x", "link=%00", "days=9", "after=x", "agent=%00", "after=99999999999999-"):
        assert await house.rows("?" + odd) == [three, two, one], odd
    page = await house.owner.get(f"{LIST}/{two}?state=open&link={other.id}")
    assert "Flyer" in page.words
    assert 'rel="next"' not in page.text, "alone in its filtered list"
    page = await house.owner.get(f"{LIST}/{two}")
    assert f'href="{LIST}/{three}" rel="prev"' in page.text
    assert f'href="{LIST}/{one}" rel="next"' in page.text


async def test_the_list_moves_while_somebody_looks(house: House) -> None:
    """STR-01: new conversations and new messages, once each, and nothing is missed in a break."""
    tess = await joined(house.owner, "tess@team.example", "team_lead")
    heard: list[tuple[str, str]] = []
    page = await tess.get(LIST)
    found = re.search(r'data-live="([^"]+)"', page.text)
    assert found is not None
    address = found.group(1).replace("&amp;", "&")
    told = house.stream(tess, address)
    following = asyncio.ensure_future(anext(told))
    await asyncio.sleep(0)
    person = await house.talked(SAID)
    event = await asyncio.wait_for(following, PATIENCE)
    last = event["id"]
    for row in json.loads(event["data"])["rows"]:
        heard.append((row["id"], row["html"]))
        assert "vera-heron-5821" in row["html"] or "•••" in row["html"]
        assert not tells(row["html"])
    (talk_id,) = await house.rows()
    assert {each for each, _ in heard} == {talk_id}
    await told.aclose()  # type: ignore[attr-defined]
    house.model.plays(plays.reply("Second answer"))
    await person.call("chat", json={"message": "Again"})
    again = house.stream(tess, address, **{"Last-Event-ID": last})
    event = await asyncio.wait_for(anext(again), PATIENCE)
    (row,) = json.loads(event["data"])["rows"]
    assert row["id"] == talk_id
    assert "Second answer" in row["html"]
    await again.aclose()  # type: ignore[attr-defined]


@pytest.mark.parametrize("how", ["signed out", "shut out", "sees less"])
async def test_whoever_may_look_no_more_hears_no_more(house: House, how: str) -> None:
    """SES-05: on the list and in a conversation, at once, though nobody says anything."""
    await house.talked(SAID)
    (talk_id,) = await house.rows()
    path = await invited(house.owner, "pia@team.example", "team_lead", view_personal="1")
    pia = Colleague(house.http, house.server)
    await pia.post(path, {"name": "Pia", "password": "four words are enough"})
    people = await house.owner.get("/studio/people")
    found = re.search(r'href="(/studio/people/per_\w+)">(?:<bdi>)?Pia', people.text)
    assert found is not None
    own = found.group(1)
    seen = re.search(r'name="seen" value="(\d+)"', (await house.owner.get(own)).text)
    assert seen is not None
    streams = [
        house.stream(pia, LIST + "/live?since=0-"),
        house.stream(pia, f"{LIST}/{talk_id}/live"),
    ]
    for each in streams:
        await asyncio.wait_for(anext(each), PATIENCE)
    if how == "signed out":
        await pia.post("/studio/sign-out")
    elif how == "shut out":
        await house.owner.post(f"{own}/disable")
    else:
        await house.owner.post(own, {"role": "team_lead", "seen": seen.group(1)})
    async with asyncio.timeout(PATIENCE):
        rest = [event async for event in streams[1]]
        assert rest[-1]["event"] == "refused"
        if how != "sees less":  # the list goes on, masked
            assert [event async for event in streams[0]] == []
        else:
            await house.talked(SAID)
            told = (await anext(streams[0]))["data"]
            assert not tells(told)


async def test_a_transcript_streams_word_by_word_or_whole(house: House) -> None:
    """SHR-04: whoever sees personal details gets pieces, others a reply that is finished."""
    tess = await joined(house.owner, "tess@team.example", "team_lead")
    house.model.plays(plays.paused("It is +44 20 79", "46 0018."))
    person = Visitor(house.http, house.server.url, house.link.token)
    assert (await person.say("Which?")).status == 202
    (talk_id,) = await house.rows()
    heard: dict[str, list[dict[str, str]]] = {"owner": [], "tess": []}
    watching = asyncio.Event()

    async def follow(who: Colleague, name: str) -> None:
        async for event in house.stream(who, f"{LIST}/{talk_id}/live"):
            heard[name].append(event)
            if len(heard["tess"]) == 2:
                watching.set()
            if event["event"] == "delta" and "7" in event["data"]:
                await watching.wait()  # the reply is not to be over before she looks
                house.model.release()
            if event["event"] == "done":
                return

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as both:
        both.create_task(follow(tess, "tess"))
        both.create_task(follow(house.owner, "owner"))
    assert "delta" in [each["event"] for each in heard["owner"]]
    assert "7946" in heard["owner"][-1]["data"]
    kinds = [each["event"] for each in heard["tess"] if each["event"] not in {"around", "status"}]
    assert kinds == ["message", "message", "done"]
    assert not any("20 79" in each["data"] or tells(each["data"]) for each in heard["tess"])
    assert "•••• •••" in json.loads(heard["tess"][-1]["data"])["message"]["text"]


async def test_reading_is_in_the_history(house: House) -> None:
    await house.talked("Hello?")
    (talk_id,) = await house.rows()
    tess = await joined(house.owner, "tess@team.example", "team_lead", name="Tess")
    for _ in range(2):
        await tess.get(f"{LIST}/{talk_id}")
    page = await house.owner.get("/studio/history")
    assert page.words.count("Tess read a conversation with shop") == 1


async def test_taken_over_answered_and_handed_back_without_scripts(house: House) -> None:
    """What the page sends are plain forms; what cannot be sent stays in the box."""
    vera = await house.talked("Hello?")
    (talk_id,) = await house.rows("?agent=shop")
    one = f"{LIST}/{talk_id}"
    assert "The assistant answers." in (await house.owner.get(one)).words
    ben = await joined(house.owner, "ben@team.example", "operator")
    lost = await ben.post(f"{one}/say", {"message": "Not mine to say"})
    assert (lost.status, "Not mine to say</textarea>" in lost.text) == (409, True)
    taken = await ben.post(f"{one}/hold?agent=shop", {"act": "take"})
    assert (taken.status, taken.leads_to) == (303, f"{one}?agent=shop")
    page = await ben.get(one)
    assert "You answer here" in page.words
    mark = re.search(r'name="message_id" value="([^"]+)"', page.text)
    assert mark is not None
    for _ in range(2):
        await ben.post(f"{one}/say", {"message": "It is here.", "message_id": mark[1]})
    late = await house.owner.post(f"{one}/hold", {"act": "take"})
    assert (late.status, "ben@team.example" in late.text) == (409, False)
    assert "answers here already" in late.words
    long = "x" * 9_000
    refused = await ben.post(f"{one}/say", {"message": long})
    assert (refused.status, long in refused.text) == (413, True)
    assert (await ben.post(f"{one}/hold", {"act": "renew"})).status == 303
    said = [text for _, text in await vera.history()]
    assert said[-1] == "It is here."
    assert said.count("It is here.") == 1
    assert (await ben.post(f"{one}/hold", {"act": "release"})).status == 303
    assert "The assistant answers." in (await ben.get(one)).words
