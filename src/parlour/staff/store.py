"""The rows of people, their sessions and their invitations."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from parlour.kit.clock import Moment
from parlour.kit.errors import NotFound
from parlour.rights import Role
from parlour.staff.model import IDLE, Invitation, Person, Session
from parlour.staff.tables import half_sessions, invitations, people, second_steps, staff_sessions

_PERSON = [people.c[name] for name in Person.__slots__]
_SESSION = [staff_sessions.c[name] for name in Session.__slots__]
_INVITATION = [invitations.c[name] for name in Invitation.__slots__]


def every_person(conn: sa.Connection, workspace_id: str) -> list[Person]:
    """List a workspace's people by name, those who may not come in last."""
    found = conn.execute(
        sa.select(*_PERSON)
        .where(people.c.workspace_id == workspace_id)
        .order_by(people.c.disabled_at.is_not(None), sa.func.lower(people.c.name), people.c.id)
    )
    return [person(row) for row in found]


def names(conn: sa.Connection, person_ids: Collection[str]) -> dict[str, str]:
    """Return the names of these people by id."""
    wanted = sa.select(people.c.id, people.c.name).where(people.c.id.in_(person_ids))
    return {row.id: row.name for row in conn.execute(wanted)}


def role_seated(conn: sa.Connection, person_id: str, now: Moment) -> Role | None:
    """Return what somebody is just now, in whatever workspace; None for who is not signed in."""
    is_in = sa.exists().where(staff_sessions.c.person_id == people.c.id, *_is_good(now))
    wanted = sa.select(people.c.role).where(
        people.c.id == person_id, people.c.disabled_at.is_(None), is_in
    )
    found = conn.execute(wanted).scalar()
    return None if found is None else Role(found)


def by_id(conn: sa.Connection, person_id: str) -> Person | None:
    """Find a person of whatever workspace; None when there is nobody of that id."""
    row = conn.execute(sa.select(*_PERSON).where(people.c.id == person_id[:40])).first()
    return None if row is None else person(row)


def owners_and(conn: sa.Connection, person_ids: Collection[str]) -> list[Person]:
    """List the owners of all workspaces, and these people, unless they are shut out."""
    found = sa.select(*_PERSON).where(people.c.disabled_at.is_(None))
    every = [person(row) for row in conn.execute(found.order_by(people.c.id))]
    return [each for each in every if each.role is Role.OWNER or each.id in person_ids]


def find_person(conn: sa.Connection, workspace_id: str, person_id: str) -> Person:
    """Find a person of a workspace; NotFound when there is none of that id."""
    row = conn.execute(
        sa.select(*_PERSON).where(
            people.c.id == person_id[:40], people.c.workspace_id == workspace_id
        )
    ).first()
    if row is None:
        raise NotFound("there is nobody of that id")
    return person(row)


def hold_person(conn: sa.Connection, workspace_id: str, person_id: str) -> Person:
    """Read a person whom nobody else changes until the transaction ends.

    All owners are held, too, always in the same order, so that no two of them can each be the
    last to go.
    """
    conn.execute(
        sa.select(people.c.id)
        .where(
            people.c.workspace_id == workspace_id,
            sa.or_(people.c.role == Role.OWNER.value, people.c.id == person_id[:40]),
        )
        .order_by(people.c.id)
        .with_for_update()
    ).all()
    return find_person(conn, workspace_id, person_id)


def hold_password(conn: sa.Connection, workspace_id: str, person_id: str) -> tuple[Person, str]:
    """Read a person and what is kept of their password, which nobody changes meanwhile."""
    kept: str = conn.execute(
        sa.select(people.c.password)
        .where(people.c.id == person_id, people.c.workspace_id == workspace_id)
        .with_for_update()
    ).scalar_one()
    return find_person(conn, workspace_id, person_id), kept


def has_owner(conn: sa.Connection) -> bool:
    """Whether this instance was ever taken by an owner."""
    wanted = sa.select(people.c.id).where(people.c.role == Role.OWNER.value)
    return conn.execute(wanted.limit(1)).first() is not None


def workspace_owners(conn: sa.Connection, workspace_id: str) -> list[str]:
    """Return the ids of a workspace's owners who can come in."""
    wanted = sa.select(people.c.id).where(
        people.c.workspace_id == workspace_id,
        people.c.role == Role.OWNER.value,
        people.c.disabled_at.is_(None),
    )
    return list(conn.execute(wanted).scalars())


def change_person(
    conn: sa.Connection, held: Person, now: Moment, by: str, values: dict[str, Any]
) -> Moment:
    """Change columns of a person who is held; return `updated_at`, which always grows."""
    at = max(now, held.updated_at + 1)
    conn.execute(
        sa.update(people)
        .where(people.c.id == held.id)
        .values(updated_at=at, updated_by=by[:200], **values)
    )
    return at


def password_of(conn: sa.Connection, email: str) -> Any:
    """Find the row with id and password of whoever has this address and may come in; or None."""
    return conn.execute(
        sa.select(people.c.id, people.c.workspace_id, people.c.password, people.c.role).where(
            people.c.email == email, people.c.disabled_at.is_(None)
        )
    ).first()


def by_email(conn: sa.Connection, email: str) -> Person | None:
    """Find whoever has this address, in whatever workspace."""
    row = conn.execute(sa.select(*_PERSON).where(people.c.email == email)).first()
    return None if row is None else person(row)


def session_of(conn: sa.Connection, hashes: list[str], now: Moment) -> Any:
    """Find the row of the good session with one of these hashes, and whose it is; or None."""
    columns = staff_sessions.c
    return conn.execute(
        sa.select(
            columns.id.label("session_id"),
            columns.seen_at,
            columns.expires_at,
            second_steps.c.confirmed_at.is_not(None).label("second_step"),
            (people.c.password != "").label("has_password"),
            *_PERSON,
        )
        .join(people, people.c.id == columns.person_id)
        .outerjoin(second_steps, second_steps.c.person_id == people.c.id)
        .where(columns.hash.in_(hashes), *_is_good(now), people.c.disabled_at.is_(None))
    ).first()


def _is_good(now: Moment) -> tuple[sa.ColumnElement[bool], ...]:
    columns = staff_sessions.c
    return (columns.ended_at.is_(None), columns.expires_at > now, columns.seen_at > now - IDLE)


def sessions_of(conn: sa.Connection, person_id: str, now: Moment) -> list[Session]:
    """List a person's good sessions, the one used last first."""
    columns = staff_sessions.c
    found = conn.execute(
        sa.select(*_SESSION)
        .where(columns.person_id == person_id, *_is_good(now))
        .order_by(columns.seen_at.desc(), columns.id)
    )
    return [Session(*row) for row in found]


def last_seen(conn: sa.Connection, workspace_id: str) -> dict[str, Moment]:
    """Return when each person was last here, by their id; who never came is not in it."""
    columns = staff_sessions.c
    found = conn.execute(
        sa.select(columns.person_id, sa.func.max(columns.seen_at))
        .join(people, people.c.id == columns.person_id)
        .where(people.c.workspace_id == workspace_id)
        .group_by(columns.person_id)
    )
    return {row[0]: row[1] for row in found}


def end_sessions(
    conn: sa.Connection, person_id: str, now: Moment, *, only: str | None = None, but: str = ""
) -> int:
    """End a person's sessions, all or `only` one or all `but` one; return how many ended.

    Unless it is only one, whoever is half signed in as this person is not any more, either.
    """
    columns = staff_sessions.c
    wanted = sa.update(staff_sessions).where(
        columns.person_id == person_id, columns.ended_at.is_(None), columns.id != but
    )
    if only is not None:
        wanted = wanted.where(columns.id == only[:40])
    else:
        conn.execute(sa.delete(half_sessions).where(half_sessions.c.person_id == person_id))
    return conn.execute(wanted.values(ended_at=now)).rowcount


def open_invitations(conn: sa.Connection, workspace_id: str, now: Moment) -> list[Invitation]:
    """List the invitations that can still be accepted, newest first."""
    columns = invitations.c
    found = conn.execute(
        sa.select(*_INVITATION)
        .where(
            columns.workspace_id == workspace_id,
            columns.ended_at.is_(None),
            columns.expires_at > now,
        )
        .order_by(columns.created_at.desc(), columns.id)
    )
    return [invitation(row) for row in found]


def open_invitation(conn: sa.Connection, hashes: list[str], now: Moment) -> Invitation:
    """Find the invitation with one of these hashes; NotFound when it can not be accepted.

    Its code is `invitation_taken` where who was invited is here by now.
    """
    columns = invitations.c
    row = conn.execute(
        sa.select(*_INVITATION, columns.ended_at).where(columns.hash.in_(hashes))
    ).first()
    if row is not None and row.ended_at is None and row.expires_at > now:
        return invitation(row)
    if row is not None and row.ended_at is not None and by_email(conn, row.email) is not None:
        raise NotFound("this invitation was taken", code="invitation_taken")
    raise NotFound("this invitation has ended or was never made")


def person(row: Any) -> Person:
    """Make a person of a row."""
    values = {name: getattr(row, name) for name in Person.__slots__}
    return Person(**{**values, "role": Role(row.role)})


def invitation(row: Any) -> Invitation:
    """Make an invitation of a row."""
    values = {name: getattr(row, name) for name in Invitation.__slots__}
    return Invitation(**{**values, "role": Role(row.role)})
