"""Who somebody of the provider is here: known by their subject, at first by a confirmed address."""

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from parlour import events
from parlour.config import Settings
from parlour.events import Kind
from parlour.kit.clock import Moment
from parlour.kit.db import insert_or_ignore
from parlour.kit.errors import Conflict, Invalid
from parlour.kit.texts import visible
from parlour.kit.tokens import new_id
from parlour.rights import Role, Who
from parlour.staff import people, store, tables
from parlour.staff.model import LONGEST_NAME, Person, canonical, named
from parlour.staff.openid.claims import Identity
from parlour.staff.openid.refusals import NotLetIn
from parlour.staff.people import person_who
from parlour.tools import Tools

NO_PASSWORD: Final = ""
"""What is kept where others have a hash: no password fits it."""


@dataclass(frozen=True, slots=True)
class Bound:
    """That somebody comes in by a provider."""

    issuer: str
    since: Moment


def of_person(conn: sa.Connection, person_id: str) -> Bound | None:
    """Return by which provider a person comes in; None when by none."""
    columns = tables.identities.c
    row = conn.execute(
        sa.select(columns.issuer, columns.created_at)
        .where(columns.person_id == person_id)
        .order_by(columns.created_at.desc())
    ).first()
    return None if row is None else Bound(*row)


async def let_in(tools: Tools, identity: Identity, home: str) -> Person:
    """Find or make the person of an identity that was proved; newcomers join the workspace `home`.

    Whoever was here by the provider before is known by issuer and subject, whatever their address
    is now. Else a confirmed address finds who is here, or an open invitation, or, where the
    settings say so, makes a new person. Raises NotLetIn, which says why not.
    """

    def unit(conn: sa.Connection) -> Person:
        known = _known(conn, identity)
        if known is not None:
            return _allowed(known)
        if not store.has_owner(conn):
            raise NotLetIn("nobody has set this up yet; whoever runs the server does so first")
        email, now = confirmed(tools.settings, identity), tools.clock.now()
        person = store.by_email(conn, email)
        if person is None:
            # Newcomers join that workspace alone, and only where it is.
            uninvited = _newcomer(tools.settings, email, home) if tools.has(home) else None
            person = _joined(conn, identity, email, uninvited, now)
        return _bind(conn, identity, _allowed(person), now)

    return await tools.db.write(unit)


async def forget(tools: Tools, who: Who, person_id: str) -> None:
    """Forget by which account of the provider a person comes in; the next one counts anew.

    Raises:
        NotFound: there is nobody of that id. Conflict: they come in by none.
    """

    def unit(conn: sa.Connection) -> None:
        person = store.find_person(conn, who.workspace_id, person_id)
        identities = tables.identities
        gone = conn.execute(sa.delete(identities).where(identities.c.person_id == person.id))
        if not gone.rowcount:
            raise Conflict(f"{person.name} does not come in by a provider")
        now, data = tools.clock.now(), {"person": person.id}
        events.record(conn, Kind.IDENTITY_FORGOTTEN, who, now, data=data)

    await tools.db.write(unit)


def confirmed(settings: Settings, identity: Identity) -> str:
    """Return the address of an identity, if it may be believed; NotLetIn else."""
    if not identity.email:
        raise NotLetIn(
            "the provider did not tell your e-mail address, so nobody can be found by it"
        )
    believed = identity.verified or (
        identity.verified is None and settings.oidc_emails == "believed"
    )
    if not believed:
        raise NotLetIn("the provider has not confirmed your e-mail address; confirm it there first")
    try:
        email = canonical(identity.email)
    except Invalid:
        raise NotLetIn("what the provider tells as your e-mail address is none") from None
    if _other_letters(email) != _other_letters(identity.email):
        # The Kelvin sign becomes a k in small letters, and so somebody else's address.
        raise NotLetIn("the provider tells your e-mail address in letters that are not its own")
    return email


def _other_letters(text: str) -> list[str]:
    return [letter for letter in text if not letter.isascii()]


def _known(conn: sa.Connection, identity: Identity) -> Person | None:
    columns = tables.identities.c
    row = conn.execute(
        sa.select(*(tables.people.c[name] for name in Person.__slots__))
        .join(tables.identities, columns.person_id == tables.people.c.id)
        .where(columns.issuer == identity.issuer, columns.subject == identity.subject)
    ).first()
    return None if row is None else store.person(row)


def _allowed(person: Person) -> Person:
    if person.disabled_at is not None:
        raise NotLetIn("you may not come in here any more; ask an owner")
    return person


def _bind(conn: sa.Connection, identity: Identity, person: Person, now: Moment) -> Person:
    values = {"issuer": identity.issuer, "subject": identity.subject, "person_id": person.id}
    bound = conn.execute(
        insert_or_ignore(conn, tables.identities).returning(tables.identities.c.subject),
        {**values, "created_at": now},
    ).first()
    if bound is not None:
        data = {"person": person.id}
        events.record(conn, Kind.IDENTITY_BOUND, person_who(person), now, data=data)
        return person
    # Somebody bound one of the two meanwhile, or long ago.
    known = _known(conn, identity)
    if known is None or known.id != person.id:
        said = "comes in by another account of the provider; an owner can have that one forgotten"
        raise NotLetIn(f"{person.email} {said}")
    return _allowed(known)


def _newcomer(settings: Settings, email: str, home: str) -> tuple[str, str, bool, bool] | None:
    """Return what somebody whom nobody invited becomes, and where; None when nothing."""
    domains = {each.lower() for each in settings.oidc_domains}
    if settings.oidc_newcomers and email.rpartition("@")[2] in domains:
        return home, settings.oidc_newcomers, False, False
    return None


def _joined(
    conn: sa.Connection, identity: Identity, email: str, uninvited: Any, now: Moment
) -> Person:
    as_what = _take_invitation(conn, email, now) or uninvited
    if as_what is None:
        raise NotLetIn(f"nobody here has the address {email}; ask an owner to invite it")
    return _add(conn, identity, email, as_what, now)


def _take_invitation(conn: sa.Connection, email: str, now: Moment) -> Any:
    """End the newest open invitation of an address; return workspace, role and rights, or None."""
    columns = tables.invitations.c
    good = sa.and_(columns.email == email, columns.ended_at.is_(None), columns.expires_at > now)
    found = conn.execute(
        sa.select(columns.id).where(good).order_by(columns.created_at.desc(), columns.id).limit(1)
    ).scalar()
    return conn.execute(
        sa.update(tables.invitations)
        .where(columns.id == found, good)
        .values(ended_at=now)
        .returning(columns.workspace_id, columns.role, columns.view_personal, columns.analytics)
    ).first()


def _add(conn: sa.Connection, identity: Identity, email: str, as_what: Any, now: Moment) -> Person:
    workspace_id, role, view_personal, analytics = as_what
    try:
        name = named(visible(identity.name[:LONGEST_NAME]))
    except Invalid:
        name = email.partition("@")[0][:LONGEST_NAME]
    person = Person(
        id=new_id("per"),
        workspace_id=workspace_id,
        email=email,
        name=name,
        role=Role(role),
        view_personal=view_personal,
        analytics=analytics,
        created_at=now,
        updated_at=now,
        updated_by=name,
        disabled_at=None,
    )
    try:
        people.join(conn, person, NO_PASSWORD)
    except Conflict:
        raise NotLetIn("somebody with this address has just come in; begin again") from None
    return person
