"""An agent's picture and a widget's logo: put in, seen everywhere, and taken away again."""

import io
import re
from typing import Any

import aiohttp
import pytest
from PIL import Image

from parlour.rights import Role
from parlour.widgets.model import first_id
from tests.rig.managing import Api, Office, Told, new_agent
from tests.rig.oracles import check_headers
from tests.rig.visitor import Visitor

AVATAR = "/api/agents/helper/avatar"
SHOP = "https://shop.example"
EVIL_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def drawn(colour: str, size: tuple[int, int] = (300, 240)) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size, colour).save(content, "PNG")
    return content.getvalue()


# The same picture has the same address wherever it is: each test has colours of its own.


async def put(api: Api, path: str, content: bytes, kind: str = "image/png", **more: str) -> Told:
    return await api.call("PUT", path, content, Content_Type=kind, **more)


async def visitor_of(api: Api, agent: Any, *, widget: bool = True, **wish: Any) -> Visitor:
    """Somebody who comes by a new link, as its widget or as the agent itself looks."""
    at, links = f"/widgets/{first_id(agent['id'])}/links", "/public-links"
    made = await api.post(f"/api/agents/helper{at if widget else links}", {})
    assert made.status == 201, made.body
    if wish:
        await api.put(f"/api/agents/helper/public-links/{made.json['id']}", wish)
    return Visitor(api.http, api.url, made.json["token"])


@pytest.fixture(autouse=True)
async def agent(api: Api) -> Any:
    return await new_agent(api, display_name="Helper")


async def test_a_picture_is_drafted_published_and_seen_everywhere(api: Api, agent: Any) -> None:
    """INP-06: every page that says who answers shows it; its address names nobody and no link."""
    widget = f"/api/agents/helper/widgets/{first_id(agent['id'])}"
    await api.put(widget, {"origins": [SHOP]})
    vera = await visitor_of(api, agent, title="Ask us")
    bare = await vera.page()
    assert ("<img" in bare.text, "/letters/1c4a63-48.svg" in bare.text) == (False, True)
    first = await put(api, AVATAR, drawn("teal"))
    assert first.status == 200, first.body
    shown = first.json["avatar"]
    assert re.fullmatch(r"/pictures/[0-9a-f]{32}\.webp", shown)
    assert (await api.get("/api/agents/helper/changes")).json == {"changes": ["Picture"]}
    assert "<img" not in (await vera.page()).text
    await api.post("/api/agents/helper/publish")
    card = await vera.ask("GET", f"/chat/{vera.token}/card.png")
    for path in ("", "/person", "/note", "/memory"):
        page = await vera.ask("GET", f"/chat/{vera.token}{path}")
        if page.status == 200 or path == "":
            assert f'<img src="{shown}"' in page.text, path
            assert f'<link rel="icon" href="{shown[:-5]}.png">' in page.text, path
            assert "img-src 'self' data:" in page.headers["Content-Security-Policy"]
    assert (await vera.call("link", "GET")).json["agent_avatar"] == shown
    look = await vera.ask("GET", f"/api/public/widget/{vera.token}", headers={"Origin": SHOP})
    assert look.json["picture"] == shown
    # A widget's own goes before it, and there alone.
    logo = (await put(api, f"{widget}/logo", drawn("orange"))).json["logo"]
    assert logo not in (None, shown)
    page = await vera.page()
    assert (logo in page.text, shown in page.text) == (True, False)
    assert shown in (await (await visitor_of(api, agent, widget=False)).page()).text
    other = await vera.ask("GET", f"/chat/{vera.token}/card.png")
    assert (card.status, card.body != other.body, len(other.body) < 60_000) == (200, True, True)
    await api.put("/api/agents/helper/sharing", {"mode": "private"})
    shut = await vera.page()
    assert (shut.status, f'<img src="{logo}"' in shut.text) == (403, True)
    await api.put("/api/agents/helper/sharing", {"mode": "anyone"})
    assert (await api.delete(f"{widget}/logo")).json["logo"] is None
    assert shown in (await vera.page()).text
    assert (await vera.ask("GET", logo)).status == 404


async def test_how_it_is_served_and_for_how_long(api: Api, office: Office) -> None:
    """Content-addressed, for ever, to everybody; gone once nothing names it."""
    first = (await put(api, AVATAR, drawn("plum"))).json["avatar"]
    stranger = office.stranger()
    for path, kind in ((first, "image/webp"), (first[:-4] + "png", "image/png")):
        answer = await stranger.get(path)
        check_headers(answer.status, answer.headers)
        assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert len(answer.body) <= 20_000
        assert "Set-Cookie" not in answer.headers
    same = await put(api, AVATAR, drawn("plum"))
    assert same.json["avatar"] == first
    second = (await put(api, AVATAR, drawn("navy"))).json["avatar"]
    # It was never published, so nobody needs it.
    assert (await stranger.get(first)).status == 404
    await api.post("/api/agents/helper/publish")
    assert (await api.delete(AVATAR)).json["avatar"] is None
    assert (await stranger.get(second)).status == 200, "a version still names it"
    await api.post("/api/agents/helper/publish")
    back = await api.post("/api/agents/helper/rollback", {"version": 2})
    assert back.status == 200, back.body
    assert (await api.get("/api/agents/helper")).json["avatar"] == second
    for odd in ("x", "../x", f"{second}.webp", "0" * 32 + ".webp", "A" * 32 + ".webp", "é.webp"):
        assert (await stranger.get(f"/pictures/{odd}")).status == 404
    for odd in ("1c4a63-41.svg", "1c4a63-52a9.svg"):
        letter = await stranger.get(f"/letters/{odd}")
        assert (letter.status, letter.headers["Content-Type"]) == (200, "image/svg+xml")
        check_headers(letter.status, letter.headers)
    for odd in ("1c4a63-0a.svg", "1c4a63-110000.svg", "1c4a63-d800.svg", "zz4a63-41.svg", "x.svg"):
        assert (await stranger.get(f"/letters/{odd}")).status == 404


async def test_what_is_refused_and_to_whom(api: Api, office: Office) -> None:
    """INP-06: no SVG, nothing broken, nothing large; not by who only sees; not over a newer one."""
    for content, kind in (
        (EVIL_SVG, "image/svg+xml"),
        (EVIL_SVG, "image/png"),
        (drawn("red")[:60], "image/png"),
        (b"GIF89a", "image/gif"),
        (b"", "image/png"),
    ):
        answer = await put(api, AVATAR, content, kind)
        assert answer.status == 422, answer.body
        assert answer.fields in (["avatar"], ["picture"])
    large = await put(api, AVATAR, bytes(6 * 1_048_576))
    assert large.status == 413
    assert (await api.get("/api/agents/helper")).json["avatar"] is None
    tag = (await api.get("/api/agents/helper")).headers["ETag"]
    assert (await put(api, AVATAR, drawn("red"), If_Match=tag)).status == 200
    assert (await put(api, AVATAR, drawn("blue"), If_Match=tag)).status == 412
    analyst = await office.api(Role.ANALYST)
    assert (await put(analyst, AVATAR, drawn("blue"))).status == 403
    # Whoever edits the texts meanwhile keeps the picture.
    kept = (await api.put("/api/agents/helper", {"description": "Answers"})).json
    assert kept["avatar"] is not None
    assert (await put(api, "/api/agents/nobody/avatar", drawn("red"))).status == 404


async def test_a_form_brings_one_too(api: Api) -> None:
    form = aiohttp.FormData()
    form.add_field("picture", drawn("red"), filename="../../x.png", content_type="text/html")
    async with api.http.put(
        api.url + AVATAR, data=form, headers={"Authorization": f"Bearer {api.key}"}
    ) as answer:
        assert (answer.status, bool((await answer.json())["avatar"])) == (200, True)
