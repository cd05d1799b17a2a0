"""The chat on pages of other sites: where browsers show it, and what it says and takes there."""

import gzip
from typing import Any

from parlour.links import sightings
from parlour.web.assets import assets
from tests.rig.managing import Api, Office, new_agent
from tests.rig.server import Link
from tests.rig.visiting import Visit
from tests.rig.visitor import Answer
from tests.rig.waiting import eventually

SHOP = "https://shop.example"
EVIL = "https://evil.example"
LIST = (SHOP, "https://*.example.org")
IN_FRAME = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"}


def ancestors(answer: Answer) -> str:
    """Say who may frame a page."""
    policy = answer.headers["Content-Security-Policy"]
    (found,) = (each for each in policy.split("; ") if each.startswith("frame-ancestors"))
    return found.removeprefix("frame-ancestors ")


def around(site: str) -> dict[str, str]:
    return {"X-Parlour-Frame": site}


async def test_who_may_frame_the_chat(visit: Visit) -> None:
    """WID-01, WID-02: the sites on its list, where it is asked for in a frame; nobody else."""
    link = await visit.another_link(origins=LIST)
    asked = await visit.another_link(origins=LIST, require_email=None)
    vera = visit.visitor(link)
    for path in ("", "/person", "/note", "/read"):
        shown = await vera.ask("GET", f"/chat/{link.token}{path}", headers=IN_FRAME)
        if shown.status == 200:
            assert ancestors(shown) == " ".join(LIST), path
        assert ancestors(await vera.ask("GET", f"/chat/{asked.token}{path}")) == "'none'", path
    page = await vera.ask("GET", f"/chat/{link.token}", headers=IN_FRAME)
    assert f'data-sites="{" ".join(LIST)}"' in page.text
    assert "js/frame.js" in page.text
    plain = await vera.page()
    assert "data-sites" not in plain.text
    assert "js/frame.js" not in plain.text
    # Without a list nobody may, and everything else of the house is shut to frames as ever.
    closed = visit.visitor()
    for path in (f"/chat/{closed.token}", "/chat/x", "/studio/sign-in", "/share/x", "/docs"):
        assert ancestors(await closed.ask("GET", path, headers=IN_FRAME)) == "'none'", path
    await visit.keeper.change(visit.agent, link, enabled=False)
    told = await vera.ask("GET", f"/chat/{link.token}", headers=IN_FRAME)
    assert (told.status, ancestors(told)) == (403, " ".join(LIST))


async def test_a_session_of_a_frame_is_its_own(visit: Visit) -> None:
    """WID-10: a cookie that browsers keep for that site alone, and no other way to have it."""
    link = await visit.another_link(origins=LIST)
    vera = visit.visitor(link)
    said = await vera.call(
        "chat", json={"message": "Hello?", "async_mode": True}, headers=around(SHOP)
    )
    assert said.status == 202
    (line,) = said.cookies
    name = line.partition("=")[0]
    assert name.endswith("-framed")
    for word in ("Partitioned", "Secure", "HttpOnly", "SameSite=none"):
        assert word in line
    # Later pages in the frame know it, and what they answer goes on with the same cookie.
    await vera.settled()
    page = await vera.ask("GET", f"/chat/{link.token}", headers=IN_FRAME)
    assert "Hello?" in page.text
    again = await vera.say("And?")
    assert [each.partition("=")[0] for each in again.cookies] == [name]
    # The full page's is another one.
    sam = visit.visitor(link)
    (line,) = (await sam.say("Hello!")).cookies
    assert "Partitioned" not in line
    assert "SameSite=lax" in line


async def test_a_message_from_a_site_that_is_not_on_the_list(visit: Visit) -> None:
    """WID-03: judged before who somebody is; a forged site gains what a link's holder has."""
    link = await visit.another_link(origins=LIST)
    vera = visit.visitor(link)
    body = {"message": "Hello?", "async_mode": True}

    async def says(site: str) -> Answer:
        return await vera.call("chat", json=body, headers=around(site))

    refused = await says(EVIL)
    assert (refused.status, refused.code, refused.cookies) == (403, "not_here", ())
    for site in (SHOP, "https://a.example.org", "?", "null"):
        assert (await says(site)).status == 202, site
        await vera.settled()
    # A site that is taken off the list: pages that are open there say no more.
    await visit.keeper.change(visit.agent, link, origins=("https://a.example.org",))
    assert (await says(SHOP)).code == "not_here"
    await visit.keeper.change(visit.agent, link, origins=())
    assert (await says("?")).code == "not_here"
    assert (await vera.say("On its own page")).status == 202
    await visit.keeper.terms(visit.agent, mode="private")
    assert (await says(SHOP)).code == "private"  # what shuts the door for all goes first


async def test_what_the_button_says(visit: Visit) -> None:
    """WID-04: where it may not be, and where there is nothing, the same is told."""
    link = await visit.another_link(origins=LIST)
    off = await visit.another_link(origins=LIST, enabled=False)
    sam = visit.visitor(link)

    async def button(token: str, site: str | None) -> Answer:
        sent = {} if site is None else {"Origin": site, "Sec-Fetch-Site": "cross-site"}
        return await sam.ask("GET", f"/api/public/widget/{token}?lang=ar", headers=sent)

    shown = await button(link.token, SHOP)
    told: dict[str, Any] = shown.json
    assert (shown.status, told["name"], told["position"]) == (200, "Heron", "right")
    assert (told["language"], told["direction"]) == ("ar", "rtl")
    assert set(told["words"]) == {"chat", "open", "close", "dismiss", "unread"}
    unknown = "A" * 40
    refusals = [
        await button(*each)
        for each in (
            (link.token, EVIL),
            (link.token, None),
            (link.token, "null"),
            (off.token, SHOP),
            (visit.link.token, SHOP),
            (unknown, SHOP),
            ("x", SHOP),
        )
    ]
    bodies = {each.body for each in refusals}
    heads = {
        tuple(sorted((k, v) for k, v in each.headers.items() if k != "Date")) for each in refusals
    }
    assert (len(bodies), len(heads), {each.status for each in refusals}) == (1, 1, {404})
    for each in (shown, *refusals):
        # Any page may read it, since it tells nobody's; credentials are never taken along.
        assert each.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in each.headers
        assert each.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


async def test_the_loader(visit: Visit) -> None:
    """WID-09: small, without secrets, and nothing that a strict policy would refuse."""
    got = await visit.visitor().ask("GET", "/widget/v1.js", headers={"Accept-Encoding": "identity"})
    assert (got.status, got.headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert got.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "javascript" in got.headers["Content-Type"]
    pressed = assets().files["widget/v1.js"].gzipped
    assert pressed is not None
    assert gzip.decompress(pressed) == got.body
    assert len(pressed) <= 6_000
    for word in ("innerHTML", "eval(", "new Function", 'setAttribute("style"', ', "*"'):
        assert word not in got.text


async def test_where_chats_stand_is_told(api: Api, office: Office, visit: Visit) -> None:
    """WID-03: what browsers name is counted, bounded, and opens nothing by itself."""
    await new_agent(api, display_name="Helper")
    (first,) = (await api.get("/api/agents/helper/widgets")).json
    one = f"/api/agents/helper/widgets/{first['id']}"
    wish = {"origins": [SHOP], "position": "left", "label": "Ask us", "theme": "dark"}
    changed = await api.put(one, wish)
    assert {**changed.json, **wish} == changed.json
    made = (await api.post(f"{one}/links", {})).json
    assert f'data-link="{made["token"]}"' in made["snippet"]
    assert "<noscript><a href=" in made["snippet"]
    sam = visit.visitor(Link(made["id"], made["token"], made["url"]))
    looks = await sam.ask("GET", f"/api/public/widget/{sam.token}", headers={"Origin": SHOP})
    assert (looks.json["label"], looks.json["position"]) == ("Ask us", "left")
    await sam.ask("GET", f"/api/public/widget/{sam.token}", headers={"Origin": EVIL})
    for site in (SHOP, EVIL):
        await sam.ask(
            "GET", f"/chat/{sam.token}", headers={**IN_FRAME, "Referer": f"{site}/cart?x"}
        )

    async def seen() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await api.get(f"{one}/sites")).json
        return found

    async def both() -> bool:
        return [each["opened"] for each in await seen()] == [1, 1]

    await eventually(both)
    told = {each["origin"]: each for each in await seen()}
    assert {site: each["allowed"] for site, each in told.items()} == {SHOP: True, EVIL: False}
    assert [told[SHOP][each] for each in ("shown", "opened", "link_id")] == [1, 1, made["id"]]
    # A link of its own list.
    path = f"/api/agents/helper/public-links/{made['id']}"
    assert (await api.put(path, {"origins": [EVIL]})).json["origins"] == [EVIL]
    allowed = {each["origin"]: each["allowed"] for each in await seen()}
    assert allowed == {SHOP: False, EVIL: True}
    bad = await api.put(path, {"origins": ["*"]})
    assert (bad.status, bad.fields) == (422, ["origins"])


async def test_only_so_many_sites_are_kept(visit: Visit) -> None:
    """Whoever makes sites up fills a short list, and pushes out none that is on it."""
    db, id_ = visit.keeper.tools.db, visit.link.id
    now = visit.keeper.tools.clock.now()
    await db.write(sightings.add, {(id_, SHOP): (1, 0)}, now)
    many = {(id_, f"https://s{n}.example"): (1, 1) for n in range(2 * sightings.MOST)}
    await db.write(sightings.add, many, now)
    await db.write(sightings.add, {(id_, SHOP): (2, 1)}, now + 1)
    found = await db.read(sightings.of_links, [id_])
    assert len(found) == sightings.MOST
    assert (found[0].origin, found[0].shown, found[0].opened) == (SHOP, 3, 1)
    await db.write(sightings.add, {(id_, EVIL): (1, 0)}, now + sightings.KEPT + 5)
    assert [each.origin for each in await db.read(sightings.of_links, [id_])] == [EVIL]
