"""The studio's home counts what there is, and shows the first steps with a link for a phone."""

import aiohttp

from tests.rig import plays
from tests.rig.colleague import joined, owner_of
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
    assert 'href="/studio/agents/new"' in home.text

    server.cli(
        "agent", "create", "helper", "--backend", "openai", "--base-url", model.base_url,
        "--model", "fake", "--display-name", "<i>Heron</i>", "--draft",
    )  # fmt: skip
    home = await owner.get("/studio")
    assert "0 of 1 agent live, behind 0 links" in home.words
    assert '<a href="/studio/agents/helper">Publish it</a>' in home.text
    assert "&lt;i&gt;Heron" in home.text
    assert "Not published" in home.words
    server.cli("agent", "publish", "helper")
    server.cli("agent", "offline", "helper")
    assert '<a href="/studio/agents/helper">Publish it</a>' in (await owner.get("/studio")).text
    server.cli("agent", "live", "helper")
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

    visitor = Visitor(http, server.url, link.token)
    await visitor.say("Hello?")
    home = await owner.get("/studio")
    assert "First steps" not in home.words
    assert "Conversations 1 1 today Visits 1 1 today" in home.words
    for secret in visitor.cookies.values():
        server.keep_secret(secret)
