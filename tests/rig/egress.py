"""A conversation full of personal details, and whoever may want to read it, by every way."""

import asyncio
import contextlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from parlour import insights, privacy, staff, takeover
from parlour.agents.model import Agent
from parlour.attachments import store as attachments
from parlour.attachments.store import Held
from parlour.conversations import store as conversations
from parlour.kit.tokens import new_id
from parlour.links import keeping as links
from parlour.links import private
from parlour.links.rules import Kind
from parlour.memory import store as memories
from parlour.memory.store import Person
from parlour.notes.store import notes
from parlour.rights import Role, Who
from parlour.staff import people, sessions
from parlour.staff.people import NewPerson
from parlour.takeover import noting
from parlour.transcripts import finding, revealing
from parlour.verification import identities
from parlour.verification.identities import Identity, Proof
from tests.rig import plays
from tests.rig.colleague import COOKIE, PASSWORD
from tests.rig.details import CORPUS, PATTERN
from tests.rig.managing import Office, office_of
from tests.rig.model import FakeModel
from tests.rig.routes import Route
from tests.rig.server import Server
from tests.rig.visitor import Visitor

API: Final = "/api/conversations"
LIST: Final = "/studio/conversations"
SEARCHES: Final = ("7946", "vera@visitors", "KD-739", "Quillfea", "Noted")
QUERIES: Final = {
    "/studio/find": [f"?q={word}" for word in SEARCHES],
    LIST: ["?state=open", "?since=0", "?all=1"],
    f"{LIST}/live": ["?since=0-"],
    "/studio/messages": [
        *(f"?q={word}" for word in SEARCHES),
        "?show=conversations",
        "?show=questions",
    ],
    "/studio/messages.csv": [f"?q={word}" for word in SEARCHES],
    "/api/messages": [f"?q={word}" for word in SEARCHES],
    "/studio/notes": ["?show=done"],
    "/studio/links": ["?q=vera", "?q=door"],
    "/api/links": ["?q=door"],
    API: ["?state=open", "?limit=1"],
}
"""What else is asked of some routes."""


NOTE: Final = "Call +44 20 7946 0018, says vera@visitors.example, KD-73915"


@dataclass
class Somebody:
    """Who stands at the ways out: a person with a session, and a program with a key."""

    name: str
    role: Role | None
    sees: bool = False
    cookie: str = ""
    key: str = ""
    who: Who | None = None

    def headers(self, route: Route) -> dict[str, str]:
        if route.kind in {"key", "self"}:
            return {"Authorization": f"Bearer {self.key}"} if self.key else {}
        return {"Cookie": self.cookie} if self.cookie else {}


@dataclass
class Scene:
    """A conversation full of personal details, and everything else that may hold some."""

    server: Server
    office: Office
    http: aiohttp.ClientSession
    model: FakeModel
    agent: Agent
    vera: Visitor
    values: dict[str, str] = field(default_factory=dict)
    """What stands in the places of paths."""

    @property
    def talk(self) -> str:
        return self.values["conversation_id"]

    async def get(self, somebody: Somebody, route: Route, path: str, tries: int = 10) -> "Told":
        """Ask as a browser or a program does; of a stream what is there is read.

        Who asks with fewer `tries` waits longer for what a stream may still tell.
        """
        async with self.http.get(
            self.server.url + path, headers=somebody.headers(route), allow_redirects=False
        ) as answer:
            head = repr(sorted(answer.headers.items())).encode()
            is_stream = answer.content_type == "text/event-stream"
            body = await (
                beginning(answer.content, patient=tries < 10) if is_stream else answer.read()
            )
        if answer.status == 503 and tries:  # a busy machine asks to come again
            await asyncio.sleep(0.3)
            return await self.get(somebody, route, path, tries - 1)
        return Told(answer.status, head + body)

    def paths(self, route: Route) -> list[str]:
        """The addresses of a route in this scene."""
        path = re.sub(r"\{(\w+)\}", lambda found: self.values.get(found[1], "nothing"), route.path)
        return [path, *(path + query for query in QUERIES.get(route.path, []))]


async def beginning(stream: aiohttp.StreamReader, *, patient: bool = False) -> bytes:
    """What a stream tells at once: all up to its first silence.

    On a busy machine there may be one in the midst of it: who wants something of it is `patient`.
    """
    body, silence = b"", (5, 5) if patient else (0.6, 0.15)
    with contextlib.suppress(TimeoutError):
        while not stream.at_eof():
            async with asyncio.timeout(silence[b"data:" in body]):
                body += await stream.readany()
    return body


@dataclass(frozen=True, slots=True)
class Told:
    status: int
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


async def scene_of(office: Office, house: Server, model: FakeModel) -> Scene:
    """Fill a workspace of its own with personal details, wherever some may be."""
    tools, http, who = office.keeper.tools, office.http, office.who
    await privacy.change(tools, who, patterns=[PATTERN])
    agent = await office.agent("openai", {"base_url": model.base_url, "model": "fake"})
    wish = links.Wish(kind=Kind.PRIVATE, name="Desk, door@clients.example")
    (link,) = await private.invite(tools, who, agent.id, [wish])
    token = house.keep_secret(link.token(tools.keys))
    vera = Visitor(http, house.url, token)
    scene = Scene(house, office, http, model, agent, vera)
    await say(scene, ["Hello?"])
    assert (await vera.ask("DELETE", f"/api/public/session/{token}")).status == 200
    await say(scene, CORPUS)
    (talk, _) = await tools.db.browse(finding.page, who)
    await enrich(scene, talk)
    messages = [*await office.keeper.messages_of(token)]
    reply = next(each for each in messages if each.seq == 2 and each.conversation_id == talk.id)
    scene.values |= {
        "conversation_id": talk.id,
        "user_id": talk.id,
        "visitor_id": talk.visitor_id,
        "message_id": reply.id,
        "link_id": link.id,
        "name": agent.name,
        "token": token,
        **dict.fromkeys(("n", "number"), "1"),
        **dict.fromkeys(("mode", "act"), "view"),
        "duration": "1",
    }
    return scene


async def say(scene: Scene, texts: Iterable[str]) -> None:
    for text in texts:
        scene.model.plays(plays.reply("Noted: " + text))
        assert (await scene.vera.call("chat", json={"message": text})).status == 200


async def enrich(scene: Scene, talk: finding.Talk) -> None:
    """All else that may hold personal details: who she is, variables, sources, a note, a reason."""
    tools, who = scene.office.keeper.tools, scene.office.who
    now = tools.clock.now()
    her = Identity(Proof.TOKEN, "vera@visitors.example", "vera@visitors.example", "V Quillfeather")
    cited = {"n": 1, "title": "Of vera@visitors.example", "source": "KD-73915.md",
             "section": "+44 20 7946 0018", "quote": "Call 79460018", "passage": "p"}  # fmt: skip

    def unit(conn: Any) -> None:
        kept = {"phone": "+44 20 7946 0018", "mood": "cheerful-otter"}
        conversations.set_variables(conn, talk.id, kept)
        said = {"reasons": [], "words": NOTE, "at": now}
        more = {"rating": -1, "rated": said, "extra": {"suggestions": [NOTE]}}
        conversations.change(conn, talk.id, 2, citations=[cited], **more)
        file = Held(new_id("att"), "text", "text/plain", f"{NOTE}.txt", len(NOTE))
        scene.values["file_id"] = file.id
        attachments.begin(conn, file, talk.link_id, now)
        attachments.add(conn, file.id, 0, [NOTE.encode()], now)
        attachments.finish(conn, file.id, file.size, now)
        attachments.send(conn, [file.id], talk.id)
        conversations.change(conn, talk.id, 1, extra={"files": [file.told()]})
        identities.prove(conn, talk.visitor_id, talk.link_id, her, now, is_new=True)
        values = {"workspace_id": who.workspace_id, "agent_id": talk.agent_id, "wish": "message",
                  "link_id": talk.link_id, "why": "offline", "left_at": now}  # fmt: skip
        for id_, done in ((scene.values.setdefault("note_id", new_id("nte")), None),
                          (new_id("nte"), now)):  # fmt: skip
            left = {"text": NOTE, "contact": "note@callers.example", "done_at": done}
            conn.execute(notes.insert(), {**values, **left, "id": id_})
        whose = Person(talk.agent_id, her.proof.value, her.subject)
        counted = memories.count(conn, whose, who.workspace_id, now)
        told = f"Quillfeather, vera@visitors.example\n{NOTE}"
        conn.execute(memories.memories.update(), {"summary": told})
        memories.note(conn, counted.memory_id, told, now)

    await tools.db.write(unit)
    await takeover.take(tools, who, talk.id)
    await takeover.say(tools, who, talk.id, "I write to vera@visitors.example.")
    await takeover.release(tools, who, talk.id)
    await noting.note(tools, who, talk.id, "Asked intern@elsewhere.example about KD-73915.")
    tina = Who("person", "per_tina", "Tina", who.workspace_id, Role.TEAM_LEAD)
    await revealing.reveal(tools, tina, talk.id, "Asked by reason@elsewhere.example, KD-73915")
    await insights.read_on(tools)


async def joined(scene: Scene, name: str, role: Role, *, sees: bool = False) -> Somebody:
    """Somebody of the team with a browser and a program of their own."""
    tools, who = scene.office.keeper.tools, scene.office.who
    email = f"{name.lower()}.{new_id('x')[2:].lower()}@team.example"
    new = NewPerson(who.workspace_id, email, name, role, PASSWORD, view_personal=sees)
    person = await people.add(tools, who, new)
    secret = await sessions.begin(tools, who.workspace_id, person.id, "Firefox")
    scene.server.keep_secret(secret)
    made = await staff.create_key(tools, who, name, role, view_personal=sees)
    scene.server.keep_secret(made.secret)
    scene.values.setdefault("person_id", person.id)
    acting = people.person_who(person)
    return Somebody(name, role, sees, f"{COOKIE}={secret}", made.secret, acting)


async def elsewhere(scene: Scene) -> Somebody:
    """An owner of another workspace who sees all personal details there."""
    other = await office_of(scene.office.keeper, scene.http)
    return await joined(Scene(scene.server, other, scene.http, scene.model, scene.agent,
                              scene.vera), "Sam", Role.OWNER, sees=True)  # fmt: skip
