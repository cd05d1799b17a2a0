"""What somebody who did something earlier may do now: people and keys come, change, and go."""

from dataclasses import replace

import sqlalchemy as sa

from parlour import rights
from parlour.kit.clock import Moment
from parlour.kit.errors import NotFound
from parlour.rights import Permission, Role, Who
from parlour.staff import store
from parlour.staff.keys import api_keys
from parlour.staff.model import Person
from parlour.staff.people import person_who
from parlour.staff.teams import store as teams


def now_of(conn: sa.Connection, workspace_id: str, kind: str, id_: str, now: Moment) -> Who | None:
    """Return a person, a key or the host as the one who acts now; None for who may not any more.

    Whoever has been shut out, and a key that was revoked or has expired, may do nothing.
    """
    if kind == "person":
        try:
            person = store.find_person(conn, workspace_id, id_)
        except NotFound:
            return None
        if person.disabled_at is not None:
            return None
        return replace(person_who(person), elsewhere=elsewhere(conn, person))
    if kind == "key":
        return _key(conn, workspace_id, id_, now)
    return rights.host(workspace_id) if kind == "host" else None


def elsewhere(conn: sa.Connection, person: Person) -> frozenset[str]:
    """Return the agents whose conversations somebody does not see, because of teams."""
    if person_who(person).may(Permission.CONVERSATIONS_ALL):
        return frozenset()
    return teams.elsewhere(conn, person.workspace_id, person.id)


def ends_at(conn: sa.Connection, kind: str, id_: str) -> Moment | None:
    """Return from when on somebody may do nothing more, if that is known: a key that expires."""
    if kind != "key":
        return None
    wanted = sa.select(api_keys.c.expires_at).where(api_keys.c.id == id_)
    end: Moment | None = conn.execute(wanted).scalar()
    return end


def _key(conn: sa.Connection, workspace_id: str, key_id: str, now: Moment) -> Who | None:
    columns = api_keys.c
    row = conn.execute(
        sa.select(columns.name, columns.role, columns.agent_id, columns.view_personal).where(
            columns.id == key_id,
            columns.workspace_id == workspace_id,
            columns.revoked_at.is_(None),
            sa.or_(columns.expires_at.is_(None), columns.expires_at > now),
        )
    ).first()
    if row is None:
        return None
    return Who(
        "key",
        key_id,
        row.name,
        workspace_id,
        Role(row.role),
        row.agent_id,
        sees_personal=row.view_personal,
    )
