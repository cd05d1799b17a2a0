"""Days that are kept as sheets: whatever happens, they say what the rows say."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from parlour import events, forgetting, insights
from parlour.conversations import moving
from parlour.conversations.store import conversations
from parlour.events import Kind
from parlour.insights import (
    daybook,
    folding,
    gathering,
    metrics,
    opened,
    rolling,
    sheets,
    spans,
    terms,
)
from parlour.insights.metrics import Chosen, Report
from parlour.insights.tables import folded_days, folded_sheets, folded_stale, hourly, sittings
from parlour.kit.clock import DAY, HOUR, MINUTE
from parlour.kit.errors import Stale
from parlour.rights import Role, Who
from tests.rig.simulated import Somebody, World, answer
from tests.rooms.test_metrics import clock, world

__all__ = ["clock", "world"]

DAYS = 5
"""Days in a span; of these the last one is not over."""


@dataclass
class Book:
    """What is kept, beside what the rows say."""

    world: World
    zone: str = "UTC"

    @property
    def span(self) -> spans.Span:
        return spans.last_days(self.world.clock.now(), self.zone, DAYS)

    async def told(self, who: Who | None = None, chosen: Chosen = daybook.EVERYTHING) -> Report:
        """Read the report, as everybody gets it."""
        tools = self.world.tools
        return await tools.db.browse(metrics.report, who or self.world.owner, self.span, chosen)

    async def is_right(self, who: Who | None = None, chosen: Chosen = daybook.EVERYTHING) -> None:
        """Compare it with one for which nothing that is kept was read."""
        told = await self.told(who, chosen)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(daybook, "kept", lambda *_: set())
            assert told == await self.told(who, chosen)

    async def kept(self) -> int:
        """Count the days of the span that are read as they are kept."""
        tools, owner, span = self.world.tools, self.world.owner, self.span

        def unit(conn: sa.Connection) -> int:
            days = daybook.days_of(span)
            found = daybook.kept(conn, owner.workspace_id, self.zone, days)
            calendar = daybook.Calendar(self.zone)
            stale = daybook.stale(conn, owner.workspace_id, span)
            return len(found - {calendar.place(at)[0] for at in stale})

        return await tools.db.browse(unit)

    async def filled(self) -> None:
        """Let days pass, with visitors of whom some come on several of them."""
        dice = random.Random(11)
        vera = Somebody(self.world.tools, self.world.doors[0][1])
        for _ in range(DAYS):
            self.world.clock.moment += DAY - self.world.clock.moment % DAY + 6 * HOUR
            await vera.say("Here I am again")
            await answer(self.world.tools, self.world.clock, vera.talk, 300, used=7)
            await self.world.day(dice, 5)
        await insights.read_on(self.world.tools)
        self.vera = vera


@pytest.fixture
async def book(world: World) -> Book:
    """Some days, kept."""
    made = Book(world)
    await made.filled()
    assert await made.kept() == DAYS - 1
    return made


async def test_every_part_of_what_is_kept_is_what_the_rows_say(book: Book) -> None:
    """All of it, an agent, a link; for a team, for a key; and days that were not kept."""
    owner = book.world.owner
    mine, hidden = (each.id for each in book.world.agents)
    tess = Who("person", "per_tess", "Tess", owner.workspace_id, Role.TEAM_LEAD,
               elsewhere=frozenset({hidden}))  # fmt: skip
    key = Who("key", "key_1", "K", owner.workspace_id, Role.ANALYST, agent_id=mine)
    for who in (owner, tess, key):
        for chosen in (
            *(Chosen(), Chosen(agent_id=mine), Chosen(agent_id=hidden)),
            *(Chosen(link_id=link) for link, _ in book.world.doors),
            *(Chosen(hidden, book.world.doors[0][0]), Chosen(link_id="lnk_%")),
        ):
            await book.is_right(who, chosen)
    told = await book.told()
    assert told.total.sessions > told.total.visitors > 0
    assert sum(each.visitors for _, each in told.days) > told.total.visitors
    one = await book.told(chosen=Chosen(link_id=book.world.doors[0][0]))
    assert 0 < one.total.sessions < told.total.sessions
    assert sum(each.sessions for each in one.hours) == one.total.sessions


async def _is_counted_anew(book: Book) -> None:
    """By somebody who knows nothing of this, such as a process of the version before."""
    before = (await book.told()).total
    first = sa.select(sa.func.min(hourly.c.at)).where(hourly.c.at >= book.span.since)
    more = (
        sa.update(hourly)
        .where(hourly.c.at == first.scalar_subquery())
        .values(asked=hourly.c.asked + 1)
    )
    await book.world.tools.db.write(lambda conn: conn.execute(more))
    assert (await book.told()).total.asked > before.asked


Change = Callable[[Book], Awaitable[object]]


async def _is_rated(book: Book) -> None:
    await book.vera.rate("up")
    await insights.gather(book.world.tools)


async def _is_forgotten(book: Book) -> None:
    """Somebody who came every day: now nobody knows that it was the same."""
    tools, owner = book.world.tools, book.world.owner
    before = (await book.told()).total
    asked = sa.select(conversations.c.visitor_id).where(conversations.c.id == book.vera.talk)
    visitor = await tools.db.read(lambda conn: conn.execute(asked).scalar_one())
    await forgetting.forget_visitor(tools, owner, visitor)
    after = (await book.told()).total
    assert (after.sessions, after.questions) == (before.sessions, before.questions)
    assert after.visitors > before.visitors


async def _is_somebody_else(book: Book) -> None:
    """Two visitors of a link turn out to be one."""
    tools, link = book.world.tools, book.world.doors[0][0]
    asked = (
        sa.select(conversations.c.visitor_id)
        .where(conversations.c.link_id == link)
        .order_by(conversations.c.created_at)
    )

    def unit(conn: sa.Connection) -> list[str]:
        own, known, *_ = dict.fromkeys(conn.execute(asked).scalars())
        moving.hand_over(conn, own, known, book.world.clock.now())
        talks = sa.select(conversations.c.id).where(conversations.c.visitor_id == known)
        return list(conn.execute(talks).scalars())

    before = (await book.told()).total.visitors
    talks = await tools.db.write(unit)
    await tools.db.write(gathering.keep, talks)
    assert (await book.told()).total.visitors == before - 1


async def _comes_late(book: Book) -> None:
    world = book.world
    agent, link = world.agents[0].id, world.doors[0][0]

    def unit(conn: sa.Connection) -> None:
        house = Who("system", agent, "agent", world.owner.workspace_id)
        at = book.span.since + 2 * HOUR
        events.record(conn, Kind.TURN_ENDED, house, at, agent_id=agent, link_id=link,
                      data={"state": "done", "input": 7})  # fmt: skip

    before = (await book.told()).total
    await world.tools.db.write(unit)
    world.clock.forward(MINUTE)
    await rolling.roll_up(world.tools)
    assert (await book.told()).total.answers == before.answers + 1


async def _is_opened_by_a_clock_behind(book: Book) -> None:
    clock, now = book.world.clock, book.world.clock.now()
    before = (await book.told()).total.opened
    clock.moment = now - 2 * DAY
    book.world.tools.opened.add(book.world.about(book.world.doors[1][0]))
    await opened.keep(book.world.tools)
    clock.moment = now
    assert (await book.told()).total.opened == before + 1


async def _goes(book: Book) -> None:
    """A row is taken away by somebody who knows nothing of this."""
    first = sa.select(sittings.c.id).order_by(sittings.c.began_at, sittings.c.id).limit(1)
    gone = sa.delete(sittings).where(sittings.c.id == first.scalar_subquery())
    await book.world.tools.db.write(lambda conn: conn.execute(gone))


@pytest.mark.parametrize(
    "change",
    [
        _is_rated,
        _is_forgotten,
        _is_somebody_else,
        _comes_late,
        _is_opened_by_a_clock_behind,
        _is_counted_anew,
        _goes,
    ],
)
async def test_what_changes_afterwards_is_told_at_once(book: Book, change: Change) -> None:
    """It is counted anew until the day has been kept anew."""
    await change(book)
    if change is not _is_rated:
        assert await book.kept() < DAYS - 1
    await book.is_right()
    await folding.fold(book.world.tools)
    assert await book.kept() == DAYS - 1
    await book.is_right()


async def test_other_zones_have_other_days(book: Book) -> None:
    """And when somebody changes their mind, what happened meanwhile is told too."""
    tools, owner = book.world.tools, book.world.owner
    utc = await book.told()
    for zone in ("Asia/Kathmandu", "UTC"):
        await terms.change(tools, owner, zone=zone)
        book.zone = zone
        assert await book.kept() == 0
        await book.is_right()
        await folding.fold(tools)
        assert await book.kept() == DAYS - 1
        await book.is_right()
        if zone != "UTC":
            await _is_opened_by_a_clock_behind(book)
            await folding.fold(tools)
    assert (await book.told()).total.opened == utc.total.opened + 1
    assert (await book.told()).total.sessions == utc.total.sessions


async def test_who_folds_at_the_same_time_stops(book: Book) -> None:
    """What was counted before somebody else kept a day is not kept."""
    tools, workspace = book.world.tools, book.world.owner.workspace_id
    await _goes(book)
    now = book.world.clock.now()
    first = await tools.db.browse(folding._next, workspace, now)
    await _is_opened_by_a_clock_behind(book)
    second = await tools.db.browse(folding._next, workspace, now)
    assert first is not None
    assert second is not None
    assert await tools.db.write(folding._keep, second)
    assert not await tools.db.write(folding._keep, first)
    await book.is_right()
    assert await book.kept() == DAYS - 1


async def test_what_changes_while_days_are_counted_is_not_lost(book: Book) -> None:
    tools, workspace = book.world.tools, book.world.owner.workspace_id
    await _goes(book)
    piece = await tools.db.browse(folding._next, workspace, book.world.clock.now())
    await _is_opened_by_a_clock_behind(book)
    assert piece is not None
    assert await tools.db.write(folding._keep, piece)
    await book.is_right()
    await folding.fold(tools)
    await book.is_right()
    assert await book.kept() == DAYS - 1


async def test_several_fold_while_something_happens(book: Book) -> None:
    """Nobody waits for anybody else forever, and the numbers are right at every moment."""
    tools, clock = book.world.tools, book.world.clock
    door = book.world.about(book.world.doors[1][0])
    zones = ["Europe/Berlin", "UTC"] * 3

    async def happens() -> None:
        for zone in zones:
            await terms.change(tools, book.world.owner, zone=zone)
            tools.opened.add(door)
            await opened.keep(tools)

    clock.moment -= DAY
    await asyncio.gather(happens(), *(folding.fold(tools) for _ in range(3)))
    clock.moment += DAY
    await book.is_right()
    await folding.fold(tools)
    await book.is_right()
    assert await book.kept() == DAYS - 1


async def test_what_was_killed_half_way_goes_on(book: Book, monkeypatch: Any) -> None:
    """An instance that is new to this has nothing; each piece that was kept stays."""
    tools = book.world.tools

    def nothing(conn: sa.Connection) -> None:
        for table in (folded_days, folded_sheets, folded_stale):
            conn.execute(sa.delete(table))

    await tools.db.write(nothing)
    await book.is_right()
    monkeypatch.setattr(folding, "_AT_ONCE", 1)
    keep, kept = folding._keep, []

    def killed(conn: sa.Connection, piece: Any) -> bool:
        kept.append(piece)
        if len(kept) == 3:
            raise Stale("killed")
        return keep(conn, piece)

    with monkeypatch.context() as once:
        once.setattr(folding, "_keep", killed)
        with pytest.raises(Stale):
            await folding.fold(tools)
    assert await book.kept() == 2
    await book.is_right()
    await folding.fold(tools)
    assert await book.kept() == DAYS - 1
    await book.is_right()


async def test_who_came_is_kept_of_nobody(book: Book) -> None:
    """PRI: an id of somebody who came is in no sheet."""
    asked = sa.select(sittings.c.visitor_id).distinct()

    def unit(conn: sa.Connection) -> tuple[list[str], bytes]:
        rows = conn.execute(sa.select(folded_sheets)).all()
        return list(conn.execute(asked).scalars()), repr(rows).encode()

    ids, text = await book.world.tools.db.browse(unit)
    assert [each for each in ids if each.encode() in text] == []


def test_numbers_side_by_side() -> None:
    """They are added up by twos and taken apart again, also those below nothing."""
    dice = random.Random(1)
    for least in (0, -5):
        many = [[dice.randrange(least, 2**40) for _ in range(7)] for _ in range(50)]
        many.append([0, -1, 0, 0, -1, 0, 3] if least else [0] * 7)
        whole = sum(sheets.packed(each) for each in many)
        assert sheets.unpacked(whole, 7) == [sum(each) for each in zip(*many, strict=True)]


def test_a_sheet_is_read_as_it_was_written() -> None:
    """All of it, or one link of it."""
    draft = sheets.Draft()
    for number, link in enumerate(("lnk_b", "lnk_a")):
        for hour in (0, 7, 23):
            short = [hour + number + place for place in range(len(sheets.SHORT))]
            draft.add(link, hour, short, [1] * (sheets.LANES - len(short)))
            draft.visited(link, hour, f"vis_{number}")
    draft.add("lnk_c", 5, [1] * len(sheets.SHORT))
    row = sheets.written(draft)
    whole = sheets.read(*(row[name] for name in ("links", "amounts", "hours", "came")))
    made = draft.sheet()
    assert (whole.links, whole.hours) == (made.links, made.hours)
    assert {
        link: dict(zip(*came, strict=True)) for link, came in whole.came.items() if came.keys
    } == draft.came
    one = [row[name] for name in ("links", "amounts", "came", "apart")]
    assert sheets.read_one("lnk_d", *one) is None
    parts = [sheets.read_one(link, *one) for link in ("lnk_a", "lnk_b", "lnk_c")]
    assert sum(each.hours for each in parts if each) == whole.hours
    assert [each.links for each in parts if each] == [
        {link: whole.links[link]} for link in ("lnk_a", "lnk_b", "lnk_c")
    ]
    everybody = sheets.Visitors()
    for hours in (0b011, 0b110, 0b111):
        everybody.add(sheets.Came([1, hours], [hours, hours]))
    assert (len(everybody), everybody.twice) == (4, {0: 1, 1: 2, 2: 1})


def test_days_in_a_row() -> None:
    assert [*daybook.runs([])] == []
    assert [*daybook.runs([4, 1, 2, 9])] == [(1, 2), (4, 4), (9, 9)]
    long = [*daybook.runs(range(70))]
    assert [first for first, _ in long[1:]] == [last + 1 for _, last in long[:-1]]
    assert (long[0][0], long[-1][1]) == (0, 69)
