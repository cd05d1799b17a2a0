"""How memories are written and go: deletions win, jobs repeat, budgets hold, owners decide."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa

from parlour import forgetting, memory
from parlour.agents import keeping as agents
from parlour.agents import sharing as terms
from parlour.agents.contract import BackendFailure, Part, Question, Remember, Remembered, Text
from parlour.budgets import spending
from parlour.chat.turns import RUN
from parlour.conversations import turns as rows
from parlour.events import recording
from parlour.kit.errors import NotFound, Unavailable
from parlour.kit.queue import Job
from parlour.links import rotating
from parlour.links import store as link_rows
from parlour.memory.store import memories
from parlour.rights import Who
from parlour.tools import Tools
from tests.rig.confirming import ANA, BEN, Browser
from tests.rig.remembering import FACTS, FIVE, KNOWN, Place
from tests.rooms.test_memory import ana, place

__all__ = ["ana", "place"]


@pytest.mark.parametrize("by", ["visitor", "owner"])
async def test_what_was_deleted_is_not_learnt_again(place: Place, ana: Browser, by: str) -> None:
    """MEM-07: the next question shows nothing of it, nor does any later one."""
    await place.update()
    talk = await place.talk(ana)
    who = Who("visitor", talk.visitor_id, "", place.owner.workspace_id)
    if by == "visitor":
        assert await memory.delete_own(place.tools, who, talk.agent_id)
        assert not await memory.delete_own(place.tools, who, talk.agent_id)
    else:
        assert await memory.delete(place.tools, place.owner, talk.visitor_id)
    held = await place.held(ana)
    assert held is not None
    assert held.is_empty
    await asyncio.sleep(0.005)  # the next message is of another millisecond
    assert (await place.ask(ana, "six")).memory is None
    place.model.answers = "FACTS\n- Asks a lot\nNOTES"
    await place.ask(ana, "seven", "eight", "nine", "ten")
    await place.update()
    assert "gold" not in place.model.asked[-1]
    assert (await place.ask(ana, "eleven")).memory == Remembered("Asks a lot", "")
    (deleted,) = await kinds(place.tools, "memory.deleted")
    assert deleted.actor_kind == ("visitor" if by == "visitor" else "host")


async def kinds(tools: Tools, kind: str) -> list[Any]:
    wanted = sa.select(recording.events).where(recording.events.c.kind == kind)
    return list(await tools.db.read(lambda conn: conn.execute(wanted).all()))


async def test_a_deletion_wins_over_what_is_being_written(place: Place, ana: Browser) -> None:
    """MEM-07: over a job, and over a reply in which the agent notes something."""
    place.model.waits = asyncio.Event()
    (due,) = await place.due()
    running = asyncio.create_task(memory.update(place.tools, place.backend, place.job(due)))
    await place.model.writing.wait()
    talk = await place.talk(ana)
    await memory.delete(place.tools, place.owner, talk.visitor_id)
    place.model.waits.set()
    await running
    held = await place.held(ana)
    assert held is not None
    assert held.is_empty
    assert await kinds(place.tools, "memory.updated") == []

    async def slow(_question: Question) -> AsyncIterator[Part]:
        await memory.delete(place.tools, place.owner, talk.visitor_id)
        yield Text("Yes.")
        yield Remember("- too late")

    place.model.answer = slow
    place.model.says = []
    await place.tools.db.write(
        lambda conn: conn.execute(sa.update(memories).values(summary="x", updated_at=1))
    )
    await ana.say("six")
    turn = await place.tools.db.read(rows.latest, ana.conversation)
    assert turn is not None
    await place.runner.run(Job("job", RUN, {"turn": turn.id}, 1, 2))
    held = await place.held(ana)
    assert held is not None
    assert (held.summary, held.notes) == ("", "")


async def test_two_jobs_never_both_write_and_a_repeat_is_harmless(
    place: Place, ana: Browser
) -> None:
    """CRH-02: whoever began first has lost it, also when it comes back to life later."""
    place.model.waits = asyncio.Event()
    (due,) = await place.due()
    first = asyncio.create_task(memory.update(place.tools, place.backend, place.job(due)))
    await place.model.writing.wait()
    later = asyncio.create_task(memory.update(place.tools, place.backend, place.job(due)))
    await asyncio.to_thread(lambda: None)
    while len(place.model.asked) < 2:
        await asyncio.sleep(0.001)
    place.model.waits.set()
    await asyncio.gather(first, later)
    assert place.model.asked[0] == place.model.asked[1]
    assert len(await kinds(place.tools, "memory.updated")) == 1
    await memory.update(place.tools, place.backend, place.job(due))
    assert len(place.model.asked) == 2, "there is nothing new to ask about"
    assert (await place.ask(ana, "six")).memory == KNOWN


@pytest.mark.parametrize("code", ["unreachable", "misconfigured"])
async def test_a_model_that_fails_costs_nobody_anything(
    place: Place, ana: Browser, code: str
) -> None:
    place.model.failure = BackendFailure(code, "no")
    (due,) = await place.due()
    if code == "unreachable":
        with pytest.raises(Unavailable):
            await memory.update(place.tools, place.backend, place.job(due))
    else:
        await memory.update(place.tools, place.backend, place.job(due))
    assert (await place.ask(ana, "six")).memory is None
    place.model.failure, place.model.answers = None, "No."
    await memory.update(place.tools, place.backend, place.job(due))
    place.model.answers = FACTS
    await memory.update(place.tools, place.backend, place.job(due))
    assert "> five" in place.model.asked[-1], "what was not taken in still is"
    assert (await place.ask(ana, "seven")).memory == KNOWN


async def test_budgets_are_charged_for_it(place: Place, ana: Browser) -> None:
    """RLB-08: and where nothing is left the model is not asked."""
    (due,) = await place.due()
    asked = {"budget_tokens": 100_000, "turn_tokens": 1_000}
    await terms.change(place.tools, place.owner, place.agent, asked)
    await memory.update(place.tools, place.backend, place.job(due))
    wanted = sa.select(spending.spending.c.spent, spending.spending.c.reserved)
    assert await place.tools.db.read(lambda conn: conn.execute(wanted).all()) == [(750, 0)]
    reserved = sa.select(sa.func.count()).select_from(spending.reservations)
    assert await place.tools.db.read(lambda conn: conn.execute(reserved).scalar()) == 0
    await ana.say("six")
    await terms.change(place.tools, place.owner, place.agent, {"budget_tokens": 700})
    await memory.update(place.tools, place.backend, place.job(due))
    assert len(place.model.asked) == 1


async def test_an_owner_turns_it_off(place: Place, ana: Browser) -> None:
    """What was said meanwhile is not taken in when it is on again."""
    await place.update()
    await terms.change(place.tools, place.owner, place.agent, {"memory": False})
    assert (await place.ask(ana, "A secret", *FIVE)).memory is None
    assert await place.due() == []
    await asyncio.sleep(0.005)  # what is said from here on is of another millisecond
    _, said = await terms.change(place.tools, place.owner, place.agent, {"memory": True})
    assert said.memory_since
    await asyncio.sleep(0.005)
    assert (await place.ask(ana, "again", "two", "three", "four", "five")).memory == KNOWN
    await place.update()
    assert "secret" not in place.model.asked[-1]
    assert "> again" in place.model.asked[-1]


async def test_forgetting_takes_it_along(place: Place, ana: Browser) -> None:
    """PRI-03: with the visitor all of it, with one conversation what may have come from there."""
    await place.update()
    talk = await place.talk(ana)
    gone = await forgetting.forget_conversation(place.tools, place.owner, talk.id)
    assert gone.memories == 1
    assert (await place.ask(ana, "six")).memory is None
    await place.ask(ana, *FIVE)
    await place.update()
    assert "> six" in place.model.asked[-1]
    assert (await place.ask(ana, "seven")).memory == KNOWN
    assert (await forgetting.forget_visitor(place.tools, place.owner, talk.visitor_id)).memories
    assert await place.tools.db.read(lambda conn: conn.execute(sa.select(memories)).all()) == []


async def test_of_two_links_one_goes_on(place: Place, ana: Browser) -> None:
    """A visitor forgotten by one link is still one by the other, of whom it begins anew."""
    await place.update()
    phone = await place.door()
    await phone.confirm(ANA)
    await place.ask(phone, "By the other link")
    talk = await place.talk(ana)
    await forgetting.forget_visitor(place.tools, place.owner, talk.visitor_id)
    assert (await place.ask(phone, *FIVE)).memory is None
    await place.update()
    assert "gold" in place.model.asked[-1], "what was said by this link is still there"
    assert (await place.ask(phone, "Who?")).memory == KNOWN


async def test_a_new_address_leads_nobody_to_it(place: Place, ana: Browser) -> None:
    """PRV-04: whoever comes by a link after somebody else gets nothing of theirs."""
    await place.update()
    talk = await place.talk(ana)
    link = await place.tools.db.read(link_rows.find, talk.agent_id, talk.link_id)
    turned = await rotating.rotate(place.tools, place.owner, link, rotating.Turn(overlap_hours=0))
    successor = Browser(place.tools, turned.token(place.tools.keys))
    await successor.confirm(BEN)
    assert (await place.ask(successor, "Who am I?")).memory is None


async def test_with_an_agent_goes_what_it_remembers(place: Place, ana: Browser) -> None:
    await place.update()
    await agents.delete(place.tools, place.owner, place.agent)
    await memory.forget_agent(place.tools, place.agent.id)
    assert await place.tools.db.read(lambda conn: conn.execute(sa.select(memories)).all()) == []


async def test_only_who_sees_personal_details_reads_it(place: Place, ana: Browser) -> None:
    """MEM-03, SHR-03."""
    await place.update()
    talk = await place.talk(ana)
    tess = Who("person", "psn_tess", "Tess", place.owner.workspace_id, place.owner.role)
    held = await place.tools.db.read(memory.seen_by, tess, talk.visitor_id)
    assert held is not None
    assert (held.summary, held.notes, held.is_empty) == (None, None, False)
    stranger = Who("key", "k", "k", "wsp_other", place.owner.role, sees_personal=True)
    for visitor_id in (talk.visitor_id, "vis_x", "", "../x", "null"):
        with pytest.raises(NotFound):
            await place.tools.db.read(memory.seen_by, stranger, visitor_id)
        with pytest.raises(NotFound):
            await memory.delete(place.tools, stranger, visitor_id)
