"""Digests and alerts by a real mail server: once each, and nothing of visitors in them."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
import sqlalchemy as sa

from parlour import insights, reports
from parlour.agents import sharing
from parlour.agents import store as agents
from parlour.insights import terms
from parlour.kit.clock import DAY, HOUR, MINUTE, SetClock
from parlour.kit.errors import Invalid, NotAllowed, NotFound
from parlour.kit.mail import Mailer
from parlour.kit.queue.jobs import Job
from parlour.kit.queue.rows import jobs
from parlour.links import keeping as links
from parlour.links.rules import Kind
from parlour.rights import Role, Who
from parlour.staff import mails, people
from parlour.staff.mails import DIGEST, Alert, Digest
from parlour.staff.model import Person
from parlour.staff.people import NewPerson, person_who
from parlour.tools import Tools
from tests.rig.mailing import MailServer
from tests.rig.simulated import Somebody, World, answer
from tests.rooms.conftest import Maker

NOON = 1_795_132_800_000 + DAY // 2
"""20 November 2026, a Friday."""
HANDLERS = {reports.TELL: reports.tell, reports.SEND: reports.send}


@pytest.fixture(scope="module")
def mail_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    """A mail server for this module."""
    with MailServer(tmp_path_factory.mktemp("mail")).serving() as server:
        yield server


@pytest.fixture
def box(tools: Tools, mail_server: MailServer) -> "Box":
    """The mails that come in this test; the clock is the test's."""
    tools.clock = SetClock(NOON)
    tools.mail = Mailer(mail_server.url, "chat@example.org", terminal=False)
    tools.settings = replace(tools.settings, public_url="https://chat.example")
    return Box(tools, tools.clock, mail_server)


class Box:
    """What comes by mail, as jobs are run by hand."""

    def __init__(self, tools: Tools, clock: SetClock, server: MailServer) -> None:
        self.tools = tools
        self.clock = clock
        self._server = server
        self._before = {each["Message-ID"] for each in server.mails}

    async def comes(self) -> list[EmailMessage]:
        """Look as the clock does, in two processes at once; send what is to be; what is new."""
        for verb in (reports.look, reports.hand_out):
            await asyncio.gather(verb(self.tools), verb(self.tools))
        return await self.sent()

    async def sent(self) -> list[EmailMessage]:
        for job in await self.tools.db.write(_taken):
            await HANDLERS[job.name](self.tools, job)
        new = [each for each in self._server.mails if each["Message-ID"] not in self._before]
        self._before |= {each["Message-ID"] for each in new}
        return sorted(new, key=lambda each: each["To"])


def _taken(conn: sa.Connection) -> list[Job]:
    mine = jobs.c.name.in_(HANDLERS)
    found = [Job(row.id, row.name, row.payload, 1, 1)
             for row in conn.execute(sa.select(jobs).where(mine))]  # fmt: skip
    conn.execute(sa.delete(jobs).where(mine))
    return found


async def add(tools: Tools, owner: Who, name: str, role: Role = Role.OWNER) -> Person:
    email = f"{name}@team.example"
    new = NewPerson(owner.workspace_id, email, name.title(), role, "a good long password")
    return await people.add(tools, owner, new)


def text_of(mail: EmailMessage) -> str:
    texts = [part.get_content() for part in mail.iter_parts()]
    assert len(texts) == 2
    return "\n".join(texts)


@pytest.fixture
async def world(box: Box, make_agent: Maker, owner: Who) -> World:
    """An agent with a link that visitors talk by."""
    made = await make_agent(display_name="Heron")
    wish = links.Wish(name="vera@visitors.example")
    link = await links.create(box.tools, owner, made.id, wish)
    return World(box.tools, box.clock, owner, [made], [(link.id, link.token(box.tools.keys))])


async def test_a_digest_comes_once(box: Box, world: World, owner: Who) -> None:
    """Daily and weekly, at the hour of the zone; what is in it is counted; nobody who said no."""
    tools, clock = box.tools, box.clock
    await terms.change(tools, owner, zone="Asia/Tokyo")
    olga, ben = await add(tools, owner, "olga"), await add(tools, owner, "ben", Role.OPERATOR)
    await mails.change(tools, person_who(ben), ben.id, digest=Digest.DAILY, hour=6)
    assert await box.comes() == []
    await world.day(random.Random(4), 12)
    await insights.read_on(tools)
    # Tokyo's 21 November begins at 15:00, and 6 o'clock is at 21:00.
    clock.moment = NOON + 9 * HOUR - 1
    assert await box.comes() == []
    clock.forward(1)
    (mail,) = await box.comes()
    said = text_of(mail)
    assert (mail["To"], mail["X-RcptTo"]) == ("ben@team.example", "ben@team.example")
    assert "conversations, 20 November 2026" in str(mail["Subject"])
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    token = str(mail["List-Unsubscribe"]).rpartition("/")[2].rstrip(">")
    assert mails.led_out(tools, token) == (ben.id, DIGEST)
    assert "https://chat.example/studio/messages?first=2026-11-20&last=2026-11-20" in said
    assert "Conversations: 0" not in said
    # SHR-03, API-09: neither what was said nor who said it.
    for each in ("What about it", "visitors.example", "vis_"):
        assert each not in said + str(mail["Subject"])
    assert await box.comes() == []
    clock.forward(DAY)
    assert await box.comes() == [], "nothing happened on the next day"
    # Olga has said nothing: hers comes on Monday at 8.
    clock.moment = NOON - DAY // 2 + 2 * DAY + 23 * HOUR
    (weekly,) = await box.comes()
    assert weekly["To"] == olga.email
    assert "16 to 22 November 2026" in str(weekly["Subject"])
    assert await mails.turn_off(tools, token) == DIGEST
    clock.forward(20 * DAY)
    await world.day(random.Random(5), 3)
    await insights.read_on(tools)
    clock.forward(DAY)
    assert {each["To"] for each in await box.comes()} <= {olga.email}


async def test_budgets_are_told_of_twice(box: Box, world: World, owner: Who) -> None:
    """At 80 and 100 of a hundred, once each in a period; a larger budget is another one."""
    tools, clock = box.tools, box.clock
    await add(tools, owner, "olga")
    agent = world.agents[0]
    await budget_of(tools, owner, agent.id, 10_000)
    vera = Somebody(tools, world.doors[0][1])
    subjects = []
    for used in (4_000, 2_000, 2_000):
        await vera.say("Hello?")
        await answer(tools, clock, vera.talk, 10, used=used)
        subjects.append([str(each["Subject"]) for each in await box.comes()])
    spent = ["80 % of the budget of Heron is spent", "The budget of Heron is spent"]
    assert subjects == [[], spent[:1], spent[1:]]
    clock.forward(HOUR)
    assert await box.comes() == []
    await budget_of(tools, owner, agent.id, 14_000)
    assert [str(each["Subject"]) for each in await box.comes()] == spent[:1]


async def budget_of(tools: Tools, owner: Who, agent_id: str, tokens: int) -> None:
    agent = await tools.db.read(agents.by_id, agent_id)
    assert agent is not None
    wish = {"budget_tokens": tokens, "budget_period": "month"}
    await sharing.change(tools, owner, agent, wish)


async def test_an_agent_that_fails_is_told_of(box: Box, world: World, owner: Who) -> None:
    """Three in a row; over when it answers again; not more than once in six hours."""
    tools, clock = box.tools, box.clock
    await add(tools, owner, "olga")
    vera = Somebody(tools, world.doors[0][1])

    async def told(*states: str) -> list[str]:
        for state in states:
            clock.forward(MINUTE)
            await vera.say("Hello?")
            await answer(tools, clock, vera.talk, 10, state=state)
        return [str(each["Subject"]) for each in await box.comes()]

    assert await told("failed", "done", "failed", "failed") == []
    assert await told("failed") == ["Heron is not answering"]
    assert await told("failed") == []
    assert await told("done") == ["Heron answers again"]
    assert await told("failed", "failed", "failed", "done") == []
    clock.forward(6 * HOUR)
    assert await told("failed", "failed", "failed") == ["Heron is not answering"]
    clock.forward(2 * HOUR)
    assert await box.comes() == [], "it is not over because nobody asks"
    assert await told("done") == ["Heron answers again"]


async def test_links_that_end_are_told_of(box: Box, world: World, owner: Who) -> None:
    """Together, once; not those made for a day; a private link's name is nobody's business."""
    tools, clock = box.tools, box.clock
    await add(tools, owner, "olga")
    agent = world.agents[0].id
    for name, hours in (("Fair", 96), ("Poster", 97), ("Short", 20)):
        await links.create(
            tools, owner, agent, links.Wish(kind=Kind.TEMPORARY, name=name, hours=hours)
        )
    assert await box.comes() == []
    clock.forward(73 * HOUR + MINUTE)
    (mail,) = await box.comes()
    said = text_of(mail)
    assert str(mail["Subject"]) == "2 links end within a day"
    assert ("Fair: 24 November 2026" in said, "Short" in said) == (True, False)
    assert await box.comes() == []


async def test_jobs_that_were_given_up_are_told_of(box: Box, owner: Who) -> None:
    """Once in six hours, by name and number; their payload is in no mail."""
    tools, clock = box.tools, box.clock
    await add(tools, owner, "olga")

    def dies(conn: sa.Connection) -> None:
        job = tools.queue.enqueue(conn, "demo.job", {"secret": "canary-7"})
        assert job is not None
        mine = jobs.c.id == job.id
        conn.execute(sa.update(jobs).where(mine).values(due=None, died_at=clock.now()))

    for _ in range(2):
        await tools.db.write(dies)
    (mail,) = await box.comes()
    assert str(mail["Subject"]) == "2 jobs were given up"
    assert "demo.job (2)" in text_of(mail)
    assert "canary" not in text_of(mail)
    clock.forward(HOUR)
    await tools.db.write(dies)
    assert await box.comes() == []
    clock.forward(6 * HOUR)
    assert [str(each["Subject"]) for each in await box.comes()] == ["A job was given up"]


async def test_who_gets_which_mails(box: Box, world: World, owner: Who) -> None:
    """Owners all, others what they ask for and may see; the way out is each one's own."""
    tools = box.tools
    olga, ben = await add(tools, owner, "olga"), await add(tools, owner, "ben", Role.BUILDER)
    hers, his = [await tools.db.read(mails.of, each) for each in (olga, ben)]
    assert (hers.digest, hers.alerts) == (Digest.WEEKLY, frozenset(Alert))
    assert (his.digest, his.alerts) == (Digest.OFF, frozenset())
    as_ben = person_who(ben)
    with pytest.raises(NotAllowed):
        await mails.change(tools, as_ben, olga.id, digest=Digest.OFF)
    wrong: list[dict[str, Any]] = [{"hour": 24}, {"weekday": 7}, {"alerts": [Alert.JOBS]}]
    for each in wrong:
        with pytest.raises(Invalid):
            await mails.change(tools, as_ben, ben.id, **each)
    await mails.change(tools, as_ben, ben.id, alerts=[Alert.FAILING, Alert.ENDING])
    workspace = owner.workspace_id
    assert [each.id for each in await tools.db.read(mails.wanting, workspace, Alert.FAILING)] == [
        ben.id, olga.id]  # fmt: skip
    token = mails.way_out(tools, olga.id, Alert.FAILING).rpartition("/")[2]
    for forged in (token[:-1] + "0", token.replace(olga.id, ben.id), f"{olga.id}-jobs", "-", ""):
        if forged != token:
            assert mails.led_out(tools, forged) is None
            with pytest.raises(NotFound):
                await mails.turn_off(tools, forged)
    elsewhere = tools.inside("wsp_" + "A" * 22)
    for way in (mails.named, mails.turn_off):
        with pytest.raises(NotFound):
            await way(elsewhere, token)
    for _ in range(2):
        assert await mails.turn_off(tools, token) == Alert.FAILING
    left = await tools.db.read(mails.wanting, workspace, Alert.FAILING)
    assert [each.id for each in left] == [ben.id]
    await people.disable(tools, owner, ben.id)
    assert await tools.db.read(mails.wanting, workspace, Alert.FAILING) == []


async def test_without_a_mail_server_nothing_is_taken_for_told(
    box: Box, world: World, owner: Who
) -> None:
    """What there was to tell is told when there is one."""
    tools, clock = box.tools, box.clock
    await add(tools, owner, "olga")
    wish = links.Wish(kind=Kind.TEMPORARY, name="Fair", hours=96)
    await links.create(tools, owner, world.agents[0].id, wish)
    clock.forward(80 * HOUR)
    real, tools.mail = tools.mail, Mailer("", "", terminal=True)
    assert await box.comes() == []
    tools.mail = real
    assert len(await box.comes()) == 1
