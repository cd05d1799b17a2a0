"""The desk on the rooms themselves: where each conversation lies, handing over, and being done."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from parlour import entrance, takeover
from parlour.agents.contract import Action, Part, Question, Text
from parlour.chat import resuming, turns
from parlour.conversations import holds
from parlour.conversations import turns as rows
from parlour.conversations.model import PRESENT, Desk, Group, Pen, Reason, Standing, Wanted
from parlour.kit.clock import MINUTE
from parlour.kit.errors import Conflict, Invalid
from parlour.rights import Role, Who
from parlour.staff import people
from parlour.staff.people import NewPerson, person_who
from parlour.takeover import completing
from parlour.takeover.holding import HeldByOther
from parlour.tools import Tools
from parlour.transcripts import finding
from tests.rooms.conftest import Maker
from tests.rooms.test_takeover import Talk, asked_for, begun


@pytest.fixture
async def talk(tools: Tools, owner: Who, make_agent: Maker) -> Talk:
    """One question is being answered; Ana and Ben are people of the team."""
    made = await begun(tools, owner, make_agent)

    async def colleague(name: str, role: Role) -> Who:
        email = f"{name.partition(' ')[0].lower()}@x.example"
        new = NewPerson(owner.workspace_id, email, name, role, "four words are enough")
        return person_who(await people.add(tools, owner, new))

    made.ana = await colleague("Ana Ruiz", Role.OPERATOR)
    made.ben = await colleague("Ben Okafor", Role.TEAM_LEAD)
    return made


async def lies(talk: Talk, who: Who) -> Group:
    """Where it lies on somebody's desk, by the rule, the lists and the counts alike."""
    tools, now = talk.tools, talk.clock.now()
    found = await tools.db.read(finding.find, who, talk.id)
    group = found.group(who, now)
    desk = Desk(None, now, (who.kind, who.id))
    counts = await tools.db.read(finding.counts, who, Wanted(), desk)
    for each in Group:
        wanted = Wanted(desk=replace(desk, group=each))
        listed = await tools.db.browse(finding.page, who, wanted)
        assert [one.id for one in listed] == ([talk.id] if each is group else []), each
        assert counts.get(each, 0) == (each is group and each is not Group.COMPLETED), each
    everything = await tools.db.browse(finding.page, who, Wanted(desk=desk))
    assert bool(everything) is (group is not Group.COMPLETED)
    return group


async def test_each_conversation_lies_in_one_place_for_each_of_the_team(talk: Talk) -> None:
    assert await lies(talk, talk.ana) is Group.BOT
    await asked_for(talk)
    assert await lies(talk, talk.ana) is Group.WAITING
    asked = talk.clock.now()
    talk.clock.forward(MINUTE)
    found = await talk.tools.db.read(finding.find, talk.ana, talk.id)
    assert found.waits_since == asked
    await talk.take()
    assert await lies(talk, talk.ana) is Group.MINE
    assert await lies(talk, talk.ben) is Group.ACTIVE
    talk.clock.forward(round(talk.tools.settings.hold_minutes * MINUTE))
    assert await lies(talk, talk.ana) is Group.BOT, "time alone decides"
    await takeover.lapse(talk.tools, talk.id)
    await takeover.complete(talk.tools, talk.ana, talk.id, Reason.SOLVED)
    assert await lies(talk, talk.ben) is Group.COMPLETED


async def test_what_an_agent_answered_long_ago_is_not_on_the_desk(talk: Talk) -> None:
    desk = Desk(Group.BOT, talk.clock.now() + PRESENT + 1, ("person", "per_1"))
    listed = await talk.tools.db.browse(finding.page, talk.ana, Wanted(desk=desk))
    assert listed == []


async def test_the_pen_goes_to_a_colleague_who_then_has_it(talk: Talk) -> None:
    """TKO-03: only who has it hands it on, and only to somebody who may answer there."""
    tools = talk.tools
    with pytest.raises(Conflict) as agents:
        await takeover.hand_over(tools, talk.ana, talk.id, talk.ben.id)
    assert agents.value.code == "not_held"
    await talk.take()
    with pytest.raises(HeldByOther):
        await takeover.hand_over(tools, talk.ben, talk.id, talk.ana.id)
    for wrong in (talk.ana.id, "per_nobody", "", "tess@x.example"):
        with pytest.raises(Invalid):
            await takeover.hand_over(tools, talk.ana, talk.id, wrong)
    assert await lies(talk, talk.ana) is Group.MINE, "nothing has happened so far"
    hold = await takeover.hand_over(tools, talk.ana, talk.id, " Ben@x.example")
    assert (hold.by_id, hold.by_name, hold.waits) == (talk.ben.id, "Ben Okafor", True)
    assert await lies(talk, talk.ben) is Group.MINE
    with pytest.raises(HeldByOther):
        await takeover.say(tools, talk.ana, talk.id, "Too late")
    await takeover.say(tools, talk.ben, talk.id, "I go on.")
    assert (await talk.told())[-2:] == [
        ("system", "Ben Okafor answers now.", "done"),
        ("operator", "I go on.", "done"),
    ]
    assert await talk.kinds() == ["hold.taken", "hold.handed_over"]
    talk.clock.forward(round(tools.settings.hold_minutes * MINUTE))
    assert await talk.pen() is Pen.AGENT, "they have been there, and have left"


async def test_who_is_handed_it_and_does_not_come_leaves_the_visitor_waiting(talk: Talk) -> None:
    """TKO-07: for somebody of the team, not for the agent; no conversation is dead."""
    await talk.take()
    await takeover.hand_over(talk.tools, talk.ana, talk.id, talk.ben.id)
    talk.clock.forward(round(talk.tools.settings.hold_minutes * MINUTE))
    assert await lies(talk, talk.ana) is Group.WAITING
    await takeover.lapse(talk.tools, talk.id)
    assert await lies(talk, talk.ana) is Group.WAITING
    assert (await talk.told())[-1][1] == ("Ben Okafor has left. Somebody of the team will go on.")
    await takeover.hand_over(talk.tools, talk.ana, talk.id, talk.ben.id)
    assert await lies(talk, talk.ben) is Group.MINE, "who waits can be handed to somebody"
    assert await takeover.release(talk.tools, talk.ben, talk.id)
    assert await talk.pen() is Pen.AGENT


async def test_who_was_shut_out_or_may_not_answer_is_handed_nothing(talk: Talk, owner: Who) -> None:
    await talk.take()
    tools = talk.tools

    async def choice() -> list[str]:
        found = await tools.db.read(takeover.colleagues, talk.ana, talk.id)
        return [each.id for each in found]

    assert await choice() == [talk.ben.id]
    await people.disable(tools, owner, talk.ben.id)
    assert await choice() == []
    with pytest.raises(Invalid):
        await takeover.hand_over(tools, talk.ana, talk.id, talk.ben.id)


async def test_done_for_a_reason_until_the_visitor_writes(talk: Talk) -> None:
    """Whoever has the pen lays it down; the next message opens it again, and the agent answers."""
    tools = talk.tools
    with pytest.raises(Conflict, match="answering"):
        await takeover.complete(tools, talk.ana, talk.id, Reason.SOLVED)
    await talk.take()
    with pytest.raises(HeldByOther):
        await takeover.complete(tools, talk.ben, talk.id, Reason.SPAM)
    last = (await talk.say("One more thing")).message.seq
    with pytest.raises(Conflict) as unseen:
        await takeover.complete(tools, talk.ana, talk.id, Reason.SOLVED, last - 1)
    assert unseen.value.code == "moved_on"
    assert await takeover.complete(tools, talk.ana, talk.id, Reason.SOLVED, last)
    assert not await takeover.complete(tools, talk.ben, talk.id, Reason.SPAM)
    found = await tools.db.read(finding.find, talk.ben, talk.id)
    assert found.completed is not None
    assert (found.completed.by, found.completed.reason) == ("Ana Ruiz", Reason.SOLVED)
    assert found.standing is Standing.COMPLETED
    await resuming.resume(tools, talk.id)
    assert await tools.db.read(rows.active, talk.id) is None, "nobody waits any more"
    await takeover.lapse(tools, talk.id)
    said = await talk.say("It is chipped again")
    assert said.turn_id
    assert await lies(talk, talk.ana) is Group.BOT
    kinds = await talk.kinds("conversation.", "hold.")
    assert kinds[1:] == [
        "hold.taken",
        "hold.released",
        "conversation.completed",
        "conversation.reopened",
    ]


class Resolving:
    """An agent that takes it for done."""

    repeatable = False

    async def answer(self, question: Question) -> AsyncIterator[Part]:
        del question
        yield Text("Glad to help.")
        yield Action("resolve")


async def test_an_agent_says_that_it_is_done(talk: Talk) -> None:
    await asked_for(talk, Resolving())
    assert await lies(talk, talk.ana) is Group.COMPLETED
    found = await talk.tools.db.read(finding.find, talk.ana, talk.id)
    assert found.completed is not None
    assert (found.completed.by, found.completed.reason) == ("the agent", Reason.SOLVED)
    await talk.say("One more thing")
    assert await lies(talk, talk.ana) is Group.BOT
    await talk.say("And another")
    await asked_for(talk, Resolving())
    assert await lies(talk, talk.ana) is Group.BOT, "more was asked meanwhile"


async def test_what_was_done_is_taken_up_again_by_who_takes_the_pen(talk: Talk) -> None:
    await talk.take()
    await takeover.complete(talk.tools, talk.ana, talk.id, Reason.SILENT)
    await talk.take(talk.ben)
    assert await lies(talk, talk.ben) is Group.MINE
    await takeover.complete(talk.tools, talk.ben, talk.id, Reason.OTHER)
    assert await takeover.reopen(talk.tools, talk.ana, talk.id)
    assert not await takeover.reopen(talk.tools, talk.ana, talk.id)
    assert await lies(talk, talk.ben) is Group.BOT
    with pytest.raises(Invalid):
        completing.reason_of("because")


async def test_a_failed_answer_that_is_asked_for_again_opens_what_was_done(talk: Talk) -> None:
    await talk.take()
    await takeover.release(talk.tools, talk.ana, talk.id)
    await takeover.complete(talk.tools, talk.ana, talk.id, Reason.SOLVED)
    pass_ = entrance.ticket(talk.tools, talk.token, talk.session)
    await turns.retry(talk.tools, pass_, talk.id)
    held = await talk.tools.db.write(holds.lock, talk.id)
    assert held is not None
    assert not held.completed
