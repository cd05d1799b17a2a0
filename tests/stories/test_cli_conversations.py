"""Somebody with a shell lists and shows conversations beside a running server."""

import aiohttp

from tests.rig.model import FakeModel
from tests.rig.server import Server
from tests.rig.visitor import Visitor

SAID = "Write to vera@visitors.example"


async def test_conversations_are_listed_and_shown(
    own_server: Server, model: FakeModel, http: aiohttp.ClientSession
) -> None:
    create = ("agent", "create", "helper", "--backend", "openai")
    own_server.cli(*create, "--base-url", model.base_url, "--model", "fake")
    assert own_server.cli("conversation", "list") == []
    assert "There are no conversations." in own_server.run("conversation", "list").stdout
    link = own_server.make_link("helper")
    answer = await Visitor(http, own_server.url, link.token).call("chat", json={"message": SAID})
    assert answer.status == 200
    (row,) = own_server.cli("conversation", "list", "helper", "--state", "open")
    assert (row["agent_name"], row["masked"]) == ("helper", False)
    assert own_server.cli("conversation", "list", "--state", "failed") == []
    shown = own_server.cli("conversation", "show", row["id"])
    assert shown["messages"][0]["text"] == SAID
    assert shown["messages"][1]["turn"]["model"] == "fake"
    plain = own_server.run("conversation", "show", row["id"]).stdout
    assert SAID in plain
    assert row["visitor"]["name"] in plain
    wrong = own_server.run("conversation", "show", "cnv_x")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "no such conversation" in wrong.stderr
    assert own_server.run("conversation", "list", "nobody").returncode == 1
    assert own_server.run("conversation", "list", "--state", "odd").returncode == 2
