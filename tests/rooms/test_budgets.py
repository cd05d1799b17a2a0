"""Budgets: reserved with the message, settled once with the reply's end, never overrun."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from parlour import entrance, events, takeover, transcripts
from parlour.agents import keeping as agents
from parlour.agents import sharing
from parlour.agents.model import Agent
from parlour.budgets import spending
from parlour.chat import resuming, runner, settling, turns
from parlour.chat.runner import _End
from parlour.conversations import turns as rows
from parlour.conversations.house import Sentence
from parlour.conversations.model import TurnState
from parlour.entrance import Refused
from parlour.kit.clock import DAY, HOUR
from parlour.kit.errors import Invalid
from parlour.links import keeping
from parlour.links.store import Link
from parlour.rights import Who
from parlour.tools import Tools
from tests.rooms.conftest import Maker


@dataclass
class Till:
    """An agent with budgets, and visitors who ask it."""

    tools: Tools
    owner: Who
    agent: Agent
    link: Link
    said: list[turns.Said] = field(default_factory=list)

    async def terms(self, **wanted: Any) -> None:
        self.agent, _ = await sharing.change(self.tools, self.owner, self.agent, wanted)

    async def ask(self, session: str | None = None, **more: Any) -> turns.Said:
        token = self.link.token(self.tools.keys)
        pass_ = entrance.ticket(self.tools, token, session, **more)
        said = await turns.say(self.tools, pass_, "Hello there?", None)
        self.said.append(said)
        return said

    async def end(self, turn_id: str, state: TurnState = TurnState.INTERRUPTED) -> None:
        """End a turn as its runner does."""

        def unit(conn: sa.Connection) -> None:
            turn = rows.start(conn, turn_id, self.tools.clock.now())
            assert turn is not None
            runner._finish(conn, self.tools, turn, _End(state))

        await self.tools.db.write(unit)

    async def account(self, holder: str) -> tuple[int, int]:
        """What a holder spent, and what is reserved there."""
        table = spending.spending.c
        wanted = sa.select(table.spent, table.reserved).where(table.holder == holder)
        row = await self.tools.db.read(lambda conn: conn.execute(wanted).first())
        return (0, 0) if row is None else tuple(row)

    async def told(self) -> int:
        wanted = sa.select(sa.func.count()).where(events.events.c.kind == "budget.spent")
        return int(await self.tools.db.read(lambda conn: conn.execute(wanted).scalar_one()))

    @property
    def by_agent(self) -> str:
        return f"agent:{self.agent.id}"


@pytest.fixture
async def till(tools: Tools, owner: Who, make_agent: Maker) -> Till:
    agent = await make_agent()
    return Till(tools, owner, agent, await keeping.create(tools, owner, agent.id, keeping.Wish()))


async def test_never_more_than_one_turn_over(till: Till) -> None:
    """RLB-05, RLB-09, promise 13: fifty at once; the last token lets one more turn in."""
    await till.terms(budget_tokens=4_500, turn_tokens=1_000)
    ended = await asyncio.gather(*(till.ask() for _ in range(50)), return_exceptions=True)
    codes = Counter(each.code if isinstance(each, Refused) else type(each) for each in ended)
    assert codes == {turns.Said: 5, "too_many": 45}
    assert await till.account(till.by_agent) == (0, 5_000)
    refused = next(each for each in ended if isinstance(each, Refused))
    assert refused.retry_after, "what is reserved may come back"


async def test_settled_once_whatever_ends_it(till: Till) -> None:
    """RLB-09: reservations come back, who began nothing pays nothing, twice changes nothing."""
    await till.terms(budget_tokens=10**6, turn_tokens=1_000)
    paid, unpaid = await till.ask(), await till.ask()
    await till.end(paid.turn_id)
    await till.end(unpaid.turn_id, TurnState.FAILED)
    spent, reserved = await till.account(till.by_agent)
    assert (spent, reserved) == (3, 0), "twelve bytes of a question"

    def again(conn: sa.Connection) -> None:
        turn = rows.find(conn, paid.turn_id)
        assert turn is not None
        runner._finish(conn, till.tools, turn, _End(TurnState.INTERRUPTED))

    await till.tools.db.write(again)
    assert await till.account(till.by_agent) == (3, 0)


async def test_spent_is_told_once_and_refused_in_the_owner_s_words(till: Till) -> None:
    await till.terms(budget_tokens=5, turn_tokens=10, words={"budget_spent": "Come to room 4."})
    for _ in range(2):
        await till.end((await till.ask()).turn_id)
    with pytest.raises(Refused) as refused:
        await till.ask()
    assert (refused.value.code, refused.value.status) == ("budget_spent", 429)
    assert refused.value.own_words == "Come to room 4."
    assert 0 < (refused.value.retry_after or 0) <= 31 * DAY / 1000
    assert await till.told() == 1
    await till.terms(budget_tokens=7)
    await till.end((await till.ask()).turn_id)
    assert await till.told() == 1, "once in a period"


async def test_lowered_is_in_force_with_the_next_turn(till: Till) -> None:
    """RLB-11: also for a link's own budget, beside the agent's."""
    await till.terms(budget_tokens=1_000, turn_tokens=10)
    await till.end((await till.ask()).turn_id)
    await keeping.change(till.tools, till.owner, till.link, {"budget_tokens": 100})
    await till.end((await till.ask()).turn_id)
    assert await till.account(f"link:{till.link.id}") == (3, 0)
    await keeping.change(till.tools, till.owner, till.link, {"budget_tokens": 3})
    with pytest.raises(Refused):
        await till.ask()
    assert await till.account(till.by_agent) == (6, 0), "refused by one, reserved in none"


@pytest.mark.parametrize(("by", "another"), [("session", True), ("identity", True), ("ip", False)])
async def test_daily_limits_count_whom_they_say(till: Till, by: str, another: bool) -> None:
    """A key that is missing falls to the next narrower one, never to nobody."""
    await till.terms(daily_token_limit=3, daily_limit_by=by, turn_tokens=5)
    first = await till.ask(place="a hash")
    assert first.visit.allowance is not None
    assert first.visit.allowance[:2] == (3, 0)
    await till.end(first.turn_id)
    with pytest.raises(Refused) as refused:
        await till.ask(first.visit.session, place="a hash")
    assert refused.value.code == "budget_spent"
    if another:
        await till.ask(place="a hash")
    else:
        with pytest.raises(Refused):
            await till.ask(place="a hash")
        await till.ask(place="another")
    await till.ask()  # no place is known: the session counts


async def test_a_link_may_be_without_the_agent_s_daily_limit(till: Till) -> None:
    await till.terms(daily_token_limit=1, turn_tokens=5)
    await keeping.change(till.tools, till.owner, till.link, {"daily_token_limit": 0})
    said = await till.ask()
    await till.end(said.turn_id)
    assert (await till.ask(said.visit.session)).visit.allowance is None


async def test_charged_to_the_period_it_began_in(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RLB-10: the day ends while the reply is written; the new day begins with nothing spent."""
    await till.terms(budget_tokens=3, budget_period="day", turn_tokens=5)
    said, today = await till.ask(), till.tools.clock.now()
    monkeypatch.setattr(till.tools.clock, "now", lambda: today + DAY)
    await till.end(said.turn_id)
    table = spending.spending.c
    wanted = sa.select(table.spent, table.reserved).order_by(table.period)
    found = await till.tools.db.read(lambda conn: conn.execute(wanted).all())
    assert [tuple(row) for row in found] == [(3, 0)]
    await till.ask()
    found = await till.tools.db.read(lambda conn: conn.execute(wanted).all())
    assert [tuple(row) for row in found] == [(3, 0), (0, 5)]


async def test_what_nobody_settled_comes_back(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    """RLB-09: waiting turns of a closed conversation, and those whose rows are gone."""
    await till.terms(budget_tokens=10**6, turn_tokens=100)
    first = await till.ask()
    await till.ask(first.visit.session)
    await till.ask(first.visit.session)
    door = first.visit.door
    await turns.close(till.tools, door, first.visit.visitor_id, first.conversation_id)
    assert await till.account(till.by_agent) == (0, 100), "the active one may be running"

    def lose(conn: sa.Connection) -> None:
        conn.execute(sa.delete(rows.turns).where(rows.turns.c.id == first.turn_id))

    await till.tools.db.write(lose)
    later = till.tools.clock.now() + HOUR
    await till.tools.db.write(settling.reconcile, later)
    assert await till.account(till.by_agent) == (0, 0)


async def test_nothing_is_kept_of_visitors(till: Till) -> None:
    await till.terms(daily_token_limit=100, daily_limit_by="ip", budget_tokens=100)
    await till.ask(place="a hash of 203.0.113.9")
    later = till.tools.clock.now() + 4 * DAY
    await till.tools.db.write(spending.forget, later)
    wanted = sa.select(spending.spending.c.holder)
    left = await till.tools.db.read(lambda conn: conn.execute(wanted).scalars().all())
    assert left == [till.by_agent]


async def test_who_takes_the_pen_has_the_reply_charged(till: Till) -> None:
    """RLB-09: its runner charges what it has; what nobody had begun is given back at once."""
    await till.terms(budget_tokens=10**6, turn_tokens=100)
    first = await till.ask()
    await till.ask(first.visit.session)
    turn = await till.tools.db.write(rows.start, first.turn_id, till.tools.clock.now())
    assert turn is not None
    await takeover.take(till.tools, till.owner, first.conversation_id)
    assert await till.account(till.by_agent) == (0, 100), "one of the two was being answered"
    await till.tools.db.write(runner._finish, till.tools, turn, _End(TurnState.STOPPED))
    assert await till.account(till.by_agent) == (3, 0)


async def test_whoever_finds_a_turn_ended_charges_it(till: Till) -> None:
    """RLB-09: its runner was killed while a person took the pen; the job comes to another one."""
    await till.terms(budget_tokens=10**6, turn_tokens=100)
    said = await till.ask()
    await till.tools.db.write(rows.start, said.turn_id, till.tools.clock.now())
    await takeover.take(till.tools, till.owner, said.conversation_id)
    for _ in range(2):
        begun = await till.tools.db.write(runner._begin, till.tools, said.turn_id, None)
        assert begun is None
        assert await till.account(till.by_agent) == (3, 0)


async def _spent(till: Till, **terms: Any) -> turns.Said:
    """Spend the whole budget of an agent with one answer; return what its visitor said."""
    await till.terms(budget_tokens=3, turn_tokens=5, **terms)
    said = await till.ask()
    await till.end(said.turn_id)
    return said


async def test_an_agent_of_documents_answers_when_it_is_spent(
    till: Till, tmp_path: Path, make_agent: Maker
) -> None:
    """The owner's choice at zero: who answers costs nothing, and is named above the answer."""
    (tmp_path / "manual.md").write_text("# Kettles\n\nThe red kettle holds two litres.\n")
    wish = agents.Wish("manual", "documents", {"path": str(tmp_path)}, {"display_name": "Manual"})
    manual = await agents.create(till.tools, till.owner, wish, trusted=True, publish=True)
    for wrong in (till.agent.name, (await make_agent()).name, "nobody"):
        with pytest.raises(Invalid) as refused:
            await till.terms(when_spent=wrong)
        assert [each.field for each in refused.value.errors] == ["when_spent"]
    first = await _spent(till, when_spent="manual")
    again = await till.ask(first.visit.session)
    turn = await till.tools.db.read(rows.find, again.turn_id)
    assert turn is not None
    assert (turn.agent_id, turn.agent_version) == (manual.agent.id, manual.agent.published)
    told = await till.tools.db.read(transcripts.for_visitor, again.conversation_id)
    assert told[-1].author_name == "Manual"
    assert await till.tools.db.read(transcripts.answered_by, told[-1]) == manual.agent.id
    await till.end(again.turn_id, TurnState.FAILED)
    assert await till.account(till.by_agent) == (3, 0)
    ended = sa.select(events.events.c.agent_id).where(events.events.c.kind == "turn.ended")
    about = await till.tools.db.read(lambda conn: set(conn.execute(ended).scalars()))
    assert about == {till.agent.id}, "it is a conversation of this agent"
    await till.terms(budget_tokens=10**6)
    pass_ = entrance.ticket(till.tools, till.link.token(till.tools.keys), first.visit.session)
    retried = await till.tools.db.read(
        rows.find, await turns.retry(till.tools, pass_, again.conversation_id)
    )
    assert retried is not None
    assert retried.agent_id == till.agent.id, "there is something left again"
    await agents.switch(till.tools, till.owner, manual.agent, live=False)
    await till.terms(budget_tokens=3)
    with pytest.raises(Refused):
        await till.ask()


async def _waits(till: Till, said: turns.Said) -> None:
    """Have a visitor ask a person, who hands back without having answered."""
    await takeover.take(till.tools, till.owner, said.conversation_id)
    assert (await till.ask(said.visit.session)).turn_id == ""
    await takeover.release(till.tools, till.owner, said.conversation_id)
    await resuming.resume(till.tools, said.conversation_id)


async def test_who_was_waiting_for_a_person_is_charged_too(till: Till) -> None:
    """Reserved when the agent has the pen again; later, or never, where nothing is left."""
    await till.terms(budget_tokens=6, turn_tokens=6)
    said = await till.ask()
    await takeover.take(till.tools, till.owner, said.conversation_id)
    await takeover.release(till.tools, till.owner, said.conversation_id)
    other = await till.ask()
    await _waits(till, said)
    assert await till.tools.db.read(rows.active, said.conversation_id) is None, "put off"
    await till.end(other.turn_id)
    await resuming.resume(till.tools, said.conversation_id)
    active = await till.tools.db.read(rows.active, said.conversation_id)
    assert active is not None
    assert await till.account(till.by_agent) == (3, 6)
    await till.end(active)
    await _waits(till, said)
    told = await till.tools.db.read(transcripts.for_visitor, said.conversation_id)
    assert told[-1].text == Sentence.SPENT.about()
