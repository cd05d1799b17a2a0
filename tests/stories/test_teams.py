"""Teams over HTTP: another team's people are told nothing of its conversations, by any route.

The routes come from the site's own table, so that a new one is walked as soon as it is there.
"""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from parlour.links import keeping as links
from tests.rig import plays
from tests.rig.colleague import PASSWORD, Colleague
from tests.rig.managing import Api, Office, new_agent
from tests.rig.model import FakeModel
from tests.rig.routes import Route, every_route
from tests.rig.server import Server
from tests.rig.shell import Shell
from tests.rig.storage import SQLITE
from tests.rig.visitor import Visitor
from tests.rig.waiting import PATIENCE

LIST = "/studio/conversations"
CANARY = "vera-heron-5821"
STUDIO = [route for route in every_route() if route.kind == "person"]
STREAM = "GET /studio/conversations/live"
OF_ANOTHER_KIND = {"/studio/sign-out", "/studio/me/sessions/{session_id}/end"}
"""What ends the session of who walks."""


@dataclass
class Place:
    """Two agents, one of which only Odin's team looks after, and a link to each."""

    server: Server
    api: Api
    owner: Colleague
    tess: Colleague
    odin: Colleague
    team: Any
    tokens: dict[str, str]
    link_id: str
    model: FakeModel

    async def says(self, agent: str, text: str) -> str:
        """Say something to an agent as somebody new; return the id of the conversation."""
        visitor = Visitor(self.api.http, self.server.url, self.tokens[agent])
        self.model.plays(plays.reply("Noted."))
        assert (await visitor.call("chat", json={"message": text})).status == 200
        newest = (await self.api.get("/api/conversations?limit=1")).json["items"][0]
        return str(newest["id"])


@pytest.fixture
async def place(api: Api, office: Office, house: Server, model: FakeModel) -> Place:
    tokens, link_id = {}, ""
    for name in ("shop", "repairs"):
        config = {"base_url": model.base_url, "model": "fake"}
        agent = await office.agent("openai", config, name)
        link = await links.create(office.keeper.tools, office.who, agent.id, links.Wish())
        tokens[name], link_id = link.token(office.keeper.tools.keys), link.id
    olga = await joined(api, house, office, "Olga", "owner")
    tess = await joined(api, house, office, "Tess", "team_lead")
    odin = await joined(api, house, office, "Odin", "operator")
    ids = {each["name"]: each["id"] for each in (await api.get("/api/people")).json["items"]}
    wish = {"name": "Workshop", "people": [ids["Odin"]], "agents": ["repairs"]}
    team = (await api.post("/api/teams", wish)).json
    return Place(house, api, olga, tess, odin, team, tokens, link_id, model)


async def joined(api: Api, house: Server, office: Office, name: str, role: str) -> Colleague:
    """Somebody of that role, in a browser of their own."""
    made = await api.post("/api/people", {"email": address(office, name), "role": role})
    path = made.json["url"].removeprefix(house.url)
    house.keep_secret(path.rpartition("/")[2])
    colleague = Colleague(api.http, house)
    assert (await colleague.post(path, {"name": name, "password": PASSWORD})).status == 303
    return colleague


def address(office: Office, name: str) -> str:
    return f"{name.lower()}.{office.who.workspace_id[-6:].lower()}@team.example"


@pytest.mark.only_on(SQLITE)
async def test_no_route_of_the_studio_tells_of_another_teams_conversations(place: Place) -> None:
    """ISO-01, ISO-03, ISO-10: not its words, its id, its visitor, its number, and nothing changes.

    Odin, who is of the team, is sent all of it by the same routes, so that the walk is a walk.
    """
    talk_id = await place.says("repairs", f"I am {CANARY}")
    own_id = await place.says("shop", "About the shop")
    shown = await place.owner.get(f"{LIST}/{talk_id}")
    called = re.search(r"Visitor \d+", shown.words)
    assert called is not None
    marks = (CANARY, talk_id, called.group())
    wrong, told = [], set()
    for route in STUDIO:
        if route.path in OF_ANOTHER_KIND or str(route) == STREAM:
            continue
        for path in ways(route, talk_id, place):
            page = await asked(place.tess, route, path)
            if page.status >= 500 or any(each in page.text for each in marks):
                wrong.append(f"{route} {path}: {page.status}")
            if talk_id in path and page.status not in {403, 404}:
                wrong.append(f"{route} {path}: {page.status}, where there is nothing")
            if not route.changes and not path.endswith("/live"):
                page = await asked(place.odin, route, path)
                told |= {each for each in marks if each in page.text}
    assert wrong == []
    assert told == set(marks)
    assert talk_id not in (await place.tess.get(f"{LIST}/{own_id}")).text
    for somebody, number in ((place.tess, "1"), (place.owner, "2")):
        home = await somebody.get("/studio")
        assert re.search(rf"Conversations {number} ", home.words), home.words
    after = await place.owner.get(f"{LIST}/{talk_id}")
    assert after.words.count("Noted.") == shown.words.count("Noted."), "nothing was done to it"


def ways(route: Route, talk_id: str, place: Place) -> list[str]:
    """The addresses under which a route is asked: of the conversation, and with filters."""
    path = route.at(
        conversation_id=talk_id,
        link_id=place.link_id,
        name="repairs",
        team_id=place.team["id"],
    )
    more = {
        LIST: [
            "?agent=repairs",
            f"?team={place.team['id']}",
            f"?link={place.link_id}",
            "?state=open",
        ],
        "/studio/find": ["?q=heron-58", f"?q={talk_id[:12]}"],
    }
    return [path, *(path + query for query in more.get(path, []))]


async def asked(somebody: Colleague, route: Route, path: str) -> "Told":
    """Ask as a browser does; of a stream only the beginning is read."""
    sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in somebody.cookies.items())}
    async with somebody.http.request(
        route.method,
        somebody.server.url + path,
        data={} if route.changes else None,
        headers=sent,
        allow_redirects=False,
    ) as answer:
        if answer.content_type == "text/event-stream":
            return Told(answer.status, (await answer.content.readany()).decode())
        return Told(answer.status, (await answer.read()).decode(errors="replace"))


@dataclass(frozen=True, slots=True)
class Told:
    status: int
    text: str


async def test_sight_changes_with_the_team_at_once(place: Place) -> None:
    """ISO-14: the list that moves, and a conversation that somebody looks at, open meanwhile."""
    talk_id = await place.says("repairs", f"I am {CANARY}")
    cookies = "; ".join(f"{name}={value}" for name, value in place.odin.cookies.items())
    tess = "; ".join(f"{name}={value}" for name, value in place.tess.cookies.items())
    at, http = place.server.url + LIST, place.owner.http
    async with (
        asyncio.timeout(PATIENCE),
        http.get(f"{at}/{talk_id}/live", headers={"Cookie": cookies}) as one,
        http.get(f"{at}/live?since=0-", headers={"Cookie": cookies}) as all_,
        http.get(f"{at}/live", headers={"Cookie": tess}) as hers,
    ):
        await one.content.readuntil(b"\n\n")
        assert talk_id.encode() in await told_rows(all_)
        # What another team is told of never reaches her; what is hers comes next.
        theirs = await place.says("repairs", f"Again {CANARY}")
        own = await place.says("shop", "About the shop")
        rows = await told_rows(hers)
        assert own.encode() in rows
        assert theirs.encode() not in rows
        page = await place.owner.get(f"/studio/teams/{place.team['id']}")
        seen = re.search(r'name="seen" value="(\d+)"', page.text)
        agent = re.search(r'value="(agt_\w+)" checked', page.text)
        assert seen is not None
        assert agent is not None
        form = {"name": "Workshop", "seen": seen.group(1), "agent": agent.group(1)}
        saved = await place.owner.post(f"/studio/teams/{place.team['id']}", form)
        assert saved.status == 303, saved.words
        assert b"rights_changed" in await one.content.read()
        await all_.content.read()  # to its end
    assert (await place.odin.get(f"{LIST}/{talk_id}")).status == 404
    late = await place.owner.post(f"/studio/teams/{place.team['id']}", {**form, "name": "Mending"})
    assert late.status == 412
    assert "Olga changed this meanwhile" in late.words
    assert 'value="Mending"' in late.text, "what was typed is kept"


async def told_rows(stream: aiohttp.ClientResponse) -> bytes:
    """The next rows that a list is sent, with all that came before them."""
    before = await stream.content.readuntil(b"event: rows")
    return before + await stream.content.readuntil(b"\n\n")


async def test_a_lead_has_the_people_and_an_owner_the_rest(place: Place) -> None:
    page = await place.tess.get(f"/studio/teams/{place.team['id']}")
    assert (page.status, 'action="/studio/teams/' in page.text) == (200, False), "not hers"
    refused = await place.tess.post(f"/studio/teams/{place.team['id']}", {"seen": "0"})
    assert refused.status == 403
    taken = await place.owner.post("/studio/teams", {"name": "workshop"})
    assert (taken.status, "Another team is called so" in taken.words) == (409, True)
    assert (await place.owner.get("/studio/teams/tem_x")).status == 404
    gone = await place.owner.post(f"/studio/teams/{place.team['id']}/delete")
    assert gone.leads_to == "/studio/teams?said=team-deleted"
    kinds = (await place.owner.get("/studio/history")).words
    assert all(said in kinds for said in ("made a team", "deleted a team"))


async def test_programs_manage_teams(api: Api, office: Office) -> None:
    agent = await new_agent(api, "shop")
    wish = {"name": "Sales", "agents": ["shop"]}
    made = await api.post("/api/teams", wish, Idempotency_Key="one")
    assert made.status == 201, made.body
    again = await api.post("/api/teams", wish, Idempotency_Key="one")
    assert again.json == made.json
    assert (await api.post("/api/teams", wish)).code == "name_taken"
    path = f"/api/teams/{made.json['id']}"
    read = await api.get(path)
    assert (read.json["agents"], read.json["people"]) == (["shop"], [])
    fresh = {"If_Match": read.headers["ETag"]}
    assert (await api.put(path, {"name": "Shop"}, **fresh)).json["name"] == "Shop"
    assert (await api.put(path, {"name": "Sold"}, **fresh)).code == "changed_meanwhile"
    for wrong, field in (
        ({"agents": ["nothing"]}, "agents"),
        ({"people": ["per_x"]}, "people"),
        ({"name": ""}, "name"),
    ):
        assert (await api.put(path, wrong)).fields == [field]
    assert (await api.get("/api/teams?limit=1")).json["items"][0]["name"] == "Shop"
    assert (await api.get(f"/api/conversations?team={made.json['id']}")).json["items"] == []
    assert (await api.get("/api/conversations?team=tem_x")).code == "not_found"
    narrow = await office.api(agent_id=agent["id"])
    assert (await narrow.get(path)).code == "not_allowed", "it reaches beyond its one agent"
    assert (await api.delete(path)).json["team_id"] == made.json["id"]
    assert (await api.get(path)).code == "not_found"


def test_teams_at_the_command_line(own_shell: Shell) -> None:
    shell = own_shell
    shell.done("agent", "create", "shop", "--backend", "function", "--target", "json:dumps")
    shell.run("staff", "add", "tess@team.example", "--role", "team_lead", "--name", "Tess",
              "--password-stdin", typed=PASSWORD + "\n")  # fmt: skip
    made = shell.done("team", "create", "Sales", "--agent", "shop")
    assert (made["people"], made["agents"]) == ([], ["shop"])
    edit = ("--name", "Shop", "--person", "tess@team.example", "--without-agent", "shop")
    told = shell.done("team", "edit", "SALES", *edit)
    assert ([each["name"] for each in told["people"]], told["agents"]) == (["Tess"], [])
    assert [each["name"] for each in shell.done("team", "list")] == ["Shop"]
    assert shell.done("conversation", "list", "--team", "shop") == []
    assert shell.done("team", "delete", "Shop", "--yes") == {"team_id": made["id"]}
