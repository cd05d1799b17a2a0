"""Metrics and logs: each number is what counting the rows one by one gives."""

import asyncio
import random
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from parlour import events, forgetting, insights, takeover, workspaces
from parlour.conversations import outline
from parlour.conversations.model import Reason
from parlour.events import Kind, accounting
from parlour.events.accounting import QUARTER
from parlour.insights import daybook, logs, metrics, opened, rolling, spans, tables, terms
from parlour.insights.daybook import Calendar
from parlour.insights.metrics import Amounts, Chosen
from parlour.insights.tables import openings
from parlour.kit.clock import DAY, HOUR, MINUTE, SetClock
from parlour.kit.errors import Invalid, Stale
from parlour.links import keeping as links
from parlour.rights import Role, Who
from parlour.tools import Tools
from tests.rig import plainly
from tests.rig.simulated import Somebody, World, answer
from tests.rig.storage import SQLITE
from tests.rooms.conftest import Maker

MIDNIGHT = 1_795_132_800_000
"""20 November 2026 in UTC."""
NOON = MIDNIGHT + DAY // 2
COUNTED = ("messages", "sessions", "visitors", "answered", "handed", "good", "poor")


@pytest.fixture
def clock(tools: Tools) -> SetClock:
    """A clock that the test moves."""
    tools.clock = SetClock(MIDNIGHT)
    return tools.clock


@pytest.fixture
async def world(tools: Tools, clock: SetClock, make_agent: Maker, owner: Who) -> World:
    """Two agents with two links each."""
    made = [await make_agent() for _ in range(2)]
    doors = []
    for place in range(4):
        link = await links.create(
            tools, owner, made[place % 2].id, links.Wish(name=f"Door {place}")
        )
        doors.append((link.id, link.token(tools.keys)))
    return World(tools, clock, owner, made, doors)


def said_of(amounts: Amounts) -> dict[str, Any]:
    """What the interface tells of it, but for the times within which answers began."""
    told = {**{name: getattr(amounts, name) for name in (*plainly.NUMBERS, *COUNTED)}}
    return told | {"typical_seconds": amounts.typical / 1000}


async def test_a_day_of_visitors_is_what_the_rows_say(world: World) -> None:
    """Every number, after restarts half-way; in a zone that is five hours and 45 minutes ahead."""
    tools, clock, owner = world.tools, world.clock, world.owner
    zone = "Asia/Kathmandu"
    await terms.change(tools, owner, zone=zone)
    dice = random.Random(20)
    for _ in range(3):
        await world.day(dice, 25)
        await opened.keep(tools)
        await insights.read_on(tools)
    span = spans.last_days(clock.now(), zone, 3)
    found = await tools.db.browse(metrics.report, owner, span)
    plain = await tools.db.browse(plainly.counted, world.noted)

    def told(where: plainly.Where) -> dict[str, Any]:
        within = plain.amounts(lambda *at: span.since <= at[0] < span.until and where(*at), {})
        return {name: within[name] for name in said_of(found.total)}

    assert said_of(found.total) == told(lambda *_: True)
    assert [name for name, number in said_of(found.total).items() if not number] == []
    assert (found.total.sessions > 20, found.total.opened) == (True, 75)
    waits = plain.amounts(lambda at, *_: span.since <= at < span.until, {})
    for percent in (50, 95):
        assert found.total.within(percent) == waits[f"first_word_p{percent}_ms"]

    by = plainly.Ways(ZoneInfo(zone))
    assert len(found.days) == 3
    for day, each in found.days:
        assert said_of(each) == told(by.day(day))
    for hour, each in enumerate(found.hours):
        assert said_of(each) == told(by.hour(hour))
    for agent, each in found.agents.items():
        assert said_of(each) == told(by.agent(agent))
    for link, each in found.links.items():
        assert said_of(each) == told(by.link(link))
        part = await tools.db.browse(metrics.report, owner, span, Chosen(link_id=link))
        assert said_of(part.total) == said_of(each)
    lines = await tools.db.browse(
        logs.page, owner, logs.Wanted(since=span.since, until=span.until), clock.now(), limit=999
    )
    total = found.total
    assert (len(lines), sum(each.lasted for each in lines)) == (total.sessions, total.lasted)
    assert sum(each.answers > 0 for each in lines) == total.answered
    assert sum(each.handed for each in lines) == total.handed
    poor = logs.Wanted(since=span.since, until=span.until, how=logs.How.POOR)
    assert await tools.db.browse(logs.count, owner, poor) == sum(each.poor > 0 for each in lines)


async def test_what_comes_late_is_counted_still(world: World, monkeypatch: Any) -> None:
    """An event that is committed after its hour was counted; and nothing is counted twice."""
    tools, clock, owner = world.tools, world.clock, world.owner
    clock.forward(10 * HOUR)
    await world.day(random.Random(3), 5)
    await insights.read_on(tools)
    span = spans.last_days(clock.now(), "UTC", 1)
    before = (await tools.db.browse(metrics.report, owner, span)).total
    agent, link = world.agents[0].id, world.doors[0][0]

    def late(conn: sa.Connection) -> None:
        house = Who("system", agent, "agent", owner.workspace_id)
        data = {"state": "done", "input": 7}
        events.record(conn, Kind.TURN_ENDED, house, MIDNIGHT + 11 * HOUR, agent_id=agent,
                      link_id=link, data=data)  # fmt: skip

    await tools.db.write(late)
    clock.forward(3 * HOUR)
    for _ in range(2):
        await insights.read_on(tools)
    # Now within an hour that has been looked over: what has a new id is found, however late.
    clock.forward(MINUTE)
    await tools.db.write(late)
    counted = []
    whole = accounting.facts

    def facts(conn: sa.Connection, since: int, until: int) -> int:
        counted.append(since)
        return whole(conn, since, until)

    monkeypatch.setattr(accounting, "facts", facts)
    for _ in range(2):
        await insights.read_on(tools)
    assert {MIDNIGHT + 11 * HOUR} == set(counted)
    after = (await tools.db.browse(metrics.report, owner, span)).total
    assert (after.answers, after.input_tokens) == (before.answers + 2, before.input_tokens + 14)
    assert (after.sessions, after.questions) == (before.sessions, before.questions)

    def old_ones_go(conn: sa.Connection) -> None:
        events.forget(conn, 2**62, 10_000)

    await tools.db.write(old_ones_go)
    await insights.read_on(tools)
    assert (await tools.db.browse(metrics.report, owner, span)).total == after


async def test_numbers_outlast_what_was_forgotten(world: World) -> None:
    """PRI: what was said goes, and its line in the log; how much it was stays, of nobody."""
    tools, clock, owner = world.tools, world.clock, world.owner
    clock.forward(HOUR)
    vera = Somebody(tools, world.doors[0][1])
    await vera.say("Hello?")
    await answer(tools, clock, vera.talk, 100)
    await insights.read_on(tools)
    span = spans.last_days(clock.now(), "UTC", 1)
    before = (await tools.db.browse(metrics.report, owner, span)).total
    (line,) = await tools.db.browse(logs.page, owner, logs.Wanted(), clock.now(), limit=9)
    assert line.visitor_id is not None
    await forgetting.forget_visitor(tools, owner, line.visitor_id)
    await insights.read_on(tools)
    assert (await tools.db.browse(metrics.report, owner, span)).total == before
    assert await tools.db.browse(logs.page, owner, logs.Wanted(), clock.now(), limit=9) == []
    assert await tools.db.browse(outline.facts, [vera.talk]) == []


async def test_why_sessions_end(world: World) -> None:
    """Silence, the longest time, another conversation, the team; or it goes on."""
    tools, clock, owner = world.tools, world.clock, world.owner
    vera = Somebody(tools, world.doors[0][1])
    await vera.say("One")
    clock.forward(2 * HOUR)
    await vera.say("Two")
    for _ in range(30):
        clock.forward(50 * MINUTE)
        await vera.say("More")
        await answer(tools, clock, vera.talk, 10)
    await vera.anew()
    await vera.say("Anew")
    await answer(tools, clock, vera.talk, 10)
    await takeover.complete(tools, owner, vera.talk, Reason.SOLVED)
    odin = Somebody(tools, world.doors[1][1])
    await odin.say("Hello")
    await insights.gather(tools)

    async def overs() -> list[str | None]:
        found = await tools.db.browse(logs.page, owner, logs.Wanted(), clock.now(), limit=9)
        return [each.over and each.over.value for each in reversed(found)]

    assert await overs() == ["silence", "longest", "new", "completed", None]
    clock.forward(HOUR)
    assert (await overs())[-1] == "silence"
    only = logs.Wanted(how=logs.How.UNANSWERED, link_id=world.doors[1][0])
    (one,) = await tools.db.browse(logs.page, owner, only, clock.now(), limit=9)
    assert (one.questions, one.answers) == (1, 0)


async def test_nobody_counts_what_they_may_not_see(world: World) -> None:
    """ISO-15: other workspaces; a team's agents that are others'; a key for one agent."""
    tools, clock, owner = world.tools, world.clock, world.owner
    await world.day(random.Random(5), 12)
    await insights.read_on(tools)
    span = spans.last_days(clock.now(), "UTC", 1)
    other = await workspaces.create(tools, "other")
    sam = Who("person", "per_sam", "Sam", other.id, Role.OWNER, sees_personal=True)
    hidden, mine = (each.id for each in world.agents)
    tess = Who("person", "per_tess", "Tess", owner.workspace_id, Role.TEAM_LEAD,
               elsewhere=frozenset({hidden}))  # fmt: skip
    key = Who("key", "key_1", "K", owner.workspace_id, Role.ANALYST, agent_id=mine)
    assert (await tools.db.browse(metrics.report, sam, span)).total == Amounts()
    whole = (await tools.db.browse(metrics.report, owner, span)).agents
    for who in (tess, key):
        found = await tools.db.browse(metrics.report, who, span)
        assert found.agents == {mine: whole[mine]}
        lines = await tools.db.browse(logs.page, who, logs.Wanted(), clock.now(), limit=99)
        assert {each.agent_id for each in lines} == {mine}
        part = await tools.db.browse(metrics.report, who, span, Chosen(agent_id=hidden))
        assert part.total == Amounts()
    assert await tools.db.browse(logs.page, sam, logs.Wanted(), clock.now(), limit=99) == []


async def test_openings_are_kept_when_the_database_is_back(world: World, monkeypatch: Any) -> None:
    """They are counted in memory, by quarters of an hour, and added to what is there."""
    tools, clock, owner = world.tools, world.clock, world.owner
    about = world.about(world.doors[0][0])
    clock.moment = NOON + 7 * MINUTE
    for _ in range(3):
        tools.opened.add(about)
    with monkeypatch.context() as broken:
        broken.setattr(opened, "_add", _away)
        await opened.keep(tools)
    tools.opened.add(about)
    await opened.keep(tools)
    await opened.keep(tools)
    tools.opened.add(about)
    await opened.keep(tools)

    def kept(conn: sa.Connection) -> list[tuple[int, int]]:
        return [(row.at, row.times) for row in conn.execute(sa.select(openings))]

    assert await tools.db.read(kept) == [(NOON - NOON % QUARTER, 5)]
    span = spans.last_days(clock.now(), "UTC", 1)
    assert (await tools.db.browse(metrics.report, owner, span)).total.opened == 5


def _away(*_: object) -> None:
    raise Stale("not now")


async def test_the_terms_of_counting(world: World) -> None:
    """Zone, money and prices: checked, kept, and the second of two editors is told."""
    tools, owner = world.tools, world.owner
    agent = world.agents[0].id
    first = await terms.change(tools, owner, zone="Europe/Berlin", cost={agent: ("0,15", "0.6")})
    assert first.prices == {agent: terms.Price(150_000, 600_000)}
    assert first.prices[agent].of(2_000_000, 500_000) == 600_000
    again = await terms.change(tools, owner, currency="USD", seen=first.updated_at)
    assert (again.zone, again.currency, again.prices) == ("Europe/Berlin", "USD", first.prices)
    with pytest.raises(Stale):
        await terms.change(tools, owner, currency="CHF", seen=first.updated_at)
    for wrong in ({"zone": "Mars/Base"}, {"currency": "eur"}, {"cost": {agent: ("x", "1")}},
                  {"cost": {agent: ("-1", "1")}}, {"cost": {agent: ("NaN", "1")}}):  # fmt: skip
        with pytest.raises(Invalid):
            await terms.change(tools, owner, **wrong)
    gone = await terms.change(tools, owner, cost={agent: ("", "0")})
    assert gone.prices == {}


def test_days_of_zones() -> None:
    """Days of 23 and 25 hours, a zone of 45 minutes, and spans that are none."""
    for zone, day, hours in (
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Pacific/Chatham", date(2026, 4, 5), 25),
        ("Asia/Kathmandu", date(2026, 4, 5), 24),
    ):
        span, calendar = spans.Span(day, day, zone), Calendar(zone)
        assert span.until - span.since == hours * HOUR
        places = [calendar.place(at) for at in range(span.since, span.until, QUARTER)]
        assert len(places) == hours * 4
        (number,) = daybook.days_of(span)
        assert {each for each, _ in places} == {number}
        assert len({hour for _, hour in places}) == min(hours, 24)
        assert calendar.begins(number) == span.since
        assert calendar.place(span.since - 1) == (number - 1, 23)
        assert calendar.place(span.until) == (number + 1, 0)
    assert spans.between("2026-11-01", "2026-11-30", "UTC").before == spans.Span(
        date(2026, 10, 2), date(2026, 10, 31), "UTC"
    )
    wrong = [("2026-11-02", "2026-11-01"), ("x", "2026-11-01"), ("2020-01-01", "2026-01-01")]
    for first, last in wrong:
        with pytest.raises(Invalid):
            spans.between(first, last, "UTC")


def test_hours_are_counted_again_for_two_days() -> None:
    assert rolling.LATE >= DAY


async def test_what_is_counted_each_minute_is_what_is_new(world: World) -> None:
    """Reading on goes by ids, not through every event of a kind that there ever was."""
    tools, clock = world.tools, world.clock
    for _ in range(2):
        clock.forward(3 * HOUR)
        await world.day(random.Random(9), 3)
    last = await tools.db.read(accounting.last_before, clock.now() + 1)
    assert await tools.db.read(accounting.hours_after, last) == set()
    assert await tools.db.read(accounting.last_before, MIDNIGHT) == 0
    found = await tools.db.read(accounting.hours_after, 0)
    assert found == {each - each % HOUR for each in found}
    assert len(found) > 1
    if tools.db.kind != "sqlite":
        return

    def plan(conn: sa.Connection) -> str:
        asked: list[str] = []

        def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
            asked.append(statement)

        sa.event.listen(conn, "before_cursor_execute", note)
        accounting.hours_after(conn, 7)
        rows = conn.exec_driver_sql("EXPLAIN QUERY PLAN " + asked[0], (7,))
        return " ".join(row[3] for row in rows)

    assert "INTEGER PRIMARY KEY (rowid>?)" in await tools.db.write(plan)


@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.only_on(SQLITE)
async def test_what_is_looked_for_each_second_is_what_is_new(
    tools: Tools, make_agent: Maker, counted: bool
) -> None:
    """Events that every process must hear of, among millions, whether these were looked over."""
    for _ in range(2):
        await make_agent()
    found = [each.id for each in await tools.db.read(events.since, 0)]
    assert len(found) > 1
    assert found == sorted(found)

    def plan(conn: sa.Connection) -> str:
        asked: list[tuple[str, Any]] = []

        def note(_conn: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
            asked.append((statement, values))

        if counted:
            conn.exec_driver_sql("ANALYZE")
            conn.exec_driver_sql(
                "UPDATE sqlite_stat1 SET stat = '5000000 800000 1' WHERE idx = 'events_at'"
            )
            conn.exec_driver_sql("ANALYZE sqlite_schema")
        sa.event.listen(conn, "before_cursor_execute", note)
        events.since(conn, 7)
        statement, values = asked[0]
        rows = conn.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, values)
        return " ".join(row[3] for row in rows)

    told = await tools.db.write(plan)
    assert "USING INDEX events_at" in told
    assert "at>?" in told


async def test_two_who_count_at_once_keep_it_once(tools: Tools, world: World) -> None:
    """Servers count every minute, and somebody at the command line whenever they like."""
    door = (world.owner.workspace_id, world.agents[0].id, world.doors[0][0])
    hours = [MIDNIGHT + each * HOUR for each in range(10)]

    for hour in hours:
        sums = {hour: {(hour, *door): [1] * len(accounting.AMOUNTS)}}
        await asyncio.gather(*(tools.db.write(rolling._keep, {hour: 5}, sums) for _ in range(4)))
    found = await tools.db.read(lambda conn: conn.execute(sa.select(tables.hourly.c.at)).all())
    assert sorted(row.at for row in found) == hours
    again = await tools.db.read(rolling._counted, MIDNIGHT)
    assert again == dict.fromkeys(hours, 5)
