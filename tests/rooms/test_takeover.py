"""Taking over on the rooms themselves: who has the pen, what ends, and what is answered after."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from parlour import entrance, events, takeover, transcripts
from parlour.agents.contract import Action, Part, Question, Text
from parlour.chat import prompt, resuming, turns
from parlour.chat.runner import Runner
from parlour.conversations import holds, reading, store
from parlour.conversations import turns as rows
from parlour.conversations.house import Sentence
from parlour.conversations.model import Pen, State, TurnState, Wanted
from parlour.kit.clock import MINUTE, SetClock
from parlour.kit.errors import Conflict, Invalid, NotFound, TooLarge
from parlour.kit.queue import Job
from parlour.links import keeping as links
from parlour.rights import Role, Who
from parlour.takeover.holding import HeldByOther
from parlour.tools import Tools
from parlour.transcripts import finding
from tests.rooms.conftest import Maker


@dataclass
class Talk:
    """A visitor's conversation, and two people of the team."""

    tools: Tools
    token: str
    ana: Who
    ben: Who
    clock: SetClock
    id: str = ""
    session: str | None = None

    async def say(self, text: str, client_id: str | None = None) -> turns.Said:
        pass_ = entrance.ticket(self.tools, self.token, self.session)
        said = await turns.say(self.tools, pass_, text, client_id)
        self.session, self.id = said.visit.session, said.conversation_id
        return said

    async def take(self, who: Who | None = None, **options: Any) -> takeover.Taken:
        return await takeover.take(self.tools, who or self.ana, self.id, **options)

    async def pen(self) -> Pen:
        held = await self.tools.db.write(holds.lock, self.id)
        assert held is not None
        return held.pen(self.tools.clock.now())

    async def told(self) -> list[tuple[str, str, str]]:
        found = await self.tools.db.read(transcripts.for_visitor, self.id)
        return [(each.author_kind, each.text, each.state.value) for each in found]

    async def kinds(self, *begin: str) -> list[str]:
        def read(conn: sa.Connection) -> list[str]:
            found = sa.select(events.events.c.kind).order_by(events.events.c.id)
            return list(conn.execute(found).scalars())

        return [
            kind for kind in await self.tools.db.read(read) if kind.startswith(begin or "hold.")
        ]

    async def write(self, text: str) -> None:
        """Have the running reply be saved with this text so far."""

        def unit(conn: sa.Connection) -> None:
            turn = rows.latest(conn, self.id)
            assert turn is not None
            store.save_texts(conn, [(self.id, turn.reply_seq, turn.epoch, text)])

        await self.tools.db.write(unit)


@pytest.fixture
async def talk(tools: Tools, owner: Who, make_agent: Maker) -> Talk:
    return await begun(tools, owner, make_agent)


async def begun(tools: Tools, owner: Who, make_agent: Maker) -> Talk:
    """A conversation in which one question has been asked, and is being answered."""
    clock = tools.clock = SetClock(1_795_183_200_000)
    agent = await make_agent("helper")
    link = await links.create(tools, owner, agent.id, links.Wish())
    ana = Who("person", "per_ana", "Ana Ruiz", owner.workspace_id, Role.OPERATOR)
    ben = Who("person", "per_ben", "Ben Okafor", owner.workspace_id, Role.TEAM_LEAD)
    made = Talk(tools, link.token(tools.keys), ana, ben, clock)
    await made.say("Is the blue one in stock?")
    return made


async def test_the_reply_under_way_ends_with_what_there_is_of_it(talk: Talk) -> None:
    """TKO-01"""
    await talk.write("The blue one is")
    taken = await talk.take()
    assert (taken.is_new, taken.hold.by_name) == (True, "Ana Ruiz")
    assert await talk.pen() is Pen.OPERATOR
    assert await talk.told() == [
        ("visitor", "Is the blue one in stock?", "done"),
        ("agent", "The blue one is", "stopped"),
        ("system", "Ana Ruiz answers now.", "done"),
    ]
    turn = await talk.tools.db.read(rows.latest, talk.id)
    assert turn is not None
    assert turn.state is TurnState.STOPPED
    late = [(talk.id, turn.reply_seq, turn.epoch, "The blue one is sold out.")]
    await talk.tools.db.write(store.save_texts, late)
    now = talk.clock.now()
    ended = await talk.tools.db.write(lambda conn: rows.end(conn, turn, TurnState.DONE, now))
    assert not ended
    assert "sold out" not in str(await talk.told())


async def test_an_id_of_the_visitor_s_says_nothing_of_theirs(talk: Talk) -> None:
    """What the visitor sent under it is not what the person said, and not theirs to read."""
    await talk.take()
    await talk.say("Call 0664 1234567", "one")
    with pytest.raises(Conflict) as refused:
        await takeover.say(talk.tools, talk.ana, talk.id, "Of course", "one")
    assert refused.value.code == "id_used"
    said = await takeover.say(talk.tools, talk.ana, talk.id, "Of course", "two")
    assert (await takeover.say(talk.tools, talk.ana, talk.id, "Again", "two")).id == said.id
    with pytest.raises(Conflict):
        await talk.say("Thanks", "two")


async def test_nobody_is_answered_by_the_agent_while_a_person_has_the_pen(talk: Talk) -> None:
    await talk.take()
    said = await talk.say("Hello?", "one")
    assert (said.turn_id, said.reply_seq) == ("", said.message.seq)
    again = await talk.say("Hello?", "one")
    assert (again.repeated, again.message.id, again.turn_id) == (True, said.message.id, "")
    assert (await talk.told())[-1] == ("visitor", "Hello?", "done")
    assert await talk.tools.db.read(rows.active, talk.id) is None
    pass_ = entrance.ticket(talk.tools, talk.token, talk.session)
    with pytest.raises(Conflict):
        await turns.retry(talk.tools, pass_, talk.id)
    await resuming.resume(talk.tools, talk.id)
    assert await talk.tools.db.read(rows.active, talk.id) is None


async def test_what_waits_in_line_ends_too_and_is_answered_once_after(talk: Talk) -> None:
    """TKO-05"""
    await talk.say("And the red one?")
    await talk.say("Hello?")
    await talk.take()
    assert {state for kind, _, state in await talk.told() if kind == "agent"} == {"stopped"}
    assert await takeover.release(talk.tools, talk.ana, talk.id)
    await resuming.resume(talk.tools, talk.id)
    await resuming.resume(talk.tools, talk.id)
    turn = await talk.tools.db.read(rows.latest, talk.id)
    assert turn is not None
    assert turn.state is TurnState.QUEUED
    found = await talk.tools.db.read(reading.read, talk.id)
    shown = prompt.assemble(found, turn.question_seq, 10_000)
    assert [each.text for each in shown] == [
        "Is the blue one in stock?",
        "And the red one?",
        "Hello?",
    ]
    assert [each.author_kind for each in found if each.state is State.WRITING] == ["agent"]


async def test_what_a_person_said_is_shown_to_the_agent_as_theirs(talk: Talk) -> None:
    """TKO-05"""
    await talk.take()
    await takeover.say(talk.tools, talk.ana, talk.id, "Yes, three are left.")
    await takeover.release(talk.tools, talk.ana, talk.id)
    await resuming.resume(talk.tools, talk.id)
    assert await talk.tools.db.read(rows.active, talk.id) is None, "it had been answered"
    await talk.say("Send me one.")
    turn = await talk.tools.db.read(rows.latest, talk.id)
    assert turn is not None
    found = await talk.tools.db.read(reading.read, talk.id)
    shown = prompt.assemble(found, turn.question_seq, 10_000)
    assert [(each.author, each.name, each.text) for each in shown][1:] == [
        ("operator", "Ana Ruiz", "Yes, three are left."),
        ("visitor", "", "Send me one."),
    ]


async def test_only_who_has_the_pen_speaks(talk: Talk) -> None:
    with pytest.raises(Conflict) as none:
        await takeover.say(talk.tools, talk.ana, talk.id, "Hello")
    assert none.value.code == "not_held"
    await talk.take()
    with pytest.raises(HeldByOther) as other:
        await takeover.say(talk.tools, talk.ben, talk.id, "Hello")
    assert "Ana Ruiz" in other.value.detail
    said = await takeover.say(talk.tools, talk.ana, talk.id, "Hello", "mine")
    again = await takeover.say(talk.tools, talk.ana, talk.id, "Hello", "mine")
    assert again.id == said.id
    for text, error in ((" ", Invalid), ("a\0b", Invalid), ("x" * 9_000, TooLarge)):
        with pytest.raises(error):
            await takeover.say(talk.tools, talk.ana, talk.id, text)
    assert [text for kind, text, _ in await talk.told() if kind == "operator"] == ["Hello"]


@pytest.mark.parametrize("breaks", ["record", "enqueue"])
async def test_a_takeover_is_whole_or_not_at_all(
    talk: Talk, breaks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TKO-09: whatever ends in the middle of it, the agent goes on as if nobody had come."""
    await talk.write("The blue one is")
    before = await talk.told()

    def broken(*_given: Any, **_more: Any) -> None:
        raise RuntimeError("killed in the middle")

    target = events if breaks == "record" else talk.tools.queue
    monkeypatch.setattr(target, breaks, broken)
    with pytest.raises(RuntimeError):
        await talk.take()
    monkeypatch.undo()
    assert await talk.pen() is Pen.AGENT
    assert await talk.told() == before
    assert await talk.kinds() == []
    turn = await talk.tools.db.read(rows.active, talk.id)
    assert turn is not None, "it is still being answered"
    assert (await talk.take()).is_new


async def test_of_two_who_take_it_at_once_one_has_it(talk: Talk) -> None:
    """TKO-03: the other one is told who was first; taking it from them is written down."""
    found = await asyncio.gather(
        *(talk.take(who) for who in (talk.ana, talk.ben) * 5), return_exceptions=True
    )
    taken = [each for each in found if isinstance(each, takeover.Taken)]
    refused = [each for each in found if isinstance(each, HeldByOther)]
    assert (len(taken), len(refused)) == (5, 5)
    assert sum(each.is_new for each in taken) == 1
    first = taken[0].hold.by_name
    assert all(first in each.detail for each in refused)
    other = talk.ben if first == talk.ana.name else talk.ana
    assert (await talk.take(other, force=True)).hold.by_name == other.name
    assert await talk.kinds() == ["hold.taken", "hold.taken"]


async def test_a_silent_browser_loses_the_pen_in_time(talk: Talk) -> None:
    """TKO-07: time alone decides; the job only tidies, and never takes a hold that was renewed."""
    await talk.take(minutes=5)
    talk.clock.forward(4 * MINUTE)
    await takeover.renew(talk.tools, talk.ana, talk.id, minutes=5)
    talk.clock.forward(2 * MINUTE)
    await takeover.lapse(talk.tools, talk.id)
    assert await talk.pen() is Pen.OPERATOR
    await talk.say("Are you there?")
    talk.clock.forward(3 * MINUTE)
    assert await talk.pen() is Pen.AGENT, "before anything has tidied up"
    with pytest.raises(Conflict):
        await takeover.renew(talk.tools, talk.ana, talk.id)
    with pytest.raises(Conflict):
        await takeover.say(talk.tools, talk.ana, talk.id, "Sorry, I am back")
    await takeover.lapse(talk.tools, talk.id)
    await takeover.lapse(talk.tools, talk.id)
    assert await talk.kinds() == ["hold.taken", "hold.released"]
    assert (await talk.told())[-1][1] == "Ana Ruiz has left. The assistant answers again."
    await resuming.resume(talk.tools, talk.id)
    assert (await talk.told())[-1] == ("agent", "", "writing")


async def test_after_it_lapsed_the_agent_answers_even_before_anything_tidied_up(talk: Talk) -> None:
    await talk.take(minutes=1)
    talk.clock.forward(MINUTE)
    assert (await talk.say("Hello?")).turn_id
    await takeover.lapse(talk.tools, talk.id)
    await resuming.resume(talk.tools, talk.id)
    waiting = [state for _, _, state in await talk.told() if state == "writing"]
    assert waiting == ["writing"]


async def test_what_cannot_be_taken(talk: Talk) -> None:
    for minutes in (0, -1, float("nan"), float("inf"), 1441):
        with pytest.raises(Invalid):
            await talk.take(minutes=minutes)
    with pytest.raises(NotFound):
        await takeover.take(talk.tools, talk.ana, "cnv_" + "0" * 22)
    assert not await takeover.release(talk.tools, talk.ana, talk.id)
    door = await entrance.admitted(talk.tools, talk.token, talk.session)
    assert door.visitor_id is not None
    await turns.close(talk.tools, door, door.visitor_id, talk.id)
    with pytest.raises(Conflict) as closed:
        await talk.take()
    assert closed.value.code == "closed"


class Asking:
    """An agent that asks for a person at the end of its answer, twice."""

    repeatable = False

    async def answer(self, question: Question) -> AsyncIterator[Part]:
        del question
        yield Text("That needs somebody who can look.")
        yield Action("handoff", {"reason": "stock"})
        yield Action("handoff")


async def asked_for(talk: Talk, agent: Any = None) -> None:
    """Let the agent answer what was asked, and ask for a person, or whatever it asks for."""

    async def backend(*_: Any) -> Any:
        return agent or Asking()

    runner = Runner(talk.tools, backend)
    turn = await talk.tools.db.read(rows.latest, talk.id)
    assert turn is not None
    await runner.run(Job("job_1", turns.RUN, {"turn": turn.id}, 1, 1))
    runner.close()


async def test_an_agent_asks_for_a_person_once_and_falls_silent(talk: Talk, owner: Who) -> None:
    """TKO-12: one closing message; who waits is found, and is answered by whoever comes."""
    await asked_for(talk)
    assert await talk.pen() is Pen.REQUESTED
    assert await talk.told() == [
        ("visitor", "Is the blue one in stock?", "done"),
        ("agent", "That needs somebody who can look.", "done"),
        ("system", Sentence.ASKED.about(), "done"),
    ]
    assert (await talk.say("Thank you")).turn_id == ""
    now = talk.clock.now()
    waiting = await talk.tools.db.browse(finding.page, owner, Wanted(waits_at=now))
    assert [each.id for each in waiting] == [talk.id]
    count, wanted = transcripts.count, Wanted(waits_at=now)
    assert await talk.tools.db.browse(count, owner, wanted) == 1
    await talk.take()
    assert await talk.tools.db.browse(count, owner, wanted) == 0
    await takeover.release(talk.tools, talk.ana, talk.id)
    assert await talk.pen() is Pen.AGENT
    assert await talk.kinds("handoff.", "hold.") == [
        "handoff.requested",
        "hold.taken",
        "hold.released",
    ]


async def test_a_person_who_does_not_come_is_waited_for_only_so_long(talk: Talk) -> None:
    await asked_for(talk)
    await talk.say("Hello?")
    talk.clock.forward(round(talk.tools.settings.handoff_minutes * MINUTE) - 1)
    await takeover.lapse(talk.tools, talk.id)
    assert await talk.pen() is Pen.REQUESTED
    talk.clock.forward(1)
    assert await talk.pen() is Pen.AGENT, "before anything has tidied up"
    await takeover.lapse(talk.tools, talk.id)
    await resuming.resume(talk.tools, talk.id)
    told = await talk.told()
    assert told[-2][1] == "Nobody of the team was free. The assistant answers again."
    assert told[-1] == ("agent", "", "writing")
    assert await talk.kinds("handoff.") == ["handoff.requested", "handoff.ended"]
