"""Saying, asking again and waiting in line, on the rooms themselves; nothing runs the turns."""

from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from parlour import entrance, transcripts
from parlour.agents import keeping as agents
from parlour.agents.keeping import backend_of
from parlour.agents.model import Agent
from parlour.chat import turns
from parlour.chat.runner import Runner
from parlour.conversations import reading, store
from parlour.conversations import turns as rows
from parlour.conversations.model import State, Turn, TurnState
from parlour.kit.errors import Conflict, TooMany
from parlour.kit.queue import Job
from parlour.links import keeping as links
from parlour.rights import Who
from parlour.tools import Tools
from tests.rooms.conftest import Maker


@dataclass
class Talk:
    """A visitor's conversation by a link."""

    tools: Tools
    token: str
    agent: Agent
    session: str | None = None
    conversation_id: str = ""

    async def say(self, text: str) -> turns.Said:
        pass_ = entrance.ticket(self.tools, self.token, self.session)
        said = await turns.say(self.tools, pass_, text, None)
        self.session, self.conversation_id = said.visit.session, said.conversation_id
        return said

    def pass_(self) -> entrance.Ticket:
        return entrance.ticket(self.tools, self.token, self.session, known=True)

    async def door(self) -> entrance.Door:
        return await entrance.admitted(self.tools, self.token, self.session)

    async def latest(self) -> Turn:
        turn = await self.tools.db.read(rows.latest, self.conversation_id)
        assert turn is not None
        return turn

    async def fail(self) -> None:
        """End the active turn as failed."""

        def unit(conn: sa.Connection) -> None:
            store.lock(conn, self.conversation_id)
            turn = rows.latest(conn, self.conversation_id)
            assert turn is not None
            assert rows.end(conn, turn, TurnState.FAILED, 1)
            rows.next_in_line(conn, self.conversation_id)

        await self.tools.db.write(unit)


@pytest.fixture
async def talk(tools: Tools, owner: Who, make_agent: Maker) -> Talk:
    """A fresh one."""
    agent = await make_agent()
    link = await links.create(tools, owner, agent.id, links.Wish())
    return Talk(tools, link.token(tools.keys), agent)


async def test_asking_again_asks_the_agent_as_it_is_published_now(talk: Talk, owner: Who) -> None:
    await talk.say("Hello?")
    await talk.fail()
    assert (await talk.latest()).agent_version == 1
    texts = {"description": "mended"}
    made = await agents.edit(talk.tools, owner, talk.agent, None, texts, trusted=True)
    await agents.publish(talk.tools, owner, made.agent)
    await turns.retry(talk.tools, talk.pass_(), talk.conversation_id)
    assert (await talk.latest()).agent_version == 2


async def test_nothing_is_asked_again_in_a_conversation_that_was_put_away(talk: Talk) -> None:
    said = await talk.say("Hello?")
    await talk.fail()
    door = await talk.door()
    await turns.close(talk.tools, door, said.visit.visitor_id, talk.conversation_id)
    with pytest.raises(Conflict):
        await turns.retry(talk.tools, talk.pass_(), talk.conversation_id)


async def test_a_line_of_waiting_questions_has_an_end(talk: Talk) -> None:
    """RLB-13: nobody queues any number of paid replies."""
    for number in range(turns.MOST_WAITING):
        await talk.say(f"Question {number}?")
    with pytest.raises(TooMany):
        await talk.say("One more?")
    await talk.fail()
    assert (await talk.say("And now?")).repeated is False


async def test_a_turn_nobody_can_run_is_ended_and_the_next_one_asked(talk: Talk) -> None:
    """O5, CRH-14: a dead letter must not block its conversation for good."""
    tools = talk.tools
    first, second = await talk.say("Hello?"), await talk.say("Anybody?")
    runner = Runner(tools, backend_of)
    job = Job("job_1", turns.RUN, {"turn": first.turn_id}, 5, 5)
    await tools.db.write(runner.buried, job)
    runner.close()
    ended = await tools.db.read(rows.find, first.turn_id)
    assert ended is not None
    assert ended.state is TurnState.FAILED
    shown = await tools.db.read(transcripts.for_visitor, talk.conversation_id)
    assert [each.state.value for each in shown] == ["done", "failed", "done", "writing"]

    def active(conn: sa.Connection) -> str | None:
        return store.lock(conn, talk.conversation_id)

    assert await tools.db.write(active) == second.turn_id


async def test_a_failed_reply_and_the_one_for_it_count_as_one(talk: Talk) -> None:
    await talk.say("Hello?")
    before = await talk.tools.db.read(reading.count, talk.conversation_id)
    await talk.fail()

    def count(conn: sa.Connection) -> None:
        store.count_reply(conn, talk.conversation_id, State.FAILED, 1)

    await talk.tools.db.write(count)
    await turns.retry(talk.tools, talk.pass_(), talk.conversation_id)
    await talk.tools.db.write(count)
    assert await talk.tools.db.read(reading.count, talk.conversation_id) == before + 1


async def test_a_turn_begins_with_the_message_that_asks_for_it(talk: Talk) -> None:
    """Where this process runs it at once; who takes it over after a kill begins it again."""
    tools = talk.tools
    asked: list[Job] = []

    async def keep(job: Job) -> None:
        asked.append(job)

    tools.queue.handle(turns.RUN, keep)
    await tools.queue.start()
    said = await talk.say("Hello?")
    begun = await tools.db.read(rows.find, said.turn_id)
    assert begun is not None
    assert (begun.state, begun.epoch) == (TurnState.RUNNING, 1)
    again = await tools.db.write(rows.start, said.turn_id, 1)
    assert again is not None
    assert again.epoch == 2, "fences whoever ran it before"
    await tools.queue.drain(5)
    assert [job.payload["turn"] for job in asked] == [said.turn_id]
