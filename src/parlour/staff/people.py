"""The people of a workspace: adding, changing, shutting out, and changing one's own account."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from parlour import events
from parlour.events import Kind
from parlour.kit.clock import Moment
from parlour.kit.db import after_commit, insert_or_ignore
from parlour.kit.errors import Conflict, FieldError, Invalid, NotFound, Stale
from parlour.kit.tokens import new_id
from parlour.rights import Role, Who
from parlour.staff import passwords, store, tables
from parlour.staff.model import Person, canonical, named, require_password
from parlour.tools import Tools


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody to be added, with the password they chose."""

    workspace_id: str
    email: str
    name: str
    role: Role
    password: str
    view_personal: bool = False
    analytics: bool = False


def topic(id_: str) -> str:
    """Name the topic on which is told that what somebody, or a key, may do has changed."""
    return f"person:{id_}"


def announce(conn: sa.Connection, tools: Tools, id_: str) -> None:
    """Have what is looked at just now by somebody's right judged again, after the commit."""
    after_commit(conn, lambda: tools.bus.publish(topic(id_), "changed"))


def person_who(person: Person) -> Who:
    """Return a person as the one who acts."""
    return Who(
        "person",
        person.id,
        person.name,
        person.workspace_id,
        person.role,
        sees_personal=person.sees_personal,
        analytics=person.analytics,
    )


async def prepared(new: NewPerson, now: Moment, by: str | None = None) -> tuple[Person, str]:
    """Check who shall be added, and hash their password; `by` is themselves when not given.

    Raises:
        Invalid: the address, the name or the password cannot be taken.
    """
    email, name = canonical(new.email), named(new.name)
    require_password(new.password, email)
    person = Person(
        id=new_id("per"),
        workspace_id=new.workspace_id,
        email=email,
        name=name,
        role=new.role,
        view_personal=new.view_personal,
        analytics=new.analytics,
        created_at=now,
        updated_at=now,
        updated_by=by or name,
        disabled_at=None,
    )
    return person, await passwords.hashed(new.password)


def join(conn: sa.Connection, person: Person, password: str, who: Who | None = None) -> None:
    """Add a person, in a transaction of the caller's; Conflict when the address is taken.

    As soon as there is an owner, the codes of the first start are of no use to anybody.
    """
    values = {name: getattr(person, name) for name in Person.__slots__}
    added = conn.execute(
        insert_or_ignore(conn, tables.people).returning(tables.people.c.id),
        {**values, "role": person.role.value, "password": password},
    ).first()
    if added is None:
        raise taken(person.email)
    if person.role is Role.OWNER:
        conn.execute(sa.delete(tables.setup_codes))
    data = {"person": person.id, "role": person.role.value}
    events.record(conn, Kind.PERSON_JOINED, who or person_who(person), person.created_at, data=data)


def taken(email: str) -> Conflict:
    """Make the refusal of an address that somebody has."""
    said = "somebody has this address already"
    return Conflict(f"{email}: {said}", code="email_taken", errors=[FieldError("email", said)])


async def add(tools: Tools, who: Who, new: NewPerson) -> Person:
    """Add a person outright, with a password; whoever does this must be trusted with it."""
    person, password = await prepared(new, tools.clock.now(), who.name)
    await tools.db.write(join, person, password, who)
    return person


async def change(
    tools: Tools,
    who: Who,
    person_id: str,
    *,
    role: Role | None = None,
    view_personal: bool | None = None,
    analytics: bool | None = None,
    seen: Moment | None = None,
) -> Person:
    """Change what a person is; it holds from their next request on.

    Raises:
        Stale: somebody changed them since `seen`; it says who. Conflict: nobody would be left
        who is an owner. NotFound: there is nobody of that id.
    """

    def unit(conn: sa.Connection) -> Person:
        held = store.hold_person(conn, who.workspace_id, person_id)
        _require_seen(held, seen)
        wanted_role = held.role if role is None else role
        values: dict[str, Any] = {
            "role": wanted_role.value,
            "view_personal": held.view_personal if view_personal is None else view_personal,
            "analytics": held.analytics if analytics is None else analytics,
        }
        if all(getattr(held, name) == wanted for name, wanted in values.items()):
            return held
        if wanted_role is not Role.OWNER:
            _require_another_owner(conn, held)
        now = tools.clock.now()
        at = store.change_person(conn, held, now, who.name, values)
        data = {"person": held.id, "from": held.role.value, **values}
        events.record(conn, Kind.PERSON_CHANGED, who, at, data=data)
        announce(conn, tools, held.id)
        return store.find_person(conn, who.workspace_id, held.id)

    return await tools.db.write(unit)


async def disable(tools: Tools, who: Who, person_id: str) -> Person:
    """Shut a person out at once: no sign-in, no session. What they did stays.

    Raises:
        Conflict: it is whoever asks, or the last owner. NotFound: there is nobody of that id.
    """

    def unit(conn: sa.Connection) -> Person:
        held = store.hold_person(conn, who.workspace_id, person_id)
        if held.disabled_at is not None:
            return held
        if held.id == who.id:
            raise Conflict("nobody can shut themselves out; another owner can")
        _require_another_owner(conn, held)
        now = tools.clock.now()
        store.change_person(conn, held, now, who.name, {"disabled_at": now})
        store.end_sessions(conn, held.id, now)
        events.record(conn, Kind.PERSON_DISABLED, who, now, data={"person": held.id})
        announce(conn, tools, held.id)
        return store.find_person(conn, who.workspace_id, held.id)

    return await tools.db.write(unit)


async def enable(tools: Tools, who: Who, person_id: str) -> Person:
    """Let a person in again, with the password they had; NotFound for nobody of that id."""

    def unit(conn: sa.Connection) -> Person:
        held = store.hold_person(conn, who.workspace_id, person_id)
        if held.disabled_at is None:
            return held
        now = tools.clock.now()
        store.change_person(conn, held, now, who.name, {"disabled_at": None})
        events.record(conn, Kind.PERSON_ENABLED, who, now, data={"person": held.id})
        return store.find_person(conn, who.workspace_id, held.id)

    return await tools.db.write(unit)


async def rename(tools: Tools, who: Who, name: str) -> Person:
    """Change one's own name; Invalid when it cannot be one."""
    made = named(name)

    def unit(conn: sa.Connection) -> Person:
        held = store.hold_person(conn, who.workspace_id, who.id)
        if made == held.name:
            return held
        at = store.change_person(conn, held, tools.clock.now(), made, {"name": made})
        data = {"person": held.id, "name": made}
        events.record(conn, Kind.PERSON_CHANGED, who, at, data=data)
        return store.find_person(conn, who.workspace_id, held.id)

    return await tools.db.write(unit)


async def change_password(
    tools: Tools, person: Person, old: str, new: str, *, session_id: str
) -> int:
    """Change one's own password; every other session of theirs ends. Return how many did.

    Raises:
        Invalid: the old password is not the one, or the new one is not good enough.
    """
    kept = await tools.db.read(store.password_of, person.email)
    if kept is None or not await passwords.fits(old, kept.password):
        raise _not_yours()
    require_password(new, person.email, "new")
    made = await passwords.hashed(new)

    def unit(conn: sa.Connection) -> int:
        held, now_kept = store.hold_password(conn, person.workspace_id, person.id)
        if now_kept != kept.password:
            raise _not_yours()  # somebody gave them another one while these two were hashed
        announce(conn, tools, held.id)
        return _set_password(conn, tools.clock.now(), person_who(held), held, made, but=session_id)

    return await tools.db.write(unit)


async def reset_password(tools: Tools, who: Who, email: str, new: str) -> Person:
    """Give a person a new password, and end all their sessions; NotFound for nobody's address."""
    person = await tools.db.read(store.by_email, canonical(email))
    if person is None or person.workspace_id != who.workspace_id:
        raise NotFound("nobody here has that address")
    require_password(new, person.email)
    made = await passwords.hashed(new)

    def unit(conn: sa.Connection) -> None:
        held = store.hold_person(conn, who.workspace_id, person.id)
        announce(conn, tools, held.id)
        _set_password(conn, tools.clock.now(), who, held, made)

    await tools.db.write(unit)
    return person


def _set_password(
    conn: sa.Connection, now: Moment, who: Who, held: Person, made: str, *, but: str = ""
) -> int:
    store.change_person(conn, held, now, who.name, {"password": made})
    ended = store.end_sessions(conn, held.id, now, but=but)
    events.record(conn, Kind.PERSON_PASSWORD_CHANGED, who, now, data={"person": held.id})
    return ended


def _not_yours() -> Invalid:
    said = "is not the password you have now"
    return Invalid(f"this {said}", errors=[FieldError("old", said)])


def _require_seen(held: Person, seen: Moment | None) -> None:
    if seen is not None and seen != held.updated_at:
        raise Stale(f"{held.updated_by} changed this meanwhile; look again before you save")


def _require_another_owner(conn: sa.Connection, held: Person) -> None:
    if held.role is not Role.OWNER or held.disabled_at is not None:
        return
    others = [each for each in store.workspace_owners(conn, held.workspace_id) if each != held.id]
    if not others:
        raise Conflict(f"{held.name} is the last owner; make somebody else an owner first")
