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
    made = own_server.cli("conversation", "share", row["id"], "--mode", "auto", "--hours", "2")
    own_server.keep_secret(made["url"].rpartition("/")[2])
    assert made["url"].startswith(f"{own_server.url}/share/")
    assert (made["mode"], made["state"], made["opened_by"]) == ("auto", "open", [])
    own_server.cli("conversation", "unshare", row["id"], made["id"])
    (share,) = own_server.cli("conversation", "shares", row["id"])
    assert (share["id"], share["state"]) == (made["id"], "revoked")
    said = own_server.cli("privacy", "--pattern", "KD-#####", "--reveal", "nobody")
    assert (said["patterns"], said["reveal"]) == (["KD-#####"], "nobody")
    assert own_server.cli("privacy", "--pattern", "")["patterns"] == []
    assert "none of your own" in own_server.run("privacy").stdout
    assert own_server.run("privacy", "--pattern", "*").returncode == 1
    wrong = own_server.run("conversation", "show", "cnv_x")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "no such conversation" in wrong.stderr
    assert own_server.run("conversation", "list", "nobody").returncode == 1
    assert own_server.run("conversation", "list", "--state", "odd").returncode == 2
