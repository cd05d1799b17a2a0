"""Who somebody of the provider is here: by subject first, then by a confirmed address."""

import asyncio
from dataclasses import replace

import pytest

from parlour import events
from parlour.kit.errors import Conflict, Unauthorized
from parlour.rights import Role, Who
from parlour.staff import invitations, people, sessions, signing_in, store
from parlour.staff.model import Person
from parlour.staff.openid import binding
from parlour.staff.openid.claims import Identity
from parlour.staff.openid.refusals import NotLetIn
from parlour.staff.people import NewPerson
from parlour.tools import Tools

PASSWORD = "four words are enough"
ISSUER = "https://login.example.org"


@pytest.fixture(autouse=True)
async def olga(tools: Tools, owner: Who) -> Person:
    """There is an owner."""
    return await people.add(
        tools, owner, NewPerson(owner.workspace_id, "olga@x.example", "Olga", Role.OWNER, PASSWORD)
    )


def as_(email: str, subject: str = "u1", verified: bool | None = True) -> Identity:
    return Identity(ISSUER, subject, email, verified, "Ana Lund")


def allow(tools: Tools, **settings: object) -> None:
    tools.settings = replace(tools.settings, **settings)  # type: ignore[arg-type]


async def test_a_confirmed_address_finds_who_is_here_and_the_subject_ever_after(
    tools: Tools, owner: Who, olga: Person
) -> None:
    assert (await binding.let_in(tools, as_("OLGA@x.example "), "")).id == olga.id
    for later in ("other@x.example", "", "not an address"):
        found = await binding.let_in(tools, as_(later, verified=False), "")
        assert found.id == olga.id, "known by the subject, whatever the address says now"
    kinds = [
        each.kind for each in await tools.db.read(events.by_staff, owner.workspace_id, limit=9)
    ]
    assert kinds.count("person.identity_bound") == 1
    bound = await tools.db.read(binding.of_person, olga.id)
    assert bound is not None
    assert bound.issuer == ISSUER


@pytest.mark.parametrize(
    ("email", "verified", "emails", "comes"),
    [
        ("olga@x.example", True, "confirmed", True),
        ("olga@x.example", None, "confirmed", False),
        ("olga@x.example", False, "confirmed", False),
        ("olga@x.example", None, "believed", True),
        ("olga@x.example", False, "believed", False),
        ("", True, "confirmed", False),
        ("olga", True, "confirmed", False),
        ("olga@x.example\n", True, "confirmed", True),
        ("olga@x.example,eve@x.example", True, "confirmed", False),
        ("eve@x.example", True, "confirmed", False),
        (
            "olga@x.example".replace("e", "\N{FULLWIDTH LATIN SMALL LETTER E}"),
            True,
            "confirmed",
            False,
        ),
        ("kim\N{KELVIN SIGN}@x.example", True, "confirmed", False),
        ("KIMK@x.example", True, "confirmed", True),
    ],
)
async def test_which_addresses_count(
    tools: Tools, owner: Who, email: str, verified: bool | None, emails: str, comes: bool
) -> None:
    allow(tools, oidc_emails=emails)
    kim = NewPerson(owner.workspace_id, "kimk@x.example", "Kim", Role.BUILDER, PASSWORD)
    await people.add(tools, owner, kim)
    if comes:
        await binding.let_in(tools, as_(email, verified=verified), "")
    else:
        with pytest.raises(NotLetIn):
            await binding.let_in(tools, as_(email, verified=verified), "")


async def test_an_address_that_went_to_somebody_else_opens_nothing(
    tools: Tools, owner: Who, olga: Person
) -> None:
    """The provider gave the address to a new account: that is not the person we know."""
    await binding.let_in(tools, as_("olga@x.example"), "")
    with pytest.raises(NotLetIn, match="another account"):
        await binding.let_in(tools, as_("olga@x.example", "u2"), "")
    await binding.forget(tools, owner, olga.id)
    assert (await binding.let_in(tools, as_("olga@x.example", "u2"), "")).id == olga.id
    with pytest.raises(NotLetIn):
        await binding.let_in(tools, as_("olga@x.example"), "")
    await binding.forget(tools, owner, olga.id)
    with pytest.raises(Conflict):
        await binding.forget(tools, owner, olga.id)


async def test_whoever_is_shut_out_stays_out(tools: Tools, owner: Who) -> None:
    ben = await people.add(
        tools, owner, NewPerson(owner.workspace_id, "ben@x.example", "Ben", Role.OWNER, PASSWORD)
    )
    await people.disable(tools, owner, ben.id)
    with pytest.raises(NotLetIn):
        await binding.let_in(tools, as_("ben@x.example"), "")
    await people.enable(tools, owner, ben.id)
    await binding.let_in(tools, as_("ben@x.example"), "")
    await people.disable(tools, owner, ben.id)
    with pytest.raises(NotLetIn):
        await binding.let_in(tools, as_("ben@x.example"), "")


async def test_an_invitation_is_taken_and_no_password_is_made(tools: Tools, owner: Who) -> None:
    made = await invitations.invite(
        tools, owner, "ana@x.example", Role.ANALYST, view_personal=True, analytics=True
    )
    ana = await binding.let_in(tools, as_("ana@x.example"), "")
    assert (ana.role, ana.view_personal, ana.name) == (Role.ANALYST, True, "Ana Lund")
    assert ana.analytics
    with pytest.raises(Exception, match="taken"):
        await invitations.look(tools, made.token)
    for password in ("", PASSWORD, binding.NO_PASSWORD):
        with pytest.raises(signing_in.SignInRefused):
            await signing_in.by_password(tools, "ana@x.example", password, "t")
    entrance = await signing_in.come_in(tools, ana, "t")
    seat = await sessions.seat(tools, entrance.secret)
    assert not seat.has_password


@pytest.mark.parametrize(
    ("email", "role", "domains", "comes"),
    [
        ("new@x.example", "builder", ("x.example",), True),
        ("new@X.EXAMPLE", "analyst", ("X.example",), True),
        ("new@sub.x.example", "builder", ("x.example",), False),
        ("new@evilx.example", "builder", ("x.example",), False),
        ("new@x.example", "", ("x.example",), False),
        ("new@x.example", "builder", (), False),
    ],
)
async def test_newcomers(
    tools: Tools, owner: Who, email: str, role: str, domains: tuple[str, ...], comes: bool
) -> None:
    allow(tools, oidc_newcomers=role, oidc_domains=domains)
    if comes:
        made = await binding.let_in(tools, as_(email), owner.workspace_id)
        assert (made.role.value, made.workspace_id) == (role, owner.workspace_id)
        return
    with pytest.raises(NotLetIn, match="ask an owner"):
        await binding.let_in(tools, as_(email), owner.workspace_id)
    assert len(await tools.db.read(store.every_person, owner.workspace_id)) == 1


async def test_two_at_the_same_time_are_one_person(tools: Tools, owner: Who) -> None:
    allow(tools, oidc_newcomers="builder", oidc_domains=("x.example",))
    came = await asyncio.gather(
        *(binding.let_in(tools, as_("new@x.example"), owner.workspace_id) for _ in range(4)),
        return_exceptions=True,
    )
    assert len({each.id for each in came if isinstance(each, Person)}) == 1
    assert all(isinstance(each, Person | NotLetIn) for each in came), came
    others = await asyncio.gather(
        *(binding.let_in(tools, as_("olga@x.example", f"o{n}"), "") for n in range(4)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, Person) for each in others) == 1


async def test_passwords_only_for_owners(tools: Tools, owner: Who) -> None:
    new = NewPerson(owner.workspace_id, "ben@x.example", "Ben", Role.BUILDER, PASSWORD)
    await people.add(tools, owner, new)
    allow(tools, passwords="owners")
    assert await signing_in.by_password(tools, "olga@x.example", PASSWORD, "t")
    with pytest.raises(signing_in.SignInRefused) as refused:
        await signing_in.by_password(tools, "ben@x.example", PASSWORD, "t")
    with pytest.raises(signing_in.SignInRefused) as wrong:
        await signing_in.by_password(tools, "olga@x.example", "not the password", "t")
    assert refused.value.detail == wrong.value.detail
    with pytest.raises(Unauthorized):
        await sessions.seat(tools, None)
