"""The second step on a real database: a code works once, guessing does not, two at once is one."""

import asyncio
from dataclasses import dataclass

import pyotp
import pytest
import sqlalchemy as sa

from parlour import events, retention
from parlour.kit.clock import HOUR, MINUTE, SECOND, SetClock
from parlour.kit.errors import Conflict, Gone, Invalid, Problem, TooMany, Unauthorized
from parlour.rights import Role, Who
from parlour.staff import people, sessions, signing_in, tables
from parlour.staff.model import Person
from parlour.staff.people import NewPerson
from parlour.staff.second_step import keeping, rules, store
from parlour.staff.second_step.proving import WrongCode
from parlour.tools import Tools

PASSWORD = "four words are enough"
START = 1_795_183_200_000


@pytest.fixture
def clock(tools: Tools) -> SetClock:
    """A clock that the test moves."""
    tools.clock = SetClock(START)
    return tools.clock


@dataclass
class Ana:
    """Somebody with a second step, and the app on her phone."""

    tools: Tools
    clock: SetClock
    person: Person
    secret: str
    codes: list[str]

    def code(self, later: int = 0) -> str:
        """What the app shows."""
        return pyotp.TOTP(self.secret).at(self.clock.now() // SECOND + later)

    def wrong(self) -> str:
        """A code that is not good now."""
        good = {self.code(off) for off in (-30, 0, 30)}
        return next(code for code in ("000000", "111111", "222222", "333333") if code not in good)

    async def half(self) -> str:
        entrance = await signing_in.by_password(self.tools, self.person.email, PASSWORD, "test")
        assert entrance.half
        return entrance.secret

    async def give(self, half: str, code: str) -> str:
        return await signing_in.by_code(self.tools, half, code, "test")


async def add(tools: Tools, owner: Who, email: str = "ana@x.example") -> Person:
    return await people.add(
        tools, owner, NewPerson(owner.workspace_id, email, "Ana", Role.BUILDER, PASSWORD)
    )


@pytest.fixture
async def ana(tools: Tools, clock: SetClock, owner: Who) -> Ana:
    """Ana, whose second step is on."""
    person = await add(tools, owner)
    await keeping.begin(tools, person, PASSWORD)
    secret = await keeping.secret(tools, person)
    assert secret is not None
    made = Ana(tools, clock, person, secret, [])
    made.codes = await keeping.confirm(tools, person, made.code(), session_id="")
    clock.forward(MINUTE)
    return made


async def test_a_password_alone_opens_nothing(tools: Tools, ana: Ana) -> None:
    """SES-05"""
    half = await ana.half()
    for secret in (half, half.replace(signing_in.HALF_PREFIX, sessions.PREFIX)):
        with pytest.raises(Unauthorized):
            await sessions.seat(tools, secret)
    whole = await ana.give(half, ana.code())
    assert (await sessions.seat(tools, whole)).second_step
    with pytest.raises(Unauthorized):
        await ana.give(half, ana.code(30))
    with pytest.raises(Unauthorized):
        await ana.give(whole, ana.code(30))


async def test_a_code_works_once(ana: Ana) -> None:
    code = ana.code()
    await ana.give(await ana.half(), code)
    for again in (code, ana.code(-30)):
        with pytest.raises(WrongCode):
            await ana.give(await ana.half(), again)
    await ana.give(await ana.half(), ana.code(30))


async def test_the_code_that_turned_it_on_is_spent(
    tools: Tools, clock: SetClock, owner: Who
) -> None:
    person = await add(tools, owner)
    await keeping.begin(tools, person, PASSWORD)
    secret = await keeping.secret(tools, person)
    ana = Ana(tools, clock, person, str(secret), [])
    await keeping.confirm(tools, person, ana.code(), session_id="")
    with pytest.raises(WrongCode):
        await ana.give(await ana.half(), ana.code())


@pytest.mark.parametrize("recovery", [False, True])
async def test_of_two_at_once_one_comes_in(ana: Ana, recovery: bool) -> None:
    """The same code in two browsers, at the same moment, many times over."""
    for turn in range(5):
        code = ana.codes[turn] if recovery else ana.code()
        halves = [await ana.half() for _ in range(4)]
        came = await asyncio.gather(
            *(ana.give(half, code) for half in halves), return_exceptions=True
        )
        assert sum(isinstance(each, str) for each in came) == 1, came
        assert all(isinstance(each, str | WrongCode) for each in came), came
        ana.clock.forward(2 * HOUR)


async def test_of_two_codes_for_one_half_one_is_spent(tools: Tools, ana: Ana) -> None:
    half = await ana.half()
    came = await asyncio.gather(
        *(ana.give(half, code) for code in ana.codes[:4]), return_exceptions=True
    )
    assert sum(isinstance(each, str) for each in came) == 1
    told = await tools.db.read(store.told, ana.person.id)
    assert told is not None
    assert told.codes_left == 9


async def test_guessing_waits_and_the_recovery_code_does_not(
    tools: Tools, owner: Who, ana: Ana
) -> None:
    for _ in range(rules.FREE):
        with pytest.raises(WrongCode):
            await ana.give(await ana.half(), ana.wrong())
    half = await ana.half()
    with pytest.raises(TooMany) as refused:
        await ana.give(half, ana.code())
    assert refused.value.retry_after == 60
    assert isinstance(await ana.give(half, ana.codes[0].lower()), str), "the owner comes in"
    await ana.give(await ana.half(), ana.code())
    kinds = [
        each.kind for each in await tools.db.read(events.by_staff, owner.workspace_id, limit=9)
    ]
    assert "session.refused" in kinds


async def test_guessers_at_the_same_time_gain_nothing(tools: Tools, ana: Ana) -> None:
    halves = [await ana.half() for _ in range(12)]
    came = await asyncio.gather(
        *(ana.give(half, ana.wrong()) for half in halves), return_exceptions=True
    )
    assert sum(isinstance(each, WrongCode) for each in came) == rules.FREE
    assert sum(isinstance(each, TooMany) for each in came) == 12 - rules.FREE


async def test_a_half_session_ends(tools: Tools, owner: Who, ana: Ana) -> None:
    """By time, by tries, by a new password, by being shut out, by another's reset."""
    half = await ana.half()
    ana.clock.forward(rules.HALF_LASTS)
    with pytest.raises(Unauthorized):
        await ana.give(half, ana.code())
    half = await ana.half()
    for _ in range(rules.HALF_TRIES):
        with pytest.raises(WrongCode):
            await ana.give(half, "ABCD-ABCD-ABCD")
    with pytest.raises(Unauthorized):
        await ana.give(half, ana.code())
    half = await ana.half()
    await people.reset_password(tools, owner, ana.person.email, PASSWORD)
    assert not await signing_in.is_half_in(tools, half)
    half = await ana.half()
    await people.disable(tools, owner, ana.person.id)
    await people.enable(tools, owner, ana.person.id)
    assert not await signing_in.is_half_in(tools, half)
    half = await ana.half()
    await keeping.reset(tools, owner, ana.person.id)
    with pytest.raises(Unauthorized):
        await ana.give(half, ana.code())
    entrance = await signing_in.by_password(tools, ana.person.email, PASSWORD, "test")
    assert not entrance.half


async def test_turning_it_on_takes_the_password_and_a_first_code(
    tools: Tools, clock: SetClock, owner: Who
) -> None:
    person = await add(tools, owner)
    with pytest.raises(Invalid) as refused:
        await keeping.begin(tools, person, "not the password")
    assert refused.value.errors[0].field == "password"
    assert await keeping.secret(tools, person) is None
    with pytest.raises(Gone):
        await keeping.confirm(tools, person, "123456", session_id="")
    await keeping.begin(tools, person, PASSWORD)
    first = await keeping.secret(tools, person)
    await keeping.begin(tools, person, PASSWORD)
    second = await keeping.secret(tools, person)
    assert first != second
    ana = Ana(tools, clock, person, str(first), [])
    with pytest.raises(WrongCode):
        await keeping.confirm(tools, person, ana.code(), session_id="")
    assert not (await signing_in.by_password(tools, person.email, PASSWORD, "t")).half
    elsewhere = await sessions.begin(tools, person.workspace_id, person.id, "t")
    ana.secret = str(second)
    await keeping.confirm(tools, person, ana.code(), session_id="")
    with pytest.raises(Unauthorized):
        await sessions.seat(tools, elsewhere)
    with pytest.raises(Conflict):
        await keeping.begin(tools, person, PASSWORD)


async def test_a_secret_waits_a_quarter_of_an_hour(
    tools: Tools, clock: SetClock, owner: Who
) -> None:
    person = await add(tools, owner)
    await keeping.begin(tools, person, PASSWORD)
    ana = Ana(tools, clock, person, str(await keeping.secret(tools, person)), [])
    clock.forward(rules.PENDING_LASTS)
    assert await keeping.secret(tools, person) is None
    with pytest.raises(Gone):
        await keeping.confirm(tools, person, ana.code(), session_id="")


async def test_off_and_new_codes_take_a_code(tools: Tools, ana: Ana) -> None:
    with pytest.raises(WrongCode):
        await keeping.turn_off(tools, ana.person, ana.wrong())
    fresh = await keeping.new_codes(tools, ana.person, ana.code())
    with pytest.raises(WrongCode):
        await keeping.turn_off(tools, ana.person, ana.codes[0])
    await keeping.turn_off(tools, ana.person, fresh[0])
    assert await tools.db.read(store.told, ana.person.id) is None
    with pytest.raises(Problem):
        await keeping.turn_off(tools, ana.person, ana.code(30))


async def test_owners_reset_others_and_not_themselves(tools: Tools, ana: Ana) -> None:
    me = people.person_who(ana.person)
    with pytest.raises(Conflict):
        await keeping.reset(tools, me, ana.person.id)
    assert await tools.db.read(store.told, ana.person.id) is not None


async def test_nothing_at_rest_makes_a_code(tools: Tools, ana: Ana) -> None:
    half = await ana.half()

    def everything(conn: sa.Connection) -> str:
        kept = [tables.second_steps, tables.recovery_codes, tables.half_sessions, events.events]
        return repr([conn.execute(sa.select(table)).all() for table in kept])

    stored = await tools.db.read(everything)
    for each in (ana.secret, half, *ana.codes, *map(rules.plain, ana.codes)):
        assert each not in stored


async def test_what_is_half_done_is_tidied(tools: Tools, owner: Who, ana: Ana) -> None:
    ben = await add(tools, owner, "ben@x.example")
    await keeping.begin(tools, ben, PASSWORD)
    await ana.half()
    await ana.half()

    def left(conn: sa.Connection) -> tuple[int, int]:
        count = sa.func.count()
        return (
            conn.execute(sa.select(count).select_from(tables.half_sessions)).scalar_one(),
            conn.execute(sa.select(count).select_from(tables.second_steps)).scalar_one(),
        )

    await retention.tidy_up(tools)
    assert await tools.db.read(left) == (2, 2)
    ana.clock.forward(HOUR)
    await retention.tidy_up(tools)
    assert await tools.db.read(left) == (0, 1)
