"""For how long what is said is kept: who says so, what goes then, and what stays."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from parlour import events, insights, sharing, takeover
from parlour.agents import sharing as agent_terms
from parlour.conversations.store import conversations, messages
from parlour.events import Kind
from parlour.forgetting import due, sweeping, terms
from parlour.insights.tables import sittings
from parlour.kit.clock import DAY, SetClock
from parlour.kit.errors import Conflict, Invalid, NotFound, Stale
from parlour.links import keeping as links
from parlour.links.store import Link
from parlour.notes import keeping as notes
from parlour.notes.store import Note, Wish
from parlour.rights import Who
from parlour.takeover import noting
from parlour.tools import Tools
from parlour.transcripts import finding
from tests.rig.confirming import START, Browser
from tests.rooms.conftest import Maker
from tests.rooms.test_forgetting import everything

CANARY = "heron-5821"
EMAIL = f"vera.{CANARY}@visitors.example"


@pytest.fixture
async def link(tools: Tools, owner: Who, make_agent: Maker) -> Link:
    tools.clock = SetClock(START)
    agent = await make_agent("helper")
    await agent_terms.change(tools, owner, agent, {"verify": "after", "verify_after": 50})
    return await links.create(tools, owner, agent.id, links.Wish(name="Poster"))


def forward(tools: Tools, by: int) -> None:
    assert isinstance(tools.clock, SetClock)
    tools.clock.forward(by)


async def talked(tools: Tools, link: Link, text: str, email: str = "") -> Browser:
    made = Browser(tools, link.token(tools.keys))
    if email:
        await made.confirm(email)
    await made.say(text)
    await quieten(tools)
    return made


async def quieten(tools: Tools) -> None:
    """Have every answer be over: nobody runs one here."""
    over = sa.update(conversations).values(active_turn=None)
    await tools.db.write(lambda conn: conn.execute(over).rowcount)


async def counted(tools: Tools, table: sa.Table) -> int:
    wanted = sa.select(sa.func.count()).select_from(table)
    return int(await tools.db.read(lambda conn: conn.execute(wanted).scalar_one()))


async def furnish(tools: Tools, owner: Who, link: Link) -> Browser:
    """Somebody of whom there is something in every room."""
    vera = await talked(tools, link, f"I am {CANARY}", EMAIL)
    talk = await tools.db.read(finding.find, owner, vera.conversation)
    await noting.note(tools, owner, talk.id, f"{CANARY} called")
    await sharing.make(tools, owner, talk.id, sharing.Wish(sharing.Mode.VIEW))
    note = Note(
        "nte_" + "B" * 22, talk.agent_id, link.id, Wish.MESSAGE, "offline", CANARY, EMAIL,
        tools.clock.now(), None, None,
    )  # fmt: skip
    await tools.db.write(notes.leave, note, owner.workspace_id)
    return vera


async def test_what_is_too_old_goes_and_numbers_stay(tools: Tools, owner: Who, link: Link) -> None:
    """EXP-08: messages, names, notes, shares, rows to search by; sessions stay as numbers."""
    await furnish(tools, owner, link)
    await insights.read_on(tools)
    forward(tools, 5 * DAY)
    ben = await talked(tools, link, "I am ben")
    await insights.read_on(tools)
    sessions = await counted(tools, sittings)
    goes = await tools.db.browse(
        terms.preview, owner.workspace_id, 3, link.agent_id, tools.clock.now()
    )
    assert goes == due.Due(1, 2, 1, 1, 0)
    assert goes.told == "1 conversation, 2 messages, 1 visitor, 1 note"
    await sweeping.sweep(tools)
    assert CANARY in await everything(tools)
    await terms.change(tools, owner, 3, sure=True)
    await sweeping.sweep(tools)
    left = await everything(tools)
    assert CANARY not in left
    assert "I am ben" in left
    assert ben.conversation in left
    assert await counted(tools, sittings) == sessions
    (told,) = await tools.db.read(events.of_kinds, (Kind.RETENTION_SWEPT,), 0)
    assert told.data == {"conversations": 1, "messages": 2, "visitors": 1, "notes": 1}
    await sweeping.sweep(tools)
    assert len(await tools.db.read(events.of_kinds, (Kind.RETENTION_SWEPT,), 0)) == 1
    found = await tools.db.read(terms.find, owner.workspace_id)
    assert found.swept == told


async def test_nobody_is_cut_off(tools: Tools, owner: Who, link: Link) -> None:
    """PRI-03: who is being answered, or has a person, stays; so does who comes back meanwhile."""
    vera, ben = [await talked(tools, link, "Hello?") for _ in range(2)]
    await terms.change(tools, owner, 1)
    forward(tools, 2 * DAY)
    await takeover.take(tools, owner, vera.conversation)
    await sweeping.sweep(tools)
    assert await counted(tools, conversations) == 1
    await takeover.release(tools, owner, vera.conversation)
    await quieten(tools)
    before = tools.clock.now() - DAY
    await vera.say("There you are")
    ids = [vera.conversation]
    assert await tools.db.write(sweeping._drop, tools, owner.workspace_id, ids, before) == (0, 0)
    await ben.say("I am back")
    await quieten(tools)
    await sweeping.sweep(tools)
    assert await counted(tools, conversations) == 2


async def test_broken_off_it_goes_on(
    tools: Tools, owner: Who, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EXP-08, PRI-04: killed half-way; long conversations go in pieces, too."""
    monkeypatch.setattr(sweeping, "_TALKS", 1)
    monkeypatch.setattr(sweeping, "_MESSAGES", 10)
    *_, vera = [await talked(tools, link, "Hello?") for _ in range(3)]
    row = {
        "conversation_id": vera.conversation, "author_kind": "visitor", "author_name": "",
        "text": "Long", "state": "done", "created_at": START, "epoch": 0, "superseded": False,
    }  # fmt: skip
    many = [{**row, "seq": n, "id": f"msg_{n}"} for n in range(10, 45)]

    def lengthen(conn: sa.Connection) -> None:
        conn.execute(sa.insert(messages), many)
        conn.execute(sa.update(conversations).where(
            conversations.c.id == vera.conversation).values(message_count=37))  # fmt: skip

    await tools.db.write(lengthen)
    await terms.change(tools, owner, 1)
    forward(tools, 2 * DAY)
    real = tools.db.write

    async def broken(unit: Any, *args: Any) -> Any:
        # Which of them is the first is not said: they are of one age.
        if await counted(tools, conversations) < 3:
            raise asyncio.CancelledError
        return await real(unit, *args)

    monkeypatch.setattr(tools.db, "write", broken)
    with pytest.raises(asyncio.CancelledError):
        await sweeping.sweep(tools)
    assert 0 < await counted(tools, conversations) < 3
    monkeypatch.setattr(tools.db, "write", real)
    await sweeping.sweep(tools)
    assert (await counted(tools, conversations), await counted(tools, messages)) == (0, 0)


async def test_one_agent_has_days_of_its_own(
    tools: Tools, owner: Who, link: Link, make_agent: Maker
) -> None:
    """O10: a new agent does as the workspace does; who changed what stands in the history."""
    await terms.change(tools, owner, 30)
    other = await make_agent("other")
    found = await terms.change(tools, owner, 0, other.id)
    assert [(each.name, each.own, each.days) for each in found.agents] == [
        ("helper", None, 30), ("other", 0, 0),
    ]  # fmt: skip
    found = await terms.change(tools, owner, 7)
    assert [each.days for each in found.agents] == [7, 0]
    found = await terms.change(tools, owner, None, other.id, seen=found.kept.updated_at)
    assert [each.days for each in found.agents] == [7, 7]
    with pytest.raises(Stale):
        await terms.change(tools, owner, 9, seen=1)
    for odd in (-1, 3_651):
        with pytest.raises(Invalid):
            await terms.change(tools, owner, odd, sure=True)
    with pytest.raises(NotFound):
        await terms.change(tools, owner, 1, "agt_nothing")
    told = await tools.db.read(events.of_kinds, (Kind.RETENTION_CHANGED,), 0)
    assert [each.data for each in told] == [
        {"days": 30, "from": 0}, {"days": 0, "from": None},
        {"days": 7, "from": 30}, {"days": None, "from": 0},
    ]  # fmt: skip
    await talked(tools, link, "Hello?")
    forward(tools, 8 * DAY)
    with pytest.raises(Conflict, match="1 conversation, 2 messages, 1 visitor would be") as refused:
        await terms.change(tools, owner, 3)
    assert refused.value.code == "needs_confirmation"
