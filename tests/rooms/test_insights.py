"""Days are counted once and kept; what is kept is what counting on the spot would give."""

import pytest
import sqlalchemy as sa

from parlour import events, insights, workspaces
from parlour.events import Kind
from parlour.insights import days
from parlour.kit.clock import DAY, HOUR, MINUTE, SetClock
from parlour.rights import Role, Who
from parlour.tools import Tools

TODAY = 20_000
NOON = TODAY * DAY + DAY // 2


@pytest.fixture
def clock(tools: Tools) -> SetClock:
    """A clock that stands still at noon."""
    tools.clock = SetClock(NOON)
    return tools.clock


def ended(
    conn: sa.Connection, owner: Who, at: int, state: str = "done", agent: str = "agt_1"
) -> None:
    system = Who("system", agent, "agent", owner.workspace_id)
    problem = "backend_failed" if state == "failed" else None
    data = {"state": state, "problem": problem}
    events.record(conn, Kind.TURN_ENDED, system, at, agent_id=agent, data=data)


def talked(
    conn: sa.Connection, owner: Who, at: int, visitor: str, questions: int = 1, agent: str = "agt_1"
) -> None:
    who = Who("visitor", visitor, "", owner.workspace_id)
    events.record(conn, Kind.CONVERSATION_STARTED, who, at, agent_id=agent)
    for n in range(questions):
        events.record(conn, Kind.MESSAGE_CREATED, who, at + n, agent_id=agent)
        ended(conn, owner, at + n, "done", agent)


async def test_a_small_day_is_counted_on_the_spot(
    tools: Tools, owner: Who, clock: SetClock
) -> None:
    def happen(conn: sa.Connection) -> None:
        talked(conn, owner, NOON, "vis_1", questions=3)
        talked(conn, owner, NOON, "vis_1")
        talked(conn, owner, NOON, "vis_2", agent="agt_2")
        ended(conn, owner, NOON, "failed")
        ended(conn, owner, NOON, "interrupted")
        ended(conn, owner, NOON, "stopped")
        talked(conn, owner, NOON - 3 * DAY, "vis_1")
        talked(conn, owner, NOON - 14 * DAY, "vis_1")

    await tools.db.write(happen)
    found = await tools.db.browse(insights.figures, owner, NOON)
    assert found.conversations == (*(0,) * 10, 1, 0, 0, 3)
    assert found.questions[-1] == 5
    assert found.answers[-1] == 6
    assert found.failures[-1] == 2
    assert found.visitors[-1] == 2
    one = await tools.db.browse(insights.figures, owner, NOON, "agt_2")
    assert one.conversations == (*(0,) * 13, 1)


async def test_what_is_kept_is_what_was_counted(
    tools: Tools, owner: Who, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await workspaces.create(tools, "other")
    neighbour = Who("host", "host", "command line", other.id, Role.OWNER)

    def happen(conn: sa.Connection) -> None:
        for ago in range(20):
            for n in range(ago % 4):
                talked(conn, owner, NOON - ago * DAY, f"vis_{n}", questions=2)
                talked(conn, neighbour, NOON - ago * DAY, f"vis_{n}")

    await tools.db.write(happen)
    on_the_spot = await tools.db.browse(insights.figures, owner, NOON)
    await insights.count(tools)
    monkeypatch.setattr(days, "_SMALL", -1)
    assert await tools.db.browse(insights.figures, owner, NOON) == on_the_spot
    await insights.count(tools)
    assert await tools.db.browse(insights.figures, owner, NOON) == on_the_spot


async def test_a_day_is_settled_only_some_time_after_its_end(
    tools: Tools, owner: Who, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(days, "_SMALL", -1)
    midnight = (TODAY + 1) * DAY
    clock.moment = midnight + MINUTE
    await insights.count(tools)
    await tools.db.write(lambda conn: talked(conn, owner, midnight - 1, "vis_late"))
    clock.forward(MINUTE)
    await insights.count(tools)
    found = await tools.db.browse(insights.figures, owner, clock.now())
    assert found.conversations[-2:] == (1, 0)
    clock.forward(HOUR)
    await insights.count(tools)
    await tools.db.write(lambda conn: talked(conn, owner, midnight - 1, "vis_impossible"))
    await insights.count(tools)
    found = await tools.db.browse(insights.figures, owner, clock.now())
    assert found.conversations[-2:] == (1, 0), "a settled day is not read again"


async def test_days_long_gone_are_forgotten(tools: Tools, owner: Who, clock: SetClock) -> None:
    await insights.count(tools)
    clock.forward(20 * DAY)
    await insights.count(tools)
    await insights.count(tools)

    def kept(conn: sa.Connection) -> list[int]:
        return list(conn.execute(sa.select(insights.counted.c.day)).scalars())

    assert min(await tools.db.read(kept)) == TODAY + 20 - insights.DAYS + 1


async def test_who_fails_lately(tools: Tools, owner: Who, clock: SetClock) -> None:
    def happen(conn: sa.Connection) -> None:
        ended(conn, owner, NOON - 2 * HOUR, "failed", "agt_before")
        ended(conn, owner, NOON, "failed", "agt_never")
        ended(conn, owner, NOON, "failed", "agt_once")
        for n in range(4):
            ended(conn, owner, NOON - n, "done", "agt_once")
            ended(conn, owner, NOON - n, "failed" if n else "done", "agt_often")

    await tools.db.write(happen)
    found = await tools.db.browse(insights.failing, owner.workspace_id, NOON)
    assert set(found) == {"agt_never", "agt_often"}
    assert found["agt_never"].never_answers
    assert (found["agt_often"].failed, found["agt_often"].ended) == (3, 4)
    assert found["agt_often"].problem == "backend_failed"
