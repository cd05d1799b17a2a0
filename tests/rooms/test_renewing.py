"""By what messages are found is made anew where other rules of words made it."""

import pytest
import sqlalchemy as sa

from parlour import insights
from parlour.insights import analysis, indexing, marking, renewing, wording
from parlour.insights.candidates import Wanted
from parlour.insights.tables import said
from parlour.kit.clock import DAY, HOUR, MINUTE, SetClock
from parlour.links import keeping as links
from parlour.rights import Who
from parlour.tools import Tools
from tests.rig.simulated import Somebody, answer
from tests.rooms.conftest import Maker

NOON = 1_795_132_800_000 + DAY // 2
TEXTS = ("Running late", "He runs", "Call +44 20 7946 0018", "Where is it?", "Ran away")


@pytest.fixture
def clock(tools: Tools) -> SetClock:
    """A clock that the test moves."""
    tools.clock = SetClock(NOON)
    return tools.clock


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with other work looks no less far."""
    monkeypatch.setattr(analysis, "_PATIENCE", 600.0)


@pytest.fixture
async def talk(tools: Tools, clock: SetClock, make_agent: Maker, owner: Who) -> Somebody:
    """Somebody who says all of it."""
    agent = await make_agent()
    link = await links.create(tools, owner, agent.id, links.Wish())
    one = Somebody(tools, link.token(tools.keys), door=[agent.id, link.id])
    for text in TEXTS:
        await say(one, clock, text)
    await insights.gather(tools)
    return one


async def say(one: Somebody, clock: SetClock, text: str) -> None:
    clock.forward(MINUTE)
    await one.say(text)
    await answer(one.tools, clock, one.talk, 10)


async def kept(tools: Tools) -> list[str]:
    """By what all messages are found."""

    def unit(conn: sa.Connection) -> list[str]:
        return list(conn.execute(sa.select(said.c.terms).order_by(said.c.id)).scalars())

    return await tools.db.read(unit)


async def spoil(tools: Tools, since: int = 0) -> None:
    """Leave what other rules would have made of it."""

    def unit(conn: sa.Connection) -> None:
        other = sa.func.replace(said.c.terms, " run", " other") + " zzz"
        conn.execute(sa.update(said).where(said.c.id >= since).values(terms=other))

    await tools.db.write(unit)


async def found(tools: Tools, owner: Who, text: str) -> int:
    wanted = Wanted(query=wording.read(text))
    return len((await tools.db.browse(analysis.look, owner, wanted, limit=50)).hits)


async def test_other_rules_make_it_anew_and_the_same_do_not(
    tools: Tools, owner: Who, talk: Somebody, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = await kept(tools)
    assert await found(tools, owner, "run") == 2
    await insights.renew(tools)
    assert await kept(tools) == right
    await spoil(tools)
    spoilt = await kept(tools)
    assert spoilt != right
    assert await found(tools, owner, "run") == 0
    await insights.renew(tools)
    assert await kept(tools) == spoilt, "what these rules made is left alone"
    monkeypatch.setattr(renewing, "edition", lambda: 1)
    await insights.renew(tools)
    assert await kept(tools) == right
    assert await found(tools, owner, "run") == 2
    # Another process still writes by the rules before, until all are of the new version.
    at = clock.now() + 1
    await say(talk, clock, "They run")
    await insights.gather(tools)
    right = await kept(tools)
    await spoil(tools, since=indexing.first_id(at))
    await insights.renew(tools)
    assert await found(tools, owner, "run") == 2
    clock.forward(HOUR)
    await insights.renew(tools)
    assert await kept(tools) == right
    # And back again: what was made meanwhile is made anew.
    monkeypatch.undo()
    await spoil(tools)
    await insights.renew(tools)
    assert await kept(tools) == right


async def test_what_was_broken_off_goes_on(
    tools: Tools, talk: Somebody, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Piece by piece, each with the place where the next begins."""
    right = await kept(tools)
    await spoil(tools)
    monkeypatch.setattr(renewing, "_AT_ONCE", 3)
    seen: list[int] = []
    plan = renewing._plan

    def planned(conn: sa.Connection, start: int, end: int) -> object:
        seen.append(start)
        if len(seen) == 3:
            raise RuntimeError("killed")
        return plan(conn, start, end)

    monkeypatch.setattr(renewing, "_plan", planned)
    clock.forward(MINUTE)
    with pytest.raises(RuntimeError):
        await insights.renew(tools)
    mark = f"words {wording.edition():08x} first"
    assert await tools.db.read(marking.reached, mark) == seen[2]
    assert await kept(tools) != right
    await insights.renew(tools)
    assert seen[3] == seen[2] > seen[1] > seen[0] == 0
    assert await kept(tools) == right


async def test_declined_questions_are_judged_anew(
    tools: Tools, owner: Who, talk: Somebody, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent that names its sources had said that it found none; it had counted as an answer."""
    del talk
    wanted = Wanted(lack="nothing")
    assert (await tools.db.browse(analysis.look, owner, wanted, limit=50)).hits == []
    monkeypatch.setattr(indexing, "_cites", lambda *_: True)
    for module in (indexing, renewing):
        monkeypatch.setattr(module, "declines", lambda text: text == "An answer.")
    clock.forward(MINUTE)
    await insights.renew(tools)
    found = (await tools.db.browse(analysis.look, owner, wanted, limit=50)).hits
    assert [each.shown.text for each in reversed(found)] == list(TEXTS)
