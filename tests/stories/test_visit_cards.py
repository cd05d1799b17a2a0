"""What a link's address tells who only looks, and what an end that is moved does at once."""

from urllib.parse import quote

from yarl import URL

from parlour.links.rules import Kind
from tests.rig import oracles
from tests.rig.visiting import Visit


async def test_a_card_of_a_link_tells_nothing_of_a_conversation(visit: Visit) -> None:
    """LNK-10: what messengers fetch to draw a card: a name, no words of anybody, no picture."""
    vera = visit.visitor()
    await vera.say("canary-of-vera")
    await vera.settled()
    card = await visit.visitor().page()
    assert "canary-of-vera" not in card.text
    assert "One two three" not in card.text
    for tag in ('property="og:', 'name="twitter:', 'name="description"', "application/ld+json"):
        assert tag not in card.text
    assert card.text.count("<title>") == 1


async def test_a_path_that_leads_nowhere_is_not_repeated(visit: Visit) -> None:
    """XSS-11: not in a page, not in a problem document, however it is written."""
    payload = '<script>alert("canary")</script>'
    for path in (
        "/chat/",
        "/public/chat/",
        "/api/public/link/",
        "/api/",
        "/static/",
        "/studio/",
        "/",
    ):
        for written in (payload, quote(payload, safe="")):
            raw = URL(visit.server.url + path + written.replace(" ", "%20"), encoded=True)
            async with visit.http.get(raw, allow_redirects=False) as got:
                body = await got.text()
                oracles.check_headers(got.status, got.headers)
                assert "canary" not in body, raw
                assert got.headers["X-Content-Type-Options"] == "nosniff"


async def test_an_end_that_is_moved_forward_counts_at_once(visit: Visit) -> None:
    """EXP-07: the next call of whoever is inside is refused, and so is a stream."""
    link = await visit.another_link(kind=Kind.TEMPORARY, hours=5)
    vera = visit.visitor(link)
    await vera.say("Hello?")
    await vera.settled()
    now = visit.keeper.tools.clock.now()
    async with vera.live() as stream:
        await stream.next("done")
        await visit.keeper.change(visit.agent, link, expires_at=now - 1)
        refused = await stream.next("refused", within=2)
        assert refused.data["problem"]["code"] == "expired"
    assert (await vera.say("Again?")).status == 410


async def test_an_ended_link_can_be_given_the_time_that_its_token_has_left(visit: Visit) -> None:
    """EXP-09: clearing an earlier end puts the token's own back; what was used stays used."""
    link = await visit.another_link(kind=Kind.TEMPORARY, hours=5)
    vera = visit.visitor(link)
    await vera.say("Hello?")
    told = await vera.settled()
    now = visit.keeper.tools.clock.now()
    await visit.keeper.change(visit.agent, link, expires_at=now - 1)
    assert (await vera.page()).status == 410
    await visit.keeper.change(visit.agent, link, expires_at=None)
    assert (await vera.page()).status == 200
    assert await vera.history() == told
    assert (await vera.say("Again?")).status == 202
