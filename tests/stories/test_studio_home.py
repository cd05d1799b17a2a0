"""The studio's home counts what there is, and shows the first steps with a link for a phone."""

import re
from html import unescape

import aiohttp

from parlour.rights import Role
from tests.rig import plays
from tests.rig.colleague import Colleague, joined, owner_of
from tests.rig.model import FakeModel
from tests.rig.server import Server
from tests.rig.visitor import Visitor


async def test_home_goes_along_with_the_first_steps(
    http: aiohttp.ClientSession, own_server: Server, model: FakeModel
) -> None:
    server = own_server
    model.plays(plays.reply("One two three."))
    owner = await owner_of(http, server)
    home = await owner.get("/studio")
    assert "There is no agent yet" in home.words
    assert "0 of 5 done" in home.words
    assert '<a class="btn btn--primary" href="/studio/agents/new">Make an agent</a>' in home.text
    assert home.text.count("btn--primary") == 1, "what comes later has no button yet"
    assert "parlour agent" not in home.words, "nobody needs a terminal"

    server.cli(
        "agent", "create", "helper", "--backend", "openai", "--base-url", model.base_url,
        "--model", "fake", "--display-name", "<i>Heron</i>", "--draft",
    )  # fmt: skip
    home = await owner.get("/studio")
    assert "0 of 1 agent live, behind 0 links" in home.words
    assert 'href="/studio/agents/helper">Publish it</a>' in home.text
    assert "&lt;i&gt;Heron" in home.text
    assert "Not published" in home.words
    server.cli("agent", "publish", "helper")
    server.cli("agent", "offline", "helper")
    assert 'href="/studio/agents/helper">Publish it</a>' in (await owner.get("/studio")).text
    server.cli("agent", "live", "helper")
    assert "Generate link" in await behind(owner, "/studio", "/studio/widgets/helper/wgt_")
    link = server.make_link("helper")

    home = await owner.get("/studio")
    assert "1 of 1 agent live, behind 1 link." in home.words
    assert "QR code of the link" in home.text
    assert f'href="{link.url}"' in home.text
    analyst = await joined(owner, "ana@team.example", "analyst")
    seen = await analyst.get("/studio")
    assert "1 of 1 agent live" in seen.words
    assert link.token not in seen.text, "who may not manage links does not get their address"
    assert "First steps" not in seen.words
    server.cli("agent", "offline", "helper")
    assert "Heron</i> is offline" in unescape((await owner.get("/studio")).text)
    assert "Heron</i> is offline" not in unescape((await analyst.get("/studio")).text)
    server.cli("agent", "live", "helper")

    visitor = Visitor(http, server.url, link.token)
    await visitor.say("Hello?")
    home = await owner.get("/studio")
    assert "First steps" not in home.words
    assert "Conversations 1 1 today Visits 1 1 today" in home.words
    for page, leads in (
        ("/studio", "?days=7"),
        ("/studio/agents", "?agent=helper"),
        ("/studio/links", f"?link={link.id}"),
        (f"/studio/links/{link.id}", f"?link={link.id}"),
    ):
        talks = await behind(owner, page, f"/studio/conversations{leads}")
        assert re.search(r"Visitor \d{5}", talks), f"{page} leads to what was said"
    for secret in visitor.cookies.values():
        server.keep_secret(secret)


async def test_the_palette_names_pages_by_what_somebody_may_open(
    http: aiohttp.ClientSession, own_server: Server
) -> None:
    owner = await owner_of(http, own_server)
    odin = await joined(owner, "odin@team.example", Role.OPERATOR.value, "Odin")
    ana = await joined(owner, "ana@team.example", Role.ANALYST.value, "Ana")
    for typed, name, path, who_may in (
        ("receipts", "Receipts", "/studio/receipts", [owner]),
        ("canned", "Canned replies", "/studio/canned", [owner, odin]),
        ("second", "Second step", "/studio/me/second-step", [owner, odin, ana]),
    ):
        for who in (owner, odin, ana):
            found = await who.get(f"/studio/find?q={typed}")
            assert (f'href="{path}"' in found.text) is (who in who_may), typed
            opened = await who.get(path)
            assert opened.status == (200 if who in who_may else 403)
            assert (f"<h1>{name}</h1>" in opened.text) is (who in who_may)


async def behind(owner: Colleague, page: str, address: str) -> str:
    """What stands on the page that a link of this page leads to."""
    found = re.search(
        rf'href="({re.escape(address)}[^"]*)"', unescape((await owner.get(page)).text)
    )
    assert found is not None, f"{page} has no link to {address}"
    return (await owner.get(found.group(1))).words
