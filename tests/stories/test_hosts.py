"""Workspaces with hosts of their own: at each of them nothing of the others is there."""

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from PIL import Image

from parlour.staff import mails
from tests.rig.colleague import PASSWORD, Colleague
from tests.rig.keeper import keeping
from tests.rig.managing import Api
from tests.rig.nursery import Nursery
from tests.rig.routes import Route, every_route
from tests.rig.server import Link, Server
from tests.rig.storage import Storage
from tests.rig.visiting import check_unbroken
from tests.rig.visitor import Answer, Visitor

HOSTS = {name: f"{name}.chat.example" for name in ("acme", "beta")}
SETTINGS = {
    "PARLOUR_BASE_DOMAIN": "chat.example",
    "PARLOUR_PUBLIC_URL": "https://chat.example",
    # Here all of them come from one place.
    "PARLOUR_WRONG_TOKENS_PER_MINUTE": "1000000",
}
BODY: dict[str, Any] = {
    "message": "Hello?",
    "message_id": "msg_1",
    "email": "vera@visitors.example",
    "code": "123456",
}


@dataclass
class Town:
    """Two workspaces below one domain, each with an agent, a link and a key."""

    server: Server
    http: aiohttp.ClientSession
    links: dict[str, Link]
    keys: dict[str, str]

    def visitor(self, whose: str) -> Visitor:
        return Visitor(self.http, self.server.url, self.links[whose].token)

    def api(self, whose: str) -> Api:
        return Api(self.http, self.server.url, self.keys[whose])


@pytest.fixture(scope="module")
def built(
    engine: str, make_storage: Callable[[str], Storage], nursery: Nursery
) -> Iterator[tuple[Server, dict[str, Link], dict[str, str]]]:
    """One server for all of them, which do each other no harm."""
    storage = make_storage(engine)
    server = Server(storage, storage.data_dir.parent, nursery, **SETTINGS).start()
    links, keys = {}, {}
    for name in HOSTS:
        inside = ("--workspace", name)
        told = server.cli("workspace", "create", name)
        assert told["url"] == f"https://{name}.chat.example"
        backend = ("--backend", "function", "--target", "json:dumps")
        server.cli("agent", "create", "helper", *backend, *inside)
        links[name] = server.make_link("helper", *inside, "--slug", f"ask-{name}")
        keys[name] = server.make_key("tests", *inside)
    yield server, links, keys
    check_unbroken(server.output)
    server.close()


@pytest.fixture
def town(
    built: tuple[Server, dict[str, Link], dict[str, str]], http: aiohttp.ClientSession
) -> Town:
    server, links, keys = built
    return Town(server, http, links, keys)


def at(host: str, **more: str) -> dict[str, str]:
    return {"Host": host, **more}


def plain(answer: Answer) -> tuple[int, str]:
    """What came back, without what is made anew for each answer."""
    text = re.sub(r'nonce="[^"]+"|[0-9a-f]{32}|[A-Za-z0-9_-]{40}', "", answer.text)
    return answer.status, re.sub(r'("instance"|req_)\S+', "", text)


async def test_addresses_are_on_the_workspace_s_own_host(town: Town) -> None:
    """LNK-03: wherever one is given out: at the command line, over HTTP, in a card, to the team."""
    for name, link in town.links.items():
        home, inside = f"https://{name}.chat.example", ("--workspace", name)
        assert link.url == f"{home}/chat/{link.token}"
        listed = (await town.api(name).get("/api/agents/helper/public-links")).json[0]
        assert listed["url"] == link.url
        await town.api(name).put(f"/api/agents/helper/public-links/{link.id}", {"title": "Ask"})
        page = await town.visitor(name).ask(
            "GET", f"/chat/{link.token}", headers=at("chat.example")
        )
        assert f'content="{home}/chat/{link.token}/card.png"' in page.text
        made = town.server.cli("staff", "add", f"o@{name}.example", "--role", "owner", *inside)
        assert made["url"].startswith(f"{home}/studio/invite/")


async def test_another_s_link_is_as_one_that_never_was(town: Town) -> None:
    """LNK-03, LNK-17: its token and its word, on every route by which visitors come."""
    acme, nobody = town.visitor("acme"), Visitor(town.http, town.server.url, "A" * 40)
    shown = await acme.ask("GET", f"/chat/{acme.token}", headers=at(HOSTS["acme"]))
    assert shown.status == 200
    assert (await acme.page()).status == 200, "the instance's own address leads everywhere"
    for host in (HOSTS["beta"], "nobody.chat.example", "x.acme.chat.example"):
        gone = await acme.ask("GET", f"/chat/{acme.token}", headers=at(host))
        never = await nobody.ask("GET", f"/chat/{nobody.token}", headers=at(host))
        assert plain(gone) == plain(never), host
        assert gone.status == 404
    wrong: list[str] = []
    for route in (each for each in every_route() if each.kind == "link"):
        told = [await came(each, route, HOSTS["beta"]) for each in (acme, nobody)]
        if told[0] != told[1] or "helper" in told[0][1]:
            wrong.append(f"{route}: {told}")
    assert wrong == []
    for host, status in ((HOSTS["acme"], 200), (HOSTS["beta"], 404)):
        word = await acme.ask("GET", "/chat/ask-acme", headers=at(host))
        assert word.status == status


async def came(visitor: Visitor, route: Route, host: str) -> tuple[int, str]:
    path = route.at(token=visitor.token, act="stop", message_id="msg_x")
    headers = at(host, Origin=f"https://{host}")
    options: dict[str, Any] = {}
    if route.changes and route.path.startswith("/api/"):
        body = BODY | ({} if "{token}" in route.path else {"token": visitor.token})
        options = {"json": body}
    elif route.changes:
        options = {"data": {}}
    return plain(await visitor.ask(route.method, path, headers=headers, **options))


async def test_a_conversation_at_home_and_only_there(town: Town) -> None:
    """SES-03: cookies stay at one host; a page of a sibling is a page of another site."""
    vera, host = town.visitor("acme"), HOSTS["acme"]
    path = f"/api/public/chat/{vera.token}"
    sent = {"message": "Hello?", "async_mode": True}
    foreign = await vera.ask(
        "POST", path, json=sent, headers=at(host, Origin="https://beta.chat.example")
    )
    assert (foreign.status, foreign.code) == (403, "cross_site")
    said = await vera.ask("POST", path, json=sent, headers=at(host, Origin=f"https://{host}"))
    assert said.status == 202, said.text
    (cookie,) = said.cookies
    assert cookie.startswith("__Host-")
    assert "domain=" not in cookie.lower()
    shown = await vera.ask("GET", f"/api/public/history/{vera.token}", headers=at(host))
    assert shown.json["messages"][0]["content"] == "Hello?"
    away = await vera.ask("GET", f"/api/public/history/{vera.token}", headers=at(HOSTS["beta"]))
    assert away.status == 404
    acme = town.api("acme")
    (talk,) = (await acme.get("/api/conversations")).json["items"]
    share = await acme.post(f"/api/conversations/{talk['id']}/shares", {"mode": "view", "hours": 1})
    assert share.json["url"].startswith(f"https://{host}/share/")
    path = share.json["url"].removeprefix(f"https://{host}")
    for where, status in ((host, 200), (HOSTS["beta"], 404), ("chat.example", 200)):
        assert (await vera.ask("GET", path, headers=at(where))).status == status, where


async def test_keys_people_shares_and_pictures_are_at_home_only(town: Town) -> None:
    """Each host has a studio and an interface of its own; the instance's has all of them."""
    acme = town.api("acme")
    for host, status in ((HOSTS["acme"], 200), (HOSTS["beta"], 401), ("chat.example", 200)):
        assert (await acme.get("/api/agents", Host=host)).status == status, host
    face = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(face, "PNG")
    path = "/api/agents/helper/avatar"
    shown = (await acme.call("PUT", path, face.getvalue(), Content_Type="image/png")).json["avatar"]
    for host, status in ((HOSTS["acme"], 200), (HOSTS["beta"], 404), ("chat.example", 200)):
        assert (await acme.get(shown, Host=host)).status == status, host
    made = town.server.cli(
        "staff", "add", "olga@acme.example", "--role", "owner", "--workspace", "acme"
    )
    path = made["url"].removeprefix("https://acme.chat.example")
    town.server.keep_secret(path.rpartition("/")[2])
    olga = Colleague(town.http, town.server)
    elsewhere = {"Host": HOSTS["beta"], "Origin": f"https://{HOSTS['beta']}"}
    home = {"Host": HOSTS["acme"], "Origin": f"https://{HOSTS['acme']}"}
    assert (await olga.get(path, Host=HOSTS["beta"])).status == 404
    form = {"name": "Olga", "password": PASSWORD}
    assert (await olga.post(path, form, **elsewhere)).status == 404
    came = await olga.post(path, form, **home)
    assert (came.status, came.leads_to) == (303, "/studio"), came.words
    assert (await olga.get("/studio", Host=HOSTS["acme"])).status == 200
    assert (await olga.get("/studio", Host=HOSTS["beta"])).leads_to.startswith("/studio/sign-in")
    signing = {"email": "olga@acme.example", "password": PASSWORD}
    wrong = {"email": "nobody@acme.example", "password": PASSWORD}
    refused = [
        await Colleague(town.http, town.server).post("/studio/sign-in", each, **elsewhere)
        for each in (signing, wrong)
    ]
    assert [each.status for each in refused] == [422, 422]
    told = [re.sub(r'value="[^"]*"', "", each.words) for each in refused]
    assert told[0] == told[1]
    again = await Colleague(town.http, town.server).post("/studio/sign-in", signing, **home)
    assert again.status == 303
    people = town.server.cli("staff", "list", "--workspace", "acme")
    (olga_id,) = [each["id"] for each in people if each["email"] == "olga@acme.example"]
    await ways_out_at_home_only(town, olga_id)


async def ways_out_at_home_only(town: Town, person_id: str) -> None:
    """The address at the foot of a mail: its page and its button, at the host it was sent for."""
    async with keeping(town.server.storage, town.server.url) as keeper:
        path = mails.way_out(keeper.tools, person_id, mails.DIGEST)
    acme, never = town.visitor("acme"), path[:-1] + ("0" if path[-1] != "0" else "1")
    for host, status in ((HOSTS["acme"], 200), (HOSTS["beta"], 404), ("chat.example", 200)):
        shown = await acme.ask("GET", path, headers=at(host))
        assert shown.status == status, host
        gone = await acme.ask("GET", never, headers=at(host))
        assert gone.status == 404
        if status == 404:
            assert plain(shown) == plain(gone)
            sent = at(host, Origin=f"https://{host}")
            assert (await acme.ask("POST", path, headers=sent)).status == 404


async def test_a_forwarded_host_of_a_stranger_counts_for_nothing(town: Town) -> None:
    vera = town.visitor("beta")
    given = {"X-Forwarded-Host": HOSTS["acme"]}
    assert (await vera.ask("GET", f"/chat/{vera.token}", headers=given)).status == 200


def test_the_doctor_comes_in_by_each_host(town: Town) -> None:
    """The names of this test lead nowhere, and that is what it says."""
    found = json.loads(town.server.run("doctor", "--json").stdout)
    (told,) = [each for each in found if each["what"] == "workspaces' hosts"]
    assert (told["level"], "*.chat.example must lead here" in told["told"]) == ("bad", True)
    listed = {each["name"]: each["url"] for each in town.server.cli("workspace", "list")}
    assert listed["acme"] == "https://acme.chat.example"
