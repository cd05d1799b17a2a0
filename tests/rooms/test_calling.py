"""Calling the team on the rooms themselves: who is told, how, until when, and what comes of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from parlour import calling, entrance, sharing, takeover, transcripts
from parlour.agents import sharing as terms
from parlour.agents import store as agents
from parlour.calling import looking
from parlour.chat import beckoning, handing
from parlour.conversations import handoffs, holds
from parlour.conversations.handoffs import Why
from parlour.conversations.house import Sentence
from parlour.conversations.model import Pen
from parlour.kit.clock import MINUTE, SetClock, SystemClock
from parlour.kit.errors import Conflict, Invalid, NotFound, Unavailable
from parlour.kit.mail import Mail, MailAway, MailRefused
from parlour.kit.queue import Job
from parlour.kit.queue.jobs import GivenUp
from parlour.kit.queue.rows import jobs
from parlour.links import keeping as links
from parlour.notes import store as notes
from parlour.rights import Role, Who
from parlour.staff import people
from parlour.staff.people import NewPerson
from parlour.staff.teams import keeping as teams
from parlour.tools import Tools
from tests.rooms.conftest import Maker
from tests.rooms.test_takeover import Talk

CAST = {"Olga": Role.OWNER, "Tess": Role.TEAM_LEAD, "Odin": Role.OPERATOR, "Ada": Role.ANALYST}


@dataclass
class Post:
    """Takes every mail, or fails as the test says."""

    way: str = "server"
    mails: list[Mail] = field(default_factory=list)
    fails: Exception | None = None

    async def send(self, mail: Mail) -> None:
        if self.fails is not None:
            raise self.fails
        self.mails.append(mail)


@dataclass
class Program:
    """A program that is told; stands where the guarded client does."""

    status: int = 204
    fails: Exception | None = None
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def check(self, url: str) -> None:
        del url

    @asynccontextmanager
    async def stream(self, method: str, url: str, **more: Any) -> AsyncIterator[Any]:
        assert (method, url) == ("POST", "https://hook.example/in")
        self.calls.append((more["headers"], more["body"]))
        if self.fails is not None:
            raise self.fails

        async def settle() -> None:
            return

        yield SimpleNamespace(status=self.status, settle=settle, headers={})


@dataclass
class House:
    """A visitor's conversation with an agent, and a team that looks after it."""

    talk: Talk
    owner: Who
    agent_id: str
    ids: dict[str, str]
    post: Post
    program: Program
    team_id: str = ""

    @property
    def tools(self) -> Tools:
        return self.talk.tools

    async def asks(self, text: str = "May I speak to somebody?", client_id: str = "") -> Any:
        """Say this to a person of the team."""
        pass_ = entrance.ticket(self.tools, self.talk.token, self.talk.session)
        said = await beckoning.say(self.tools, pass_, text, client_id or None)
        self.talk.session, self.talk.id = said.visit.session, said.conversation_id
        return said

    async def runs(self, name: str = "handoffs.tell") -> list[Exception]:
        """Do the jobs of this name that are due, and what they cause; the failures."""
        now = self.talk.clock.now() + MINUTE
        failed: list[Exception] = []

        def take(conn: sa.Connection) -> list[Job]:
            due = sa.select(jobs).where(jobs.c.name == name, jobs.c.due <= now)
            found = [Job(row.id, name, row.payload, 1, 1) for row in conn.execute(due)]
            conn.execute(sa.delete(jobs).where(jobs.c.id.in_([each.id for each in found])))
            return found

        for job in await self.tools.db.write(take):
            try:
                await (calling.tell if name == handoffs.TELL else calling.send)(self.tools, job)
            except (Unavailable, GivenUp) as error:
                failed.append(error)
        return failed if name == calling.SEND else await self.runs(calling.SEND)

    async def handoff(self) -> looking.Called:
        found = await self.tools.db.read(looking.latest, self.owner, self.talk.id)
        assert found is not None
        return found

    def mailed(self) -> list[tuple[str, str]]:
        """To whom mails went since, and of what."""
        told = [(each.to.partition("@")[0], each.subject) for each in self.post.mails]
        self.post.mails.clear()
        return sorted(told)


@pytest.fixture
async def house(tools: Tools, owner: Who, make_agent: Maker) -> House:
    # The queue has a clock of its own, which goes on: this one begins where that one is.
    clock = tools.clock = SetClock(SystemClock().now())
    post, program = Post(), Program()
    tools.mail, tools.http = post, program  # type: ignore[assignment]
    agent = await make_agent("helper")
    agent, _ = await terms.change(tools, owner, agent, {"asks_person": True}, agent.updated_at)
    link = await links.create(tools, owner, agent.id, links.Wish())
    ids = {}
    for name, role in CAST.items():
        email = f"{name.lower()}@team.example"
        new = NewPerson(owner.workspace_id, email, name, role, "a good long password")
        ids[name] = (await people.add(tools, owner, new)).id
    ana = Who("person", ids["Odin"], "Odin", owner.workspace_id, Role.OPERATOR)
    tess = Who("person", ids["Tess"], "Tess", owner.workspace_id, Role.TEAM_LEAD)
    made = House(
        Talk(tools, link.token(tools.keys), ana, tess, clock), owner, agent.id, ids, post, program
    )
    wish = teams.Edit("Support", [ids[each] for each in ("Tess", "Odin", "Ada")], [agent.id])
    made.team_id = (await teams.create(tools, owner, wish)).id
    return made


async def test_the_team_is_told_by_mail_with_a_link_that_can_answer(house: House) -> None:
    """Whoever may answer, and nobody else; their own link, which takes the pen by a button."""
    said = await house.asks()
    assert (said.turn_id, await house.talk.pen()) == ("", Pen.REQUESTED)
    assert await house.talk.told() == [
        ("visitor", "May I speak to somebody?", "done"),
        ("system", Sentence.ASKED.about(), "done"),
    ]
    assert await house.runs() == []
    (mail,) = [each for each in house.post.mails if each.to == "odin@team.example"]
    assert "speak to somebody" not in mail.text, "of what was said nothing is mailed"
    assert f"/studio/conversations/{house.talk.id}" in mail.text
    assert house.mailed() == [
        ("odin", "A visitor of helper waits for a person"),
        ("tess", "A visitor of helper waits for a person"),
    ]
    token = mail.text.partition("/share/")[2].split()[0]
    secret = await sharing.open_(house.tools, token, None)
    assert secret is not None
    assert await house.talk.pen() is Pen.REQUESTED, "a robot that runs scripts takes nothing"
    await sharing.take(house.tools, token, secret)
    await sharing.say(house.tools, token, secret, "Here I am.", "one")
    assert (await house.talk.told())[-2:] == [
        ("system", "Odin answers now.", "done"),
        ("guest", "Here I am.", "done"),
    ]
    told = await house.handoff()
    assert (told.handoff.asked_by, told.handoff.outcome) == ("visitor", "answered")
    assert told.handoff.ended_by == "Odin"
    assert sorted((each.to_name, each.way) for each in told.tellings) == [
        ("Odin", "mail"),
        ("Tess", "mail"),
    ]
    house.talk.clock.forward(5 * MINUTE)
    assert (await house.runs(), house.mailed()) == ([], []), "nobody else is called"


async def test_a_press_of_the_button_takes_the_pen_at_once(house: House) -> None:
    """Where there are no scripts the first request is the button's."""
    await house.asks()
    await house.runs()
    token = house.post.mails[0].text.partition("/share/")[2].split()[0]
    assert await sharing.open_(house.tools, token, None, pressed=True)
    assert await house.talk.pen() is Pen.OPERATOR


async def test_the_agent_s_own_asking_tells_the_team_as_well(house: House) -> None:
    await house.talk.say("I want a person")
    turn = SimpleNamespace(id="trn_x", conversation_id=house.talk.id)
    writing = SimpleNamespace(actions=[SimpleNamespace(name="handoff", arguments={})])

    def unit(conn: sa.Connection) -> bool:
        who = Who("system", house.agent_id, "agent", house.owner.workspace_id)
        return handing.hand_off(conn, house.tools, who, turn, writing)  # type: ignore[arg-type]

    assert await house.tools.db.write(unit)
    await house.runs()
    assert [to for to, _ in house.mailed()] == ["odin", "tess"]
    assert (await house.handoff()).handoff.asked_by == "agent"


async def test_when_nobody_sees_to_it_the_leads_and_owners_are_told(house: House) -> None:
    await house.asks()
    await house.runs()
    house.mailed()
    house.talk.clock.forward(round(house.tools.settings.handoff_escalate_minutes * MINUTE))
    await house.runs()
    assert house.mailed() == [
        ("olga", "Nobody has come: a visitor of helper still waits"),
        ("tess", "Nobody has come: a visitor of helper still waits"),
    ]
    assert (await house.handoff()).handoff.escalated_at == house.talk.clock.now()
    assert "handoff.escalated" in await house.talk.kinds("handoff.")


async def test_whoever_says_that_they_come_is_waited_for(house: House) -> None:
    """Acknowledged: the visitor reads who, nobody else is called, and there is more time."""
    await house.asks()
    await house.runs()
    house.mailed()
    asked = (await house.handoff()).handoff
    house.talk.clock.forward(2 * MINUTE)
    seen = await calling.acknowledge(house.tools, house.talk.ana, house.talk.id)
    assert (seen.seen_by, seen.until - asked.until) == ("Odin", 2 * MINUTE)
    again = await calling.acknowledge(house.tools, house.talk.ben, house.talk.id)
    assert again.seen_by == "Odin", "the first one is who sees to it"
    told = await house.talk.told()
    assert told[-1] == ("system", "Odin has seen this and is coming.", "done")
    assert [text for _, text, _ in told].count("Odin has seen this and is coming.") == 1
    house.talk.clock.forward(3 * MINUTE)
    assert (await house.runs(), house.mailed()) == ([], [])
    house.talk.clock.forward(seen.until - house.talk.clock.now() - 1)
    await takeover.lapse(house.tools, house.talk.id)
    assert await house.talk.pen() is Pen.REQUESTED
    house.talk.clock.forward(1)
    await takeover.lapse(house.tools, house.talk.id)
    assert (await house.handoff()).handoff.outcome == "expired"
    with pytest.raises(Conflict):
        await calling.acknowledge(house.tools, house.talk.ana, house.talk.id)
    stranger = Who(
        "person",
        house.ids["Ada"],
        "Ada",
        house.owner.workspace_id,
        Role.ANALYST,
        elsewhere=frozenset({house.agent_id}),
    )
    with pytest.raises(NotFound):
        await calling.acknowledge(house.tools, stranger, house.talk.id)


async def test_nobody_came_and_an_address_is_left(house: House) -> None:
    """Honestly: the visitor reads so, and is written to; once, and the team is told."""
    await house.asks("My kiln is cold.")
    with pytest.raises(Conflict):
        await calling.leave_address(house.tools, house.talk.id, "vera@visitors.example")
    await house.runs()
    house.mailed()
    house.talk.clock.forward(round(house.tools.settings.handoff_minutes * MINUTE))
    await takeover.lapse(house.tools, house.talk.id)
    shown = await house.tools.db.read(transcripts.for_visitor, house.talk.id)
    assert (takeover.missed(shown), shown[-1].text) == (True, Sentence.NOBODY_CAME.about())
    await house.tools.db.write(
        lambda c: holds.say(c, house.talk.id, 1, "I do not know that.", kind="agent")
    )
    for contact, text in (("", ""), ("x" * 201, ""), ("a\0b", ""), ("fine", "x" * 2001)):
        with pytest.raises(Invalid):
            await calling.leave_address(house.tools, house.talk.id, contact, text)
    await calling.leave_address(house.tools, house.talk.id, " vera@visitors.example ")
    with pytest.raises(Conflict):
        await calling.leave_address(house.tools, house.talk.id, "vera@visitors.example")
    shown = await house.tools.db.read(transcripts.for_visitor, house.talk.id)
    assert not takeover.missed(shown)
    await house.runs()
    assert house.mailed() == [
        ("odin", "A visitor of helper wants to be written to"),
        ("tess", "A visitor of helper wants to be written to"),
    ]
    (note,) = await house.tools.db.read(lambda c: notes.shown_to(c, house.owner, limit=9))
    assert (note.wish, note.contact, note.text) == (
        "answer",
        "vera@visitors.example",
        "My kiln is cold.",
    )
    assert note.conversation_id == house.talk.id


async def test_who_cannot_be_asked_for_and_who_has_been_already(house: House) -> None:
    await house.asks(client_id="one")
    again = await house.asks(client_id="one")
    assert again.repeated
    await house.asks("Hello?")
    assert [kind for kind, _, _ in await house.talk.told()] == ["visitor", "system", "visitor"]
    assert len(await house.tools.db.read(lambda c: handoffs.page(c, house.owner, limit=9))) == 1
    agent = await house.tools.db.read(agents.by_id, house.agent_id)
    assert agent is not None
    await terms.change(house.tools, house.owner, agent, {"asks_person": False}, agent.updated_at)
    with pytest.raises(Conflict) as refused:
        await house.asks("Hello?")
    assert refused.value.code == "nobody_to_ask"


async def test_without_a_team_everybody_who_may_answer_is_told(house: House) -> None:
    await teams.delete(house.tools, house.owner, house.team_id)
    await house.asks()
    await house.runs()
    assert [to for to, _ in house.mailed()] == ["odin", "olga", "tess"]


@pytest.mark.parametrize("error", [MailAway("away"), MailRefused("no such box")])
async def test_a_mail_that_does_not_go_is_tried_again_or_told_to_have_failed(
    house: House, error: Exception
) -> None:
    house.post.fails = error
    await house.asks()
    failed = await house.runs()
    troubles = {each.trouble for each in (await house.handoff()).tellings}
    if isinstance(error, MailAway):
        assert (len(failed), troubles) == (2, {None})
        (first, *_) = (await house.handoff()).tellings
        job = Job("job", calling.SEND, {"telling": first.id}, 8, 8)
        await house.tools.db.write(calling.buried, job)
        told = (await house.handoff()).tellings
        assert "given up" in str(next(each.trouble for each in told if each.id == first.id))
    else:
        assert failed == []
        assert all("no such box" in str(each) for each in troubles)


async def test_who_is_gone_meanwhile_is_not_told(house: House) -> None:
    await house.asks()
    await people.disable(house.tools, house.owner, house.ids["Odin"])
    handoff = (await house.handoff()).handoff
    await house.tools.db.write(lambda c: handoffs.tell(c, house.tools, handoff.id, Why.ASKED))
    await house.runs()
    assert {to for to, _ in house.mailed()} == {"tess"}


async def test_what_is_over_is_told_nobody(house: House) -> None:
    """The visitor began anew before anybody was told."""
    await house.asks()
    pass_ = entrance.ticket(house.tools, house.talk.token, house.talk.session)
    del pass_
    await takeover.take(house.tools, house.talk.ana, house.talk.id)
    assert (await house.runs(), house.mailed()) == ([], [])
    assert (await house.handoff()).handoff.outcome == "answered"
