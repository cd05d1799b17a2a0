"""Links and widgets in the studio: the table, switches with a way back, sharing."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import aiohttp
import pytest

from tests.rig.colleague import Colleague, Page, joined, owner_of
from tests.rig.nursery import Nursery
from tests.rig.server import Server
from tests.rig.storage import Storage
from tests.rig.visiting import check_unbroken
from tests.rig.waiting import eventually

LINKS, WIDGETS = "/studio/links", "/studio/widgets"


@pytest.fixture
def fresh(storage: Storage, tmp_path: Path, nursery: Nursery) -> Iterator[Server]:
    """A server nobody owns yet, with two agents."""
    made = Server(storage, tmp_path, nursery).start()
    made.make_model_agent("helper", "http://127.0.0.1:8099/v1")
    made.make_model_agent("shop", "http://127.0.0.1:8099/v1")
    yield made
    check_unbroken(made.output)
    made.close()


@pytest.fixture
async def olga(http: aiohttp.ClientSession, fresh: Server) -> Colleague:
    """The owner."""
    return await owner_of(http, fresh)


def undo_of(page: Page) -> tuple[str, dict[str, str]]:
    """The way back that the page offers."""
    found = re.search(r'<form method="post" action="([^"]+)">(.*?)<button>Undo', page.text)
    assert found is not None, page.words
    fields = re.findall(r'name="(\w+)" value="([^"]*)"', found.group(2))
    return found.group(1), {name: unescape(value) for name, value in fields}


async def rows(colleague: Colleague, query: str = "") -> list[str]:
    """The links in the table, by name."""
    page = await colleague.get(LINKS + query)
    assert page.status == 200, page.words
    return re.findall(r'<b><a href="[^"]+"><bdi>([^<]+)', page.text)


async def follow(colleague: Colleague, page: Page) -> Page:
    assert page.status == 303, page.words
    return await colleague.get(page.leads_to)


async def test_the_table_and_its_filters(olga: Colleague, fresh: Server) -> None:
    assert "No link yet" in (await olga.get(LINKS)).words
    poster = fresh.make_link("helper", "--name", "Poster")
    fresh.make_link("shop", "--name", "Fair", "--hours", "3")
    fresh.make_link("shop", "--name", "Old", "--disabled")
    page = await olga.get(LINKS)
    assert "3 links, 2 of them open to anyone." in page.words
    assert "Fair shop · Temporary Anyone Ends in 3 h 0" in page.words
    assert poster.url in page.text
    assert await rows(olga) == ["Old", "Fair", "Poster"]
    assert await rows(olga, "?view=soon") == ["Fair"]
    assert await rows(olga, "?so=off") == ["Old"]
    assert await rows(olga, "?agent=shop&kind=permanent") == ["Old"]
    assert await rows(olga, "?q=POST") == ["Poster"]
    assert await rows(olga, f"?q={poster.url}") == ["Poster"]
    assert await rows(olga, "?view=x&so=x&kind=x&after=x.y") == ["Old", "Fair", "Poster"]
    assert "No link is like that" in (await olga.get(LINKS + "?q=zzz")).words
    # A part of the page for whoever asks by htmx.
    part = await olga.get(LINKS + "?q=fair", HX_Request="true", HX_Target="div#rows")
    assert "<html" not in part.text
    assert "Fair" in part.words


async def test_a_switch_and_the_way_back(olga: Colleague, fresh: Server) -> None:
    link = fresh.make_link("helper", "--name", "Poster")
    switch = f"{LINKS}/{link.id}/switch"
    done = await follow(olga, await olga.post(switch, {"on": "", "back": LINKS + "?so=live"}))
    assert "“Poster” is switched off." in done.words
    assert await rows(olga, "?so=off") == ["Poster"]
    back = await follow(olga, await olga.post(*undo_of(done)))
    assert "“Poster” is switched on." in back.words
    assert await rows(olga, "?so=live") == ["Poster"]
    # In place: the table comes back as it was filtered, with the message over it.
    asked = {"HX_Request": "true", "HX_Target": "div#rows"}
    part = await olga.post(switch, {"on": "", "back": LINKS + "?so=live"}, **asked)
    assert (part.status, "Poster</bdi></a>" in part.text) == (200, False)
    assert "“Poster” is switched off." in part.words
    again = await follow(olga, await olga.post(switch, {"on": "", "back": "https://x.example"}))
    assert "Nothing changed" in again.words


async def test_several_at_once(olga: Colleague, fresh: Server) -> None:
    ids = [fresh.make_link("helper", "--name", name).id for name in ("a", "b")]
    off = await olga.post(f"{LINKS}/bulk", {"ids": ",".join(ids), "act": "disable"})
    done = await follow(olga, off)
    assert "2 links are switched off." in done.words
    assert "2 links are switched on." in (await follow(olga, await olga.post(*undo_of(done)))).words
    # Ending is asked about first.
    form = {"ids": ",".join(ids), "act": "revoke", "back": LINKS}
    asked = await olga.post(f"{LINKS}/bulk", form)
    assert "Revoke 2 links?" in asked.words
    assert len(await rows(olga)) == 2
    ended = await olga.post(f"{LINKS}/bulk", {**form, "sure": "1"})
    assert "2 links are revoked." in (await follow(olga, ended)).words
    assert await rows(olga) == []
    assert (
        "Pick some"
        in (await follow(olga, await olga.post(f"{LINKS}/bulk", {"act": "enable"}))).words
    )


async def test_a_new_link_says_what_it_will_be(olga: Colleague) -> None:
    form = {"agent": "shop", "name": "Fair", "kind": "temporary", "hours": "24", "enabled": "1"}
    said = await olga.post(f"{LINKS}/new", {**form, "preview": "1", "welcome_message": "Hi"})
    assert "Anyone with the link can chat until" in said.words
    assert "It greets them in its own words." in said.words
    off = await olga.post(f"{LINKS}/new", {**form, "preview": "1", "enabled": ""})
    assert "Nobody can chat until you switch the link on." in off.words
    assert await rows(olga) == [], "nothing is made while somebody types"
    wrong = await olga.post(f"{LINKS}/new", {**form, "other": "soon", "name": "Kept 😀"})
    assert wrong.status == 422
    assert "A number of hours, such as 8 or 1.5." in wrong.words
    assert 'value="Kept 😀"' in wrong.text
    assert 'value="soon"' in wrong.text
    assert (await olga.post(f"{LINKS}/new", {**form, "other": "99999"})).status == 422
    assert (await olga.post(f"{LINKS}/new", {**form, "agent": "nobody"})).status == 422
    own = {"rate_limit_per_minute": "5", "daily_token_limit": "", "budget_tokens": "20,000"}
    own |= {"budget_period": "day"}
    told = await olga.post(f"{LINKS}/new", {**form, **own, "preview": "1"})
    assert "Each visitor has 5 messages a minute." in told.words
    assert "All together have 20,000 tokens a day." in told.words
    many = await olga.post(f"{LINKS}/new", {**form, **own, "daily_token_limit": "many"})
    assert (many.status, "A whole number" in many.words) == (422, True)
    page = await follow(olga, await olga.post(f"{LINKS}/new", {**form, **own, "other": "1,9"}))
    assert "Spent today: 0 of 20,000 tokens" in page.words
    assert "The link is made. Here is its address." in page.words
    assert "Ends in 2 h" in page.words
    assert await rows(olga) == ["Fair"]


async def test_two_people_at_one_link(olga: Colleague, fresh: Server) -> None:
    """The second is told who was first, and what was typed is kept."""
    link = fresh.make_link("helper", "--name", "Poster", "--hours", "24")
    path = f"{LINKS}/{link.id}"
    ben = await joined(olga, "ben@team.example", "builder")
    seen = re.search(r'name="seen" value="(\d+)"', (await ben.get(path)).text)
    assert seen is not None
    form = {"name": "Hall", "hours": "2", "seen": seen.group(1)}
    saved = await follow(olga, await olga.post(path, form))
    assert "Ends in 2 h" in saved.words
    late = await ben.post(path, {**form, "name": "Door", "welcome_message": "Hey"})
    assert late.status == 412
    assert "Olga changed this link meanwhile. What you typed is kept" in late.words
    assert 'value="Door"' in late.text
    assert "Hey</textarea>" in late.text
    too_late = {"name": "x", "hours": "48"}
    seen = re.search(r'name="seen" value="(\d+)"', late.text)
    assert seen is not None
    refused = await ben.post(path, {**too_late, "seen": seen.group(1)})
    assert (refused.status, "rotate it" in refused.words) == (422, True)
    back = {"name": "Hall", "restore": "1", "seen": seen.group(1)}
    assert "Ends in 24 h" in (await follow(ben, await ben.post(path, back))).words
    gone = await follow(ben, await ben.post(f"{path}/revoke"))
    assert "“Hall” is revoked." in gone.words
    assert (await olga.get(path)).status == 404


async def test_its_code_to_take_away(olga: Colleague, fresh: Server) -> None:
    link = fresh.make_link("helper", "--name", "Poster")
    page = await olga.get(f"{LINKS}/{link.id}/qr")
    assert link.url in page.text
    assert "mailto:?subject=Chat%20with%20helper" in page.text
    for kind, media in (("svg", "image/svg+xml"), ("png", "image/png")):
        async with olga.http.get(
            f"{fresh.url}{LINKS}/{link.id}/qr.{kind}", cookies=olga.cookies
        ) as told:
            assert (told.status, told.content_type) == (200, media)
            assert told.headers["Content-Disposition"].startswith("attachment")
    # Its own page: the address by its word, and what messengers show of it, while it opens.
    assert "card.png" not in (await olga.get(f"{LINKS}/{link.id}")).text
    known = fresh.make_link("helper", "--slug", "ask-us", "--title", "Ask us")
    page = await olga.get(f"{LINKS}/{known.id}")
    assert f"{fresh.url}/chat/ask-us</output>" in page.text
    assert f'<img src="/chat/{known.token}/card.png" alt="Ask us"' in page.text
    fresh.cli("link", "disable", known.id)
    assert "card.png" not in (await olga.get(f"{LINKS}/{known.id}")).text
    assert f"{fresh.url}/chat/ask-us" in fresh.run("link", "show", known.id).stdout


async def test_share_chat_link(olga: Colleague, fresh: Server) -> None:
    """A widget's permanent link is the same address each time; a temporary one is new."""
    page = await olga.get(WIDGETS)
    assert page.words.count("Chat page") == 2
    (share,) = re.findall(r'href="(/studio/widgets/shop/wgt_\w+/share)"', page.text)
    asked = await olga.get(share)
    assert "Anyone with the link can chat for as long as it is switched on." in asked.words

    async def generated(**form: str) -> str:
        made = await olga.post(share, form)
        assert made.status == 200, made.words
        found = re.search(r"<output[^>]*>([^<]+/chat/([\w-]+))</output>", made.text)
        assert found is not None, made.words
        fresh.keep_secret(found.group(2))
        return found.group(1)

    forever = [await generated(kind="permanent") for _ in range(2)]
    short = [await generated(kind="temporary", hours=hours) for hours in ("1", "24")]
    assert len({*forever, *short}) == 3
    assert forever[0] == forever[1]
    said = await olga.post(share, {"kind": "temporary", "hours": "168", "preview": "1"})
    assert "can chat until" in said.words
    assert (await olga.post(share, {"kind": "temporary", "other": "-1"})).status == 422
    assert len(await rows(olga)) == 3


async def test_how_a_widget_looks(olga: Colleague, fresh: Server) -> None:
    (path,) = re.findall(r'href="(/studio/widgets/helper/wgt_\w+)"', (await olga.get(WIDGETS)).text)
    looks = {"name": "Fair", "title": "Fair desk", "own": "#ffcc00", "seen": "0"}
    shown = await olga.post(path, {**looks, "preview": "1"})
    assert "It was made darker" in shown.words
    wrong = await olga.post(path, {**looks, "own": "yellow"})
    assert wrong.status == 422
    assert 'value="yellow"' in wrong.text
    assert "Saved." in (await follow(olga, await olga.post(path, looks))).words
    late = await olga.post(path, looks)
    assert (late.status, "Olga changed this widget meanwhile" in late.words) == (412, True)
    cards = await olga.get(WIDGETS)
    assert 'data-ink="ffcc00"' in cards.text
    assert "/inks/ffcc00.css" in cards.text
    made = await follow(
        olga, await olga.post(f"{WIDGETS}/new", {"agent": "shop", "name": "Second"})
    )
    assert "“Second” is made." in made.words
    (second,) = re.findall(r'href="(/studio/widgets/shop/wgt_\w+)"><bdi>Second', made.text)
    gone = await follow(olga, await olga.post(second + "/delete"))
    assert "“Second” is deleted." in gone.words
    assert (await olga.post(path + "/delete")).status == 409
    assert (await olga.post(f"{WIDGETS}/new", {"agent": "shop", "name": ""})).status == 422
    for query in ("?q=fair", "?show=live", "?page=9", "?q=zzz"):
        assert (await olga.get(WIDGETS + query)).status == 200


async def test_a_widget_on_other_sites(olga: Colleague, fresh: Server) -> None:
    """WID-03: what to put there, where it may stand, and where it was seen."""
    (path,) = re.findall(r'href="(/studio/widgets/helper/wgt_\w+)"', (await olga.get(WIDGETS)).text)
    looks = {"name": "Site", "label": "Ask us", "teaser": "Hello?", "position": "left", "seen": "0"}
    shown = await olga.post(path, {**looks, "preview": "1"})
    assert 'data-side="left"' in shown.text
    wrong = await olga.post(path, {**looks, "origins": "shop.example"})
    assert (wrong.status, "“shop.example” is no origin" in wrong.words) == (422, True)
    saved = await follow(olga, await olga.post(path, {**looks, "origins": "https://a.example\n"}))
    assert "It needs its permanent link first." in saved.words
    made = await olga.post(f"{path}/share", {"kind": "permanent"})
    assert "Copy the lines for your own site" in made.words
    page = await olga.get(path)
    assert "script-src http" in page.words
    (token,) = set(re.findall(r"data-link=&#34;([\w-]+)&#34;", page.text))
    site = {"Origin": "https://b.example", "Sec-Fetch-Site": "cross-site"}
    asked = await olga.http.get(f"{fresh.url}/api/public/widget/{token}", headers=site)
    assert asked.status == 404

    async def is_seen() -> bool:
        return "https://b.example" in (await olga.get(path)).text

    await eventually(is_seen)
    one = {"origin": "https://b.example", "act": "allow"}
    said = await follow(olga, await olga.post(f"{path}/sites", one))
    assert "The chat may stand on https://b.example." in said.words
    asked = await olga.http.get(f"{fresh.url}/api/public/widget/{token}", headers=site)
    assert asked.status == 200
    said = await follow(olga, await olga.post(f"{path}/sites", {**one, "act": "remove"}))
    assert "may no longer stand" in said.words
    said = await follow(olga, await olga.post(f"{path}/sites", {**one, "origin": "x y"}))
    assert "is no origin" in said.words
    ben = await joined(olga, "ben@team.example", "analyst")
    assert token not in (await ben.get(path)).text
    assert (await ben.post(f"{path}/sites", one)).status == 403


async def test_who_may_not_hand_links_out_sees_no_address(olga: Colleague, fresh: Server) -> None:
    """LNK-18, in the studio."""
    link = fresh.make_link("helper", "--name", "Poster")
    ben = await joined(olga, "ben@team.example", "analyst")
    for path in (LINKS, f"{LINKS}/{link.id}", WIDGETS):
        page = await ben.get(path)
        assert page.status == 200, path
        assert link.token not in page.text
        assert "Generate" not in page.words
    assert (await ben.get(f"{LINKS}/{link.id}/qr")).status == 403
    assert (await ben.post(f"{LINKS}/{link.id}/switch", {"on": ""})).status == 403
    assert (await ben.get(f"{LINKS}/new")).status == 403


async def test_a_link_gets_another_address(olga: Colleague, fresh: Server) -> None:
    """LNK-12, EXP-09: told before what it does, then shown with what is left of the old one."""
    link = fresh.make_link("helper", "--name", "Flyer", "--hours", "1")
    page = await olga.get(f"{LINKS}/{link.id}")
    assert "New address" in page.words
    (seen,) = set(re.findall(r'name="seen" value="(\d+)"', page.text))
    turn = f"{LINKS}/{link.id}/rotate"
    wrong = await olga.post(turn, {"overlap": "24", "lasts": "soon", "seen": seen})
    assert (wrong.status, "A number of hours" in wrong.words) == (422, True)
    assert 'value="soon"' in wrong.text
    form = {"overlap": "24", "lasts": "48", "seen": seen}
    done = await follow(olga, await olga.post(turn, form))
    assert "It has a new address" in done.words
    assert link.token not in done.text
    assert "Works until" in done.words
    assert "Nobody who is still known said anything by an old address." in done.words
    again = await olga.post(turn, form)
    assert (again.status, "changed this link meanwhile" in again.words) == (412, True)
    ended = await follow(olga, await olga.post(f"{LINKS}/{link.id}/old-addresses"))
    assert "Only the present address works now." in ended.words
    assert "End the old address now" not in ended.words
