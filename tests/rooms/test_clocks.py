"""Every end of time, one second before, at, and after it, on every route that visitors have.

The routes come from the site's own table: one that is not in the table below fails the build.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import pytest

from parlour import entrance, retention
from parlour.agents.model import Agent
from parlour.chat import turns
from parlour.config import Settings
from parlour.kit import steady
from parlour.kit.clock import DAY, HOUR, SECOND, Moment, SetClock
from parlour.kit.steady import SteadyClock
from parlour.links import keeping, private, rotating
from parlour.links.rotating import Turn
from parlour.links.rules import Kind
from parlour.links.store import Link
from parlour.rights import Who
from parlour.tools import Tools
from parlour.web import sessions
from tests.rig.inside import Inside, Reply
from tests.rig.routes import every_route
from tests.rooms.conftest import Maker

START: Moment = 1_800_000_000_000
CANARY = "canary of an earlier hour"


@dataclass(frozen=True, slots=True)
class Way:
    """How a route is asked, and what it does when a link's time has come."""

    does: str
    """`says`: more may be said by it, and so it is refused. `reads`: who has said something here
    may read on. `proves`: refused, but not by used up links: known people may have a use left.
    `notes`: a note can be left only then.
    `leads`: refused, or leads on to a page that is. `tells`: tells the reason. `looks`: tells a
    site how a button looks there, and nobody else anything, at any time."""
    shows: bool = False
    """What was said is in the answer while the visitor is known."""
    sent: dict[str, Any] | None = None
    form: dict[str, str] | None = None


SAID = {"message": "More"}
EMAIL = {"email": "vera@example.org"}
WORD = {"id": "a.b.c"}
NOTE = {"text": "Please send me the new one"}
PAGES = {
    "GET {}": Way("says", shows=True),
    "POST {}": Way("says", form=SAID),
    "GET {}/read": Way("reads"),
    "GET {}/sources/{message_id}/{n}": Way("reads"),
    "GET {}/card.png": Way("says"),
    "GET {}/verify": Way("leads"),
    "POST {}/verify": Way("proves", form=EMAIL),
    "POST {}/identify": Way("proves", form=WORD),
    "GET {}/note": Way("notes"),
    "POST {}/note": Way("notes", form=NOTE),
    "GET {}/person": Way("says"),
    "POST {}/person": Way("says", form=SAID),
    "GET {}/memory": Way("reads"),
    "POST {}/memory": Way("reads", form={}),
    "GET {}/yours": Way("reads"),
    "GET {}/yours/data.json": Way("reads", shows=True),
    "GET {}/yours/data.html": Way("reads", shows=True),
    "GET {}/yours/delete": Way("reads"),
    "POST {}/yours/delete": Way("reads", form={}),
    "POST {}/yours/leave": Way("reads", form={}),
    "POST {}/yours/end": Way("reads", form={"device": "vss_none"}),
    "POST {}/yours/phone": Way("says", form={}),
    "GET {}/continue/{code}": Way("proves"),
    "POST {}/continue/{code}": Way("proves", form={}),
    "POST {}/files": Way("says", form=SAID),
    "POST {}/stop": Way("reads", form={}),
    "POST {}/retry": Way("says", form={}),
    "POST {}/new": Way("says", form={}),
    "POST {}/again": Way("says", form={}),
    "POST {}/rate": Way("reads", form={"rating": "up"}),
}
API = "/api/public"
WAYS: dict[str, Way] = {
    f"GET {API}/link/{{token}}": Way("tells"),
    f"GET {API}/widget/{{token}}": Way("looks"),
    f"POST {API}/chat/{{token}}": Way("says", sent=SAID | {"async_mode": True}),
    f"GET {API}/history/{{token}}": Way("reads", shows=True),
    f"GET {API}/live/{{token}}": Way("reads"),
    f"POST {API}/stop/{{token}}": Way("reads", sent={}),
    f"POST {API}/typing/{{token}}": Way("reads", sent={}),
    f"POST {API}/contact/{{token}}": Way("says", sent={"contact": "vera@example.org"}),
    f"POST {API}/retry/{{token}}": Way("says", sent={}),
    f"POST {API}/again/{{token}}": Way("says", sent={"message_id": "msg_none"}),
    f"POST {API}/rate/{{token}}": Way("reads", sent={"message_id": "msg_none", "rating": "up"}),
    f"DELETE {API}/session/{{token}}": Way("says"),
    f"POST {API}/files/{{token}}": Way("says", sent=SAID),
    f"GET {API}/files/{{token}}/{{file_id}}": Way("reads"),
    f"DELETE {API}/files/{{token}}/{{file_id}}": Way("says"),
    f"GET {API}/memory/{{token}}": Way("reads"),
    f"DELETE {API}/memory/{{token}}": Way("reads"),
    f"GET {API}/yours/{{token}}": Way("reads", shows=True),
    f"DELETE {API}/yours/{{token}}": Way("reads"),
    f"DELETE {API}/device/{{token}}": Way("reads"),
    f"POST {API}/handover/{{token}}": Way("says", sent={}),
    f"POST {API}/continue/{{token}}": Way("proves", sent={"code": "x" * 22}),
    f"POST {API}/note/{{token}}": Way("notes", sent=NOTE),
    f"POST {API}/verify/request": Way("proves", sent=EMAIL),
    f"POST {API}/verify/confirm": Way("proves", sent=EMAIL | {"code": "123456"}),
    f"POST {API}/identify": Way("proves", sent=WORD),
    **{way.replace("{}", "/chat/{token}"): told for way, told in PAGES.items()},
    **{way.replace("{}", "/public/chat/{token}"): told for way, told in PAGES.items()},
}
KNOWN = [
    f"{API}/{verb}/{{token}}"
    for verb in (
        "history",
        "live",
        "stop",
        "typing",
        "contact",
        "retry",
        "again",
        "rate",
        "session",
        "memory",
        "yours",
        "device",
        "handover",
    )
]
"""Calls that only somebody known may make."""


def test_every_route_of_visitors_is_here() -> None:
    """A route that nobody thought of fails the build."""
    acts = ("/stop", "/retry", "/new", "/again", "/rate")
    tried = {
        "{act}".join((way.rpartition("/")[0] + "/", "")) if way.endswith(acts) and "/chat/" in way
        else way
        for way in WAYS
    }  # fmt: skip
    assert tried == {str(route) for route in every_route() if route.kind == "link"}


@dataclass(frozen=True, slots=True)
class Came:
    """A visitor who has said something by an address, and their cookie."""

    token: str
    cookies: dict[str, str]


@dataclass
class Hall:
    """A site on a clock that the test moves, and visitors in it."""

    tools: Tools
    owner: Who
    agent: Agent
    clock: SetClock
    inside: Inside

    async def came(self, link: Link) -> Came:
        """Let somebody say something by a link."""
        token = link.token(self.tools.keys)
        said = await turns.say(self.tools, entrance.ticket(self.tools, token, None), CANARY, None)
        name = sessions.cookie_name(self.tools.keys, token, self.tools.settings)
        return Came(token, {name: said.visit.session})

    async def ask(self, way: str, came: Came, *, known: bool = True) -> Reply:
        """Ask a route as a visitor, or as a stranger who has the same address."""
        method, path = way.split(" ")
        path = path.format(
            token=came.token, message_id="msg_none", file_id="att_none", n=1, code="x" * 22
        )
        told, sent = WAYS[way], WAYS[way].sent
        if sent is not None and "{token}" not in way:
            sent = sent | {"token": came.token}
        cookies = came.cookies if known else None
        return await self.inside.ask(method, path, cookies=cookies, json_body=sent, form=told.form)


@pytest.fixture
async def hall(tools: Tools, owner: Who, make_agent: Maker) -> Hall:
    tools.clock = clock = SetClock(START)
    limits = [each.name for each in fields(Settings) if each.name.startswith("rate_limit")]
    none: dict[str, Any] = dict.fromkeys(limits, 0)
    tools.settings = replace(tools.settings, pages_per_minute=0, notes_per_hour=100, **none)
    return Hall(tools, owner, await make_agent(), clock, Inside(tools))


async def of_a_link(hall: Hall, _visitors: int) -> tuple[Link, Moment, str]:
    wish = keeping.Wish(kind=Kind.TEMPORARY, hours=2)
    made = await keeping.create(hall.tools, hall.owner, hall.agent.id, wish)
    return made, START + 2 * HOUR, "expired"


async def of_an_address(hall: Hall, _visitors: int) -> tuple[Link, Moment, str]:
    made = await keeping.create(hall.tools, hall.owner, hall.agent.id, keeping.Wish())
    await rotating.rotate(hall.tools, hall.owner, made, Turn(overlap_hours=3))
    return made, START + 3 * HOUR, "replaced"


async def of_uses(hall: Hall, visitors: int) -> tuple[Link, Moment, str]:
    wish = keeping.Wish(kind=Kind.PRIVATE, name="Group", max_uses=visitors)
    made = await private.invite(hall.tools, hall.owner, hall.agent.id, [wish])
    return made[0], START + HOUR, "used_up"


End = Callable[[Hall, int], Awaitable[tuple[Link, Moment, str]]]


@pytest.mark.parametrize("of", [of_a_link, of_an_address, of_uses])
async def test_each_end_on_every_route(hall: Hall, of: End) -> None:
    """EXP-01, EXP-02, LNK-12: a second before, at, and a second after, for all who are inside."""
    offsets = (-SECOND, 0, SECOND)
    link, end, code = await of(hall, len(WAYS) * len(offsets))
    people = {(way, offset): await hall.came(link) for way in WAYS for offset in offsets}
    wrong = []
    for offset in offsets:
        hall.clock.moment = end + offset
        for way, told in WAYS.items():
            came = people[way, offset]
            reply = await hall.ask(way, came)
            if not fits(told, reply, code, over=offset >= 0):
                wrong.append(f"{way} at {offset}: {reply.status} {reply.code}")
            if offset >= 0 and told.does == "reads":
                stranger = await hall.ask(way, came, known=False)
                if stranger.status not in {404, 410} or CANARY.encode() in stranger.body:
                    wrong.append(f"{way} at {offset}, a stranger: {stranger.status}")
    assert wrong == []


def fits(way: Way, reply: Reply, code: str, *, over: bool) -> bool:
    """Whether an answer is what a route may say when a time is over, or is not."""
    if reply.status >= 500:
        return False
    if way.does == "looks":
        return reply.status == 404
    if way.does == "tells":
        # Whoever asks without a session meets a link that is used up from the last use on.
        is_told = code.encode() in reply.body
        return reply.status == 200 and is_told is (over or code == "used_up")
    if way.does == "notes":
        return reply.status in ({200, 201, 303} if over else {303, 409})
    if not over or way.does == "reads" or (way.does == "proves" and code == "used_up"):
        return reply.status != 410 and (not way.shows or CANARY.encode() in reply.body)
    if way.does == "leads" and reply.status == 303:
        return True
    return reply.status == 410 and reply.code in {code, ""} and CANARY.encode() not in reply.body


@pytest.mark.parametrize("of", [of_a_link, of_an_address, of_uses])
async def test_a_message_sent_again_after_the_end(hall: Hall, of: End) -> None:
    """USE-03, USE-10: it is told what became of it, to whoever said it; nothing is said anew."""
    link, end, code = await of(hall, 1)
    token, keys = link.token(hall.tools.keys), hall.tools.keys
    ticket = entrance.ticket(hall.tools, token, None)
    said = await turns.say(hall.tools, ticket, CANARY, "m-1")
    name = sessions.cookie_name(keys, token, hall.tools.settings)
    came = Came(token, {name: said.visit.session})
    hall.clock.moment = end
    path = f"/api/public/chat/{token}"
    for cookies, message_id, expected in (
        (came.cookies, "m-1", 202), (came.cookies, "m-2", 410), (None, "m-1", 410)
    ):  # fmt: skip
        sent = {"message": CANARY, "message_id": message_id, "async_mode": True}
        reply = await hall.inside.ask("POST", path, cookies=cookies, json_body=sent)
        assert reply.status == expected, reply.body
        if expected == 202:
            assert json.loads(reply.body)["message"]["id"] == said.message.id
        else:
            assert reply.code == code


@pytest.mark.parametrize("offset", [-SECOND, 0, SECOND])
async def test_the_end_of_a_session_on_every_route(hall: Hall, offset: Moment) -> None:
    """SES-05: from that moment on nobody is known by it, and nothing of before is shown."""
    link = await keeping.create(hall.tools, hall.owner, hall.agent.id, keeping.Wish())
    people = {way: await hall.came(link) for way in WAYS}
    hall.clock.moment = START + hall.tools.settings.session_days * DAY + offset
    wrong = []
    for way, told in WAYS.items():
        reply = await hall.ask(way, people[way])
        is_known = CANARY.encode() in reply.body
        if told.shows and is_known is not (offset < 0):
            wrong.append(f"{way}: {reply.status}")
        refused = (reply.status, reply.code) == (404, "session_not_found")
        if way.split(" ")[1] in KNOWN and refused is not (offset >= 0):
            wrong.append(f"{way}: {reply.status} {reply.code}")
    assert wrong == []


class Machine:
    """A machine whose clock somebody sets."""

    def __init__(self) -> None:
        self.wall, self.ticks = START * 1_000_000, 0

    def clock(self) -> SteadyClock:
        """Begin a process on it."""
        return SteadyClock(lambda: self.wall, lambda: self.ticks)

    def passes(self, time: Moment) -> None:
        self.wall += time * 1_000_000
        self.ticks += time * 1_000_000

    def set(self, by: Moment) -> None:
        self.wall += by * 1_000_000


async def why(tools: Tools, link: Link) -> str | None:
    door = await entrance.look(tools, link.token(tools.keys), None)
    refused = door.refused()
    return None if refused is None else refused.code


async def test_a_clock_set_back_opens_nothing_that_has_ended(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    """EXP-03: in the same process, in the one after a restart, and in another one beside it."""
    machine = Machine()
    tools.clock = clock = machine.clock()
    agent = await make_agent()
    wish = keeping.Wish(kind=Kind.TEMPORARY, hours=1)
    link = await keeping.create(tools, owner, agent.id, wish)
    machine.passes(HOUR)
    assert await why(tools, link) == "expired"
    await tools.db.write(steady.keep, clock.now())
    machine.set(-HOUR)
    assert await why(tools, link) == "expired"
    # A process that begins now goes on from what was kept.
    tools.clock = again = machine.clock()
    assert await why(tools, link) is None
    mark = await tools.db.read(steady.latest)
    assert mark == START + HOUR
    again.lift(mark, steady.TRUSTED)
    assert await why(tools, link) == "expired"
    # What is kept never goes back either.
    assert await tools.db.write(steady.keep, START) == START + HOUR
    # New links get no end that is over, and none that is further away than was asked for.
    made = await keeping.create(tools, owner, agent.id, wish)
    assert made.expires_at == START + 2 * HOUR


async def test_a_clock_that_leaps_and_comes_back_ends_nothing(
    tools: Tools, owner: Who, make_agent: Maker
) -> None:
    """EXP-04: neither links nor sessions, though the house is tidied meanwhile."""
    machine = Machine()
    tools.clock = machine.clock()
    agent = await make_agent()
    link = await keeping.create(tools, owner, agent.id, keeping.Wish(kind=Kind.TEMPORARY, hours=24))
    token = link.token(tools.keys)
    said = await turns.say(tools, entrance.ticket(tools, token, None), CANARY, None)
    machine.set(60 * DAY)
    await retention.tidy_up(tools)
    assert await why(tools, link) is None
    machine.set(-60 * DAY)
    door = await entrance.look(tools, token, said.visit.session)
    assert (door.refused(), door.visitor_id) == (None, said.visit.visitor_id)
