"""Private links as visitors meet them: what takes a use, what does not, and when none is left."""

import asyncio

import aiohttp
import pytest

from parlour.links.rules import Kind
from tests.rig import plays
from tests.rig.model import FakeModel
from tests.rig.raw import exchange, request
from tests.rig.server import Link, Server
from tests.rig.visiting import Visit, visiting
from tests.rig.visitor import Drawn

ROBOTS = (
    "WhatsApp/2.23.20.0",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "facebookexternalhit/1.1",
    "Twitterbot/1.0",
    "LinkedInBot/1.0",
    "Googlebot/2.1",
    "Mozilla/5.0 (compatible; Microsoft Defender Safe Links)",
    "Mozilla/5.0 AppleWebKit/605.1.15 (Applebot/0.1)",
    "Mimecast URL Defense",
)


@pytest.fixture
async def link(visit: Visit) -> Link:
    """A private link for one use."""
    return await visit.another_link(kind=Kind.PRIVATE, name="Priya", max_uses=1)


async def kept(visit: Visit) -> dict[str, str]:
    """What every table holds; jobs apart, which the clock brings, and their clocks."""
    await visit.keeper.quiet()
    found = await visit.keeper.fingerprint()
    return {name: each for name, each in found.items() if name not in {"jobs", "job_clocks"}}


async def test_robots_that_look_take_nothing(
    own_server: Server, model: FakeModel, http: aiohttp.ClientSession
) -> None:
    """LNK-09, LNK-21: previews, crawlers and scanners, whatever they ask for, ten times over."""
    async with visiting(own_server, model, http) as visit:
        await robots_look(visit)


async def robots_look(visit: Visit) -> None:
    """On an instance of its own: what other tests began may still end on another."""
    link = await visit.another_link(kind=Kind.PRIVATE, name="Priya", max_uses=1)
    before = await kept(visit)
    for robot in ROBOTS:
        person = visit.visitor(link)
        headers = {"User-Agent": robot}
        for method in ("HEAD", "GET", "OPTIONS"):
            for path in (f"/chat/{link.token}", f"/public/chat/{link.token}"):
                await person.ask(method, path, headers=headers)
        told = await person.ask("GET", f"/api/public/link/{link.token}", headers=headers)
        assert told.json["valid"] is True
        # Scanners that try the forms send nothing in them, or not what the page gave out.
        await person.ask("POST", f"/chat/{link.token}", headers=headers)
        await person.ask("POST", f"/chat/{link.token}", headers=headers, data={"message": " "})
    assert await kept(visit) == before
    vera = visit.visitor(link)
    assert (await vera.say("Hello?")).status == 202
    assert await visit.keeper.uses(link) == 1


async def test_one_visit_is_one_use(visit: Visit, link: Link) -> None:
    """USE-03, USE-04, USE-11: reloads, another tab, the same message again, New conversation."""
    key = {"Idempotency-Key": "7d8f9f0e-77a4-4a25-9b5c-3e1f0a7f7c11"}
    people = [visit.visitor(link) for _ in range(20)]
    sent = {"message": "Hello?", "async_mode": True}
    answers = await asyncio.gather(*(p.call("chat", json=sent, headers=key) for p in people))
    assert {answer.status for answer in answers} == {202}
    assert len({answer.body for answer in answers}) == 1
    vera = people[0]
    await vera.settled()
    late = await visit.visitor(link).call("chat", json=sent, headers=key)
    assert (late.status, late.body) == (202, answers[0].body)
    assert (await vera.page()).status == 200
    assert (await vera.say("More")).status == 202
    assert await vera.say("Keyed")
    assert (await vera.call("session", "DELETE")).json["cleared"] is True
    assert (await vera.say("Anew")).status == 202
    other_browser = visit.visitor(link)
    other_browser.cookies = dict(vera.cookies)
    assert (await other_browser.say("Me too")).status == 202
    assert await visit.keeper.uses(link) == 1


async def test_a_used_up_link_says_so_and_lets_its_visitors_read(visit: Visit, link: Link) -> None:
    """USE-10: in the use all goes on; after it what was said stays theirs, and nobody else's."""
    vera, sam = visit.visitor(link), visit.visitor(link)
    await vera.say("Hello?")
    told = await vera.settled()
    refused = await sam.say("Me?")
    assert (refused.status, refused.code) == (410, "used_up")
    look = await sam.call("link", "GET")
    assert (look.json["valid"], look.json["reason"]) == (False, "used_up")
    page = await sam.page()
    assert page.status == 410
    assert "Priya" not in page.text
    assert (await vera.page()).status == 200
    await visit.keeper.let_uses_end(link)
    for verb in ("chat", "retry"):
        again = await vera.call(verb, json={"message": "More"} if verb == "chat" else {})
        assert (again.status, again.code) == (410, "used_up")
    assert await vera.history() == told
    page = await vera.page()
    assert (page.status, f"/chat/{link.token}/read" in page.text) == (410, True)
    read = await vera.ask("GET", f"/chat/{link.token}/read")
    assert "This link is used up." in read.text
    assert "One two three." in read.text
    assert (await sam.ask("GET", f"/chat/{link.token}/read")).status == 410
    # One more use, and the same visitor goes on in the same conversation.
    await visit.keeper.change(visit.agent, link, max_uses=2)
    assert (await vera.say("Back again")).status == 202
    assert len(await vera.settled()) == len(told) + 2
    assert await visit.keeper.uses(link) == 2


async def test_a_question_without_an_answer_is_asked_again_in_its_use(
    visit: Visit, link: Link
) -> None:
    """USE-14: no use is given back, and none is taken for trying again while it lasts."""
    visit.model.plays(plays.error(400), plays.reply("Now."), plays.error(400))
    vera = visit.visitor(link)
    await vera.say("Hello?")
    await vera.settled()
    assert (await vera.call("retry")).status == 202
    await vera.settled()
    await vera.say("And?")
    await vera.settled()
    await visit.keeper.let_uses_end(link)
    assert (await vera.call("retry")).code == "used_up"
    assert await visit.keeper.uses(link) == 1


async def test_last_bytes_that_come_together(visit: Visit) -> None:
    """USE-07: thirty connections, each with its message whole but for one byte."""
    link = await visit.another_link(kind=Kind.PRIVATE, name="Many", max_uses=3)
    body = b'{"message": "Hello?", "async_mode": true}'
    headers = (
        "Connection: close",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    whole = request("POST", f"/api/public/chat/{link.token}", *headers, body=body)
    sent = [exchange(visit.server.url, whole[:-1], whole[-1:], pause=0.3) for _ in range(30)]
    codes = [answers[0].status for answers in await asyncio.gather(*sent)]
    assert sorted(set(codes)) == [202, 410]
    assert codes.count(202) == 3
    assert await visit.keeper.uses(link) == 3


async def test_a_deleted_link_ends_what_streams_through_it(visit: Visit, link: Link) -> None:
    """LNK-11, PRV-04: within two seconds; then it is as if it had never been."""
    visit.model.plays(plays.hang_after("One two"))
    vera = visit.visitor(link)
    await vera.say("Hello?")
    async with vera.live() as stream:
        await Drawn().until_text(stream, "One two")
        await visit.keeper.revoke(visit.agent, link)
        refused = await stream.next("refused")
        assert refused.data["problem"]["code"] == "not_found"
    for verb, method in (("chat", "POST"), ("history", "GET"), ("live", "GET")):
        sent = {"json": {"message": "More"}} if verb == "chat" else {}
        assert (await vera.call(verb, method, **sent)).status == 404


async def test_a_used_up_link_keeps_streams_of_its_visitors_open(visit: Visit, link: Link) -> None:
    """The last use is somebody's: what streams to them is not cut by its being the last."""
    visit.model.plays(plays.paused("One two", " three."))
    vera = visit.visitor(link)
    await vera.say("Hello?")
    drawn = Drawn()
    async with vera.live() as stream:
        await drawn.until_text(stream, "One two")
        assert (await visit.visitor(link).say("Me?")).code == "used_up"
        await visit.keeper.change(visit.agent, link, name="Priya Nair")
        visit.model.release()
        await drawn.until_ended(stream)
    assert drawn.shown()[-1] == ("agent", "One two three.", "done")


async def test_the_page_of_a_private_link_tells_nothing_of_it(visit: Visit, link: Link) -> None:
    """PRV-05, LNK-10"""
    vera = visit.visitor(link)
    await vera.say("Hello?")
    await vera.settled()
    page, look = await vera.page(), await vera.call("link", "GET")
    for told in (page.text, look.text):
        assert "Priya" not in told
        assert "max_uses" not in told
        assert visit.model.base_url not in told
