"""People and their sessions on a real database: limits of time, hashes at rest (SES-05, SES-08)."""

from typing import Any

import pytest
import sqlalchemy as sa

from parlour.kit.clock import DAY, SECOND, SetClock
from parlour.kit.errors import Invalid, NotFound, Unauthorized
from parlour.rights import Role, Who
from parlour.staff import invitations, passwords, people, sessions, signing_in, store, tables
from parlour.staff.model import IDLE, INVITED_FOR, LONGEST_SESSION, Person
from parlour.staff.people import NewPerson
from parlour.tools import Tools

PASSWORD = "four words are enough"
START = 1_795_183_200_000


@pytest.fixture
def clock(tools: Tools) -> SetClock:
    """A clock that the test moves."""
    tools.clock = SetClock(START)
    return tools.clock


@pytest.fixture
async def olga(tools: Tools, clock: SetClock, owner: Who) -> Person:
    """The owner's account."""
    new = NewPerson(owner.workspace_id, "olga@x.example", "Olga", Role.OWNER, PASSWORD)
    return await people.add(tools, owner, new)


async def test_a_session_ends_when_it_is_not_used(
    tools: Tools, clock: SetClock, olga: Person
) -> None:
    secret = (await signing_in.by_password(tools, olga.email, PASSWORD, "test")).secret
    clock.forward(IDLE - SECOND)
    assert (await sessions.seat(tools, secret)).person == olga
    clock.forward(IDLE - SECOND)
    assert (await sessions.seat(tools, secret)).person == olga
    clock.forward(IDLE)
    with pytest.raises(Unauthorized):
        await sessions.seat(tools, secret)


async def test_a_session_ends_however_much_it_is_used(
    tools: Tools, clock: SetClock, olga: Person
) -> None:
    secret = (await signing_in.by_password(tools, olga.email, PASSWORD, "test")).secret
    for _ in range(LONGEST_SESSION // DAY - 1):
        clock.forward(DAY)
        await sessions.seat(tools, secret)
    clock.forward(DAY)
    with pytest.raises(Unauthorized):
        await sessions.seat(tools, secret)


async def test_an_invitation_ends_after_a_week(tools: Tools, clock: SetClock, owner: Who) -> None:
    made = await invitations.invite(tools, owner, "ben@x.example", Role.BUILDER)
    clock.forward(INVITED_FOR - SECOND)
    assert (await invitations.look(tools, made.token)).email == "ben@x.example"
    clock.forward(SECOND)
    with pytest.raises(NotFound):
        await invitations.accept(tools, made.token, "Ben", PASSWORD)
    assert await tools.db.read(store.open_invitations, owner.workspace_id, clock.now()) == []


async def test_what_nobodys_hash_was_made_of_fits_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither an address nobody has, nor somebody who comes by a provider and has no password."""
    monkeypatch.setattr(passwords, "NOBODYS", await passwords.hashed(PASSWORD))
    assert not await passwords.fits(PASSWORD, None)
    assert not await passwords.fits(PASSWORD, "")
    assert await passwords.fits(PASSWORD, await passwords.hashed(PASSWORD))


@pytest.mark.parametrize("meanwhile", ["password", "shut out"])
async def test_what_happens_while_a_password_is_checked_counts(
    tools: Tools, owner: Who, olga: Person, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """Checking takes a while, and then the session is that of somebody who may come in no more."""
    checked = passwords.fits

    async def slowly(password: str, kept: str | None) -> bool:
        fitting = await checked(password, kept)
        if meanwhile == "password":
            await people.reset_password(tools, owner, olga.email, "another one, quite as long")
        else:
            await tools.db.write(shut_out)
        return fitting

    def shut_out(conn: sa.Connection) -> None:
        conn.execute(sa.update(tables.people).values(disabled_at=1))

    monkeypatch.setattr(passwords, "fits", slowly)
    with pytest.raises(signing_in.SignInRefused):
        await signing_in.by_password(tools, olga.email, PASSWORD, "test")


async def test_a_password_that_was_just_replaced_sets_no_other(
    tools: Tools, owner: Who, olga: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever found out the old one could take the account back in the same moment."""
    checked, given = passwords.fits, "another one, quite as long"

    async def slowly(password: str, kept: str | None) -> bool:
        fitting = await checked(password, kept)
        await people.reset_password(tools, owner, olga.email, given)
        return fitting

    monkeypatch.setattr(passwords, "fits", slowly)
    with pytest.raises(Invalid):
        await people.change_password(tools, olga, PASSWORD, "of somebody else", session_id="")
    monkeypatch.setattr(passwords, "fits", checked)
    assert await signing_in.by_password(tools, olga.email, given, "test")


async def test_nothing_at_rest_opens_anything(
    tools: Tools, clock: SetClock, owner: Who, olga: Person
) -> None:
    secret = (await signing_in.by_password(tools, olga.email, PASSWORD, "test")).secret
    made = await invitations.invite(tools, owner, "ben@x.example", Role.BUILDER)

    def everything(conn: sa.Connection) -> str:
        kept: list[Any] = [tables.people, tables.staff_sessions, tables.invitations]
        return repr([conn.execute(sa.select(table)).all() for table in kept])

    stored = await tools.db.read(everything)
    for each in (secret, made.token, PASSWORD):
        assert each not in stored
        assert each.rpartition("_")[2][:16] not in stored
    assert "$argon2id$" in stored


@pytest.mark.parametrize("secret", [None, "", "parlour_session_", "parlour_key_x", "\0", "é" * 9])
async def test_what_is_no_session(tools: Tools, clock: SetClock, secret: str | None) -> None:
    with pytest.raises(Unauthorized):
        await sessions.seat(tools, secret)
