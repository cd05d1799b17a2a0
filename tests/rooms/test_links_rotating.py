"""New addresses of links: the old one works for a while, then no more, and nothing is lost."""

import asyncio
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from parlour import entrance, events
from parlour.agents.model import Agent
from parlour.chat import turns
from parlour.entrance import Refused
from parlour.kit.clock import DAY, HOUR, SECOND, Moment, SetClock
from parlour.kit.errors import Invalid, NotFound, Stale
from parlour.links import keeping, private, rotating, store
from parlour.links.rotating import Turn
from parlour.links.rules import Kind
from parlour.links.store import Link
from parlour.rights import Who
from parlour.tools import Tools
from parlour.transcripts.lingering import Earlier, earlier
from tests.rooms.conftest import Maker

START: Moment = 1_800_000_000_000


@dataclass
class Gate:
    """An agent, its owner, and visitors who come by one address or another."""

    tools: Tools
    owner: Who
    agent: Agent
    clock: SetClock

    async def link(self, **wish: object) -> Link:
        return await keeping.create(
            self.tools,
            self.owner,
            self.agent.id,
            keeping.Wish(**wish),  # type: ignore[arg-type]
        )

    async def private_link(self, max_uses: int = 0) -> Link:
        wish = keeping.Wish(kind=Kind.PRIVATE, name="Group", max_uses=max_uses)
        return (await private.invite(self.tools, self.owner, self.agent.id, [wish]))[0]

    async def rotate(self, link: Link, overlap: float = 24, **turn: float) -> Link:
        wanted = Turn(overlap_hours=overlap, **turn)  # type: ignore[arg-type]
        return await rotating.rotate(self.tools, self.owner, link, wanted)

    def token(self, link: Link) -> str:
        return link.token(self.tools.keys)

    async def say(self, link: Link, session: str | None = None) -> str:
        """Say something by a link's address; return the session one has then."""
        pass_ = entrance.ticket(self.tools, self.token(link), session)
        return (await self.tools.db.write(pass_, self.clock.now())).session

    async def why(self, link: Link, session: str | None = None) -> str | None:
        """Why a link's address lets nobody in."""
        try:
            door = await entrance.look(self.tools, self.token(link), session)
        except Refused as refused:
            return refused.code
        refused_by = door.refused()
        return None if refused_by is None else refused_by.code

    async def earlier(self, link: Link) -> Earlier:
        return await self.tools.db.read(earlier, link, self.clock.now())


@pytest.fixture
async def gate(tools: Tools, owner: Who, make_agent: Maker) -> Gate:
    clock = SetClock(START)
    tools.clock = clock
    return Gate(tools, owner, await make_agent(), clock)


async def test_the_old_address_works_on_and_then_no_more(gate: Gate) -> None:
    """LNK-12: with an overlap both lead in, to the very second; after it one does."""
    old = await gate.link(name="Flyer", welcome_message="Hello")
    vera = await gate.say(old)
    new = await gate.rotate(old, 2)
    assert gate.token(new) != gate.token(old)
    assert (new.id, new.name, new.welcome_message, new.uses) == (old.id, "Flyer", "Hello", 1)
    assert (len(gate.token(old)), len(gate.token(new))) == (40, 44)
    gate.clock.forward(2 * HOUR - 1)
    assert (await gate.why(old), await gate.why(new)) == (None, None)
    assert await gate.say(old, vera) == vera
    gate.clock.forward(1)
    assert (await gate.why(old), await gate.why(new)) == ("replaced", None)
    with pytest.raises(Refused) as refused:
        await gate.say(old, vera)
    assert (refused.value.code, refused.value.status) == ("replaced", 410)
    assert refused.value.refusal.since == START + 2 * HOUR
    assert await gate.say(new, vera) == vera  # the session, and with it the conversation, goes on
    found = await gate.tools.db.read(store.find, gate.agent.id, old.id)
    assert found.uses == 1


async def test_without_an_overlap_the_old_one_is_dead_at_once(gate: Gate) -> None:
    """LNK-12: at no time are both good; who was inside goes on by the new one."""
    old = await gate.link()
    vera = await gate.say(old)
    new = await gate.rotate(old, 0)
    assert (await gate.why(old, vera), await gate.why(new, vera)) == ("replaced", None)
    door = await entrance.look(gate.tools, gate.token(new), vera)
    assert door.visitor_id is not None


async def test_uses_of_a_private_link_carry_over(gate: Gate) -> None:
    """USE-02, LNK-12: a maximum holds for all addresses together, however many come at once."""
    old = await gate.private_link(max_uses=5)
    await gate.say(old)
    await gate.say(old)
    new = await gate.rotate(old)

    coming = (gate.say(old if n % 2 else new) for n in range(12))
    came = await asyncio.gather(*coming, return_exceptions=True)
    refused = [each.code for each in came if isinstance(each, Refused)]
    assert (len(came) - len(refused), set(refused)) == (3, {"used_up"})
    assert {await gate.why(old), await gate.why(new)} == {"used_up"}


async def test_no_earlier_address_outlasts_the_overlap(gate: Gate) -> None:
    first = await gate.link()
    second = await gate.rotate(first, 100)
    third = await gate.rotate(second, 1)
    gate.clock.forward(HOUR)
    assert [await gate.why(each) for each in (first, second, third)] == [
        "replaced", "replaced", None,
    ]  # fmt: skip


async def test_a_later_end_comes_with_a_new_address(gate: Gate) -> None:
    """EXP-09: what ended opens again by a new address only, and its uses stay counted."""
    old = await gate.link(kind=Kind.TEMPORARY, hours=1)
    await gate.say(old)
    with pytest.raises(Invalid, match="rotate"):
        await keeping.change(gate.tools, gate.owner, old, {"expires_at": START + 2 * HOUR})
    gate.clock.forward(HOUR)
    assert await gate.why(old) == "expired"
    with pytest.raises(Invalid, match="has ended"):
        await gate.rotate(old)
    new = await gate.rotate(old, 24, hours=10)
    assert (await gate.why(old), await gate.why(new)) == ("replaced", None)
    found = await gate.tools.db.read(store.find, gate.agent.id, old.id)
    assert (found.uses, found.expires_at) == (1, START + 11 * HOUR)
    gate.clock.forward(10 * HOUR)
    assert (await gate.why(old), await gate.why(new)) == ("expired", "expired")


async def test_an_end_that_is_not_spoken_of_stays(gate: Gate) -> None:
    old = await gate.link(kind=Kind.TEMPORARY, hours=10)
    soon = START + 2 * HOUR
    short = await keeping.change(gate.tools, gate.owner, old, {"expires_at": soon})
    new = await gate.rotate(short)
    assert (new.expires_at, new.token_expires) == (soon, old.token_expires)
    gate.clock.forward(2 * HOUR)
    assert (await gate.why(old), await gate.why(new)) == ("expired", "expired")


@pytest.mark.parametrize("overlap", [-1, float("nan"), float("inf"), 1e308, 8785])
async def test_overlaps_that_are_none(gate: Gate, overlap: float) -> None:
    """EXP-05"""
    link = await gate.link()
    with pytest.raises(Invalid) as refused:
        await gate.rotate(link, overlap)
    assert [each.field for each in refused.value.errors] == ["overlap_hours"]
    assert await gate.tools.db.read(store.find, gate.agent.id, link.id) == link


async def test_a_permanent_link_stays_one(gate: Gate) -> None:
    with pytest.raises(Invalid):
        await gate.rotate(await gate.link(), hours=5)


async def test_two_at_once_turn_it_once_and_the_other_is_told(gate: Gate) -> None:
    link = await gate.link()
    turns_ = [
        rotating.rotate(gate.tools, gate.owner, link, Turn(), link.updated_at) for _ in range(2)
    ]
    ended = await asyncio.gather(*turns_, return_exceptions=True)
    assert sorted(type(each).__name__ for each in ended) == ["Link", "Stale"]
    with pytest.raises(Stale):
        await rotating.retire(gate.tools, gate.owner, link, link.updated_at)
    await keeping.revoke(gate.tools, gate.owner, link)
    with pytest.raises(NotFound):
        await gate.rotate(link)
    assert await gate.why(link) == "not_found"


async def test_who_still_comes_by_the_old_one(gate: Gate) -> None:
    old = await gate.link()
    vera, sam = await gate.say(old), await gate.say(old)
    assert await gate.earlier(old) == Earlier([], 0, [])
    new = await gate.rotate(old)
    kept = await gate.earlier(new)
    assert (kept.count, len(kept.lingerers), kept.is_open(gate.clock.now())) == (2, 2, True)
    gate.clock.forward(HOUR)
    await gate.say(new, vera)
    await gate.say(new)
    await gate.say(old, sam)
    (left,) = (await gate.earlier(new)).lingerers
    assert (left.seen_at, left.address.ends_at) == (START, START + 24 * HOUR)
    await rotating.retire(gate.tools, gate.owner, new)
    assert await gate.why(old) == "replaced"
    kept = await gate.earlier(new)
    assert (kept.count, kept.is_open(gate.clock.now())) == (1, False)
    gate.clock.forward(31 * DAY)
    assert (await gate.earlier(new)).count == 0


async def test_each_turn_is_an_event(gate: Gate) -> None:
    """O10: who did it, to which link, and until when the old address works."""
    link = await gate.rotate(await gate.link(), 3)
    await rotating.retire(gate.tools, gate.owner, link)
    await rotating.retire(gate.tools, gate.owner, link)  # nothing is left to end

    def told(conn: sa.Connection) -> list[tuple[str, object]]:
        columns = events.events.c
        wanted = sa.select(columns.kind, columns.data).where(columns.link_id == link.id)
        return [(row.kind, row.data) for row in conn.execute(wanted.order_by(columns.id))]

    assert (await gate.tools.db.read(told))[1:] == [
        (
            "link.rotated",
            {"old_works_until": START + 3 * HOUR, "old_address": 0, "fields": ["address"]},
        ),
        ("link.changed", {"fields": ["old_addresses"]}),
    ]


async def test_a_first_message_racing_with_the_turn(gate: Gate) -> None:
    """USE-06: whoever is judged after the turn is refused, and takes no use."""
    for _ in range(20):
        old = await gate.private_link()
        came = asyncio.gather(*(gate.say(old) for _ in range(4)), return_exceptions=True)
        await gate.rotate(old, 0)
        ended = await came
        refused = [each for each in ended if isinstance(each, Refused)]
        assert {each.code for each in refused} <= {"replaced"}
        assert all(isinstance(each, str | Refused) for each in ended), ended
        found = await gate.tools.db.read(store.find, gate.agent.id, old.id)
        assert found.uses == len(ended) - len(refused)
        await keeping.revoke(gate.tools, gate.owner, old)


async def test_an_address_that_the_link_never_had(gate: Gate) -> None:
    """LNK-03: signed by us, as after restoring a backup from before the turn: nothing is there."""
    link = await gate.link()
    token = gate.tools.keys.sign_link(link.kind, link.id, link.token_expires, 12345)
    with pytest.raises(Refused) as refused:
        await entrance.look(gate.tools, token, None)
    assert refused.value.code == "not_found"


async def test_a_reply_is_finished_and_no_new_one_begun(gate: Gate) -> None:
    """EXP-02: what is being written when the old address ends may be read to its end."""
    old = await gate.link()
    vera = await gate.say(old)
    judge = entrance.judge(gate.tools, gate.token(old), vera)
    await gate.rotate(old, 1 / 3600)
    gate.clock.forward(SECOND - 1)
    assert await gate.tools.db.read(judge) is None
    gate.clock.forward(1)
    refused = await gate.tools.db.read(judge)
    assert refused is not None
    assert (refused.code, refused.after_reply) == ("replaced", True)
    with pytest.raises(Refused):
        await turns.say(
            gate.tools, entrance.ticket(gate.tools, gate.token(old), vera), "More", None
        )
