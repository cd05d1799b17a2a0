"""The table of all links: filtered, searched, counted, paged; switched and ended together."""

import pytest
import sqlalchemy as sa

from parlour.kit.clock import DAY, HOUR, MINUTE
from parlour.links import keeping, listing, store
from parlour.links.listing import Condition, Place, Search, View
from parlour.links.rules import Kind
from parlour.links.store import Link
from parlour.rights import Who
from parlour.tools import Tools
from tests.rooms.conftest import Maker


async def aged(tools: Tools, link: Link, **values: object) -> None:
    def unit(conn: sa.Connection) -> None:
        conn.execute(sa.update(store.links).where(store.links.c.id == link.id).values(**values))

    await tools.db.write(unit)


class Shelf:
    """Links of two agents: one answers, one does not."""

    def __init__(self, tools: Tools, owner: Who, agents: list[str]) -> None:
        self.tools, self.owner, self.agents = tools, owner, agents
        self.made: dict[str, Link] = {}

    async def add(self, name: str, agent: int = 0, **wish: object) -> None:
        kind = Kind.TEMPORARY if "hours" in wish else Kind.PERMANENT
        wanted = keeping.Wish(name=name, kind=kind, **wish)  # type: ignore[arg-type]
        made = await keeping.create(self.tools, self.owner, self.agents[agent], wanted)
        self.made[name] = made

    async def find(self, **search: object) -> set[str | None]:
        given = {"agents": self.agents, "answering": self.agents[:1], **search}
        found = await self.tools.db.browse(
            listing.page,
            self.owner.workspace_id,
            Search(**given),  # type: ignore[arg-type]
            self.tools.clock.now(),
        )
        return {each.name for each in found}


@pytest.fixture
async def shelf(tools: Tools, owner: Who, make_agent: Maker) -> Shelf:
    """Some of every sort."""
    now = tools.clock.now()
    made = Shelf(tools, owner, [(await make_agent()).id, (await make_agent()).id])
    await made.add("Für Ana 100%")
    await made.add("old")
    await made.add("used")
    await made.add("day", hours=3)
    await made.add("week", hours=168)
    await made.add("over", hours=1)
    await made.add("off", enabled=False)
    await made.add("asleep", agent=1)
    await made.add("gone")
    await keeping.revoke(tools, owner, made.made["gone"])
    await aged(tools, made.made["old"], created_at=now - 61 * DAY, last_used_at=None)
    await aged(tools, made.made["used"], created_at=now - 61 * DAY, last_used_at=now, uses=1)
    await aged(tools, made.made["over"], expires_at=now - HOUR)
    return made


OPEN = {"Für Ana 100%", "old", "used", "day", "week", "asleep"}


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (View.ALL, OPEN | {"over", "off"}),
        (View.ANYONE, OPEN),
        (View.FOREVER, {"Für Ana 100%", "old", "used", "off", "asleep"}),
        (View.SOON, {"day"}),
        (View.UNUSED, {*OPEN, "over", "off"} - {"used"}),
        (View.REVIEW, {"old"}),
    ],
)
async def test_lists_that_are_always_at_hand(shelf: Shelf, view: View, expected: set[str]) -> None:
    assert await shelf.find(view=view) == expected
    tools, mine = shelf.tools, shelf.owner.workspace_id
    now = tools.clock.now()
    counted = await tools.db.browse(listing.tallies, mine, Search(agents=shelf.agents), now)
    assert counted[view] == len(expected)


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ({"condition": Condition.LIVE}, OPEN - {"asleep"}),
        ({"condition": Condition.ASLEEP}, {"asleep"}),
        ({"condition": Condition.OFF}, {"off"}),
        ({"condition": Condition.ENDED}, {"over"}),
        ({"kind": Kind.TEMPORARY}, {"day", "week", "over"}),
        ({"kind": Kind.TEMPORARY, "condition": Condition.LIVE}, {"day", "week"}),
        ({"text": "für"}, {"Für Ana 100%"}),
        ({"text": "ANA"}, {"Für Ana 100%"}),
        ({"text": "%"}, {"Für Ana 100%"}),
        ({"text": "_"}, set()),
        ({"text": "nobody", "named": []}, set()),
        ({"agents": []}, set()),
    ],
)
async def test_filters(shelf: Shelf, search: dict[str, object], expected: set[str]) -> None:
    assert await shelf.find(**search) == expected


async def test_by_its_address_and_by_its_agent_s_name(shelf: Shelf) -> None:
    assert await shelf.find(text="x", link_id=shelf.made["week"].id) == {"week"}
    assert await shelf.find(text="zzz", named=shelf.agents[1:]) == {"asleep"}


async def test_pages_join_without_a_gap(shelf: Shelf) -> None:
    """Also where several were made in the same moment."""
    tools, mine, now = shelf.tools, shelf.owner.workspace_id, shelf.tools.clock.now()
    for name in ("day", "week", "off"):
        await aged(tools, shelf.made[name], created_at=now)
    search, found, after = Search(agents=shelf.agents), [], None
    while page := await tools.db.browse(listing.page, mine, search, now, after=after, limit=2):
        found += page
        after = Place(page[-1].created_at, page[-1].id)
    whole = await tools.db.browse(listing.page, mine, search, now)
    assert found == whole
    assert len(found) == 8


async def test_switched_and_ended_together(shelf: Shelf) -> None:
    tools, owner = shelf.tools, shelf.owner
    ids = [shelf.made[name].id for name in ("day", "off", "gone")] + ["lnk_notthere000", "x\0"]
    changed = await keeping.switch_all(tools, owner, ids, enabled=False)
    assert [each.name for each in changed] == ["day"]
    back = await keeping.switch_all(tools, owner, [each.id for each in changed], enabled=True)
    assert [each.name for each in back] == ["day"]
    ended = await keeping.revoke_all(tools, owner, ids)
    assert {each.name for each in ended} == {"day", "off"}
    assert {"day", "off"} & {each or "" for each in await shelf.find()} == set()
    stranger = Who("host", "host", "x", "wsp_another", owner.role)
    assert await keeping.revoke_all(tools, stranger, [shelf.made["week"].id]) == []


async def test_the_last_use_is_kept_to_the_minute(shelf: Shelf) -> None:
    tools, link = shelf.tools, shelf.made["week"]
    now = tools.clock.now()

    async def touched(last: int | None, at: int) -> int | None:
        await tools.db.write(store.touch, link.id, last, at)
        return (await tools.db.read(store.find, link.agent_id, link.id)).last_used_at

    assert await touched(None, now) == now
    assert await touched(now, now + MINUTE - 1) == now
    assert await touched(now, now + MINUTE) == now + MINUTE
    # Somebody else was first.
    assert await touched(now, now + MINUTE + 1) == now + MINUTE
