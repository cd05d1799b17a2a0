"""What a link's address tells who only looks, and what an end that is moved does at once."""

import re
from urllib.parse import quote

import pytest
from yarl import URL

from parlour.kit.errors import Conflict
from parlour.links import keeping as links
from parlour.links import store as link_rows
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


async def test_a_card_that_the_owner_wrote(visit: Visit) -> None:
    """LNK-10, LNK-13: title, sentence and a picture, at the configured address; never of others."""
    link = await visit.another_link(title='Teapots & "more"', about="Care and delivery")
    sam = visit.visitor(link)
    page = await sam.ask("GET", f"/chat/{link.token}", headers={"Host": "evil.test"})
    assert 'property="og:title" content="Teapots &amp; &#34;more&#34;"' in page.text
    assert 'property="og:description" content="Care and delivery"' in page.text
    assert "<title>Teapots" in page.text
    assert f'content="{visit.server.url}/chat/{link.token}/card.png"' in page.text
    assert "evil.test" not in page.text
    for _ in range(2):
        card = await sam.ask("GET", f"/chat/{link.token}/card.png")
        assert (card.status, card.headers["Content-Type"]) == (200, "image/png")
        assert card.body.startswith(b"\x89PNG")
        assert len(card.body) < 60_000
    bare = visit.visitor()
    assert (await bare.ask("GET", f"/chat/{bare.token}/card.png")).status == 404
    await visit.keeper.change(visit.agent, link, enabled=False)
    shut = await sam.page()
    assert (shut.status, "Teapots" in shut.text) == (403, False)
    assert (await sam.ask("GET", f"/chat/{link.token}/card.png")).status == 403


async def test_a_word_that_leads_to_a_link(visit: Visit) -> None:
    """LNK-03, LNK-17: it opens the same page; one that leads nowhere tells nothing."""
    word = f"tea-{visit.agent.name[-12:]}"
    link = await visit.another_link(slug=word)
    sam = visit.visitor(link)
    for written in (word, word.upper()):
        page = await sam.ask("GET", f"/chat/{written}")
        assert (page.status, f'data-token="{link.token}"' in page.text) == (200, True)
    await sam.say("Hello?")
    await sam.settled()
    assert "Hello?" in (await sam.ask("GET", f"/chat/{word}")).text
    with pytest.raises(Conflict):
        await visit.another_link(slug=word)
    with pytest.raises(Conflict):
        await visit.keeper.change(visit.agent, visit.link, slug=word)
    # What is shut leads on by its token; what was revoked is gone, as what never was.
    await visit.keeper.terms(visit.agent, mode="private")
    shut = await sam.ask("GET", f"/chat/{word}")
    assert (shut.status, f"/chat/{link.token}/note" in shut.text) == (403, True)
    await visit.keeper.terms(visit.agent, mode="anyone")
    revoked = await visit.another_link(slug=f"{word}-2")
    found = await visit.keeper.tools.db.read(link_rows.find, visit.agent.id, revoked.id)
    await links.revoke(visit.keeper.tools, visit.keeper.who, found)
    answers = [
        await visit.visitor().ask("GET", f"/chat/{each}")
        for each in (f"{word}-2", f"{word}-3", "x", "A" * 40)
    ]
    assert {each.status for each in answers} == {404}
    assert len({re.sub(r"[0-9a-f]{32}", "", each.text) for each in answers}) == 1
    assert (await visit.another_link(slug=f"{word}-2")).token != revoked.token


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
        refused = await stream.next("refused")
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
