"""Inviting people by a link that works once, for a week, and taking an invitation."""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from parlour import events
from parlour.events import Kind
from parlour.kit.errors import Conflict, NotFound
from parlour.kit.tokens import new_id, new_secret
from parlour.rights import Role, Who
from parlour.staff import people, store, tables
from parlour.staff.model import INVITED_FOR, Invitation, Person, canonical, may_use_password
from parlour.staff.people import NewPerson
from parlour.tools import Tools

PREFIX: Final = "parlour_invitation"
"""What the token of every invitation begins with, for leak scanners."""


@dataclass(frozen=True, slots=True)
class MadeInvitation:
    """An invitation just made, with the token of its link, which is shown this once."""

    invitation: Invitation
    token: str


async def invite(
    tools: Tools,
    who: Who,
    email: str,
    role: Role,
    *,
    view_personal: bool = False,
    analytics: bool = False,
) -> MadeInvitation:
    """Invite an address. An earlier invitation of it that is still open ends.

    Raises:
        Invalid: it is no address. Conflict: whoever has it is here already.
    """
    now, token = tools.clock.now(), new_secret(PREFIX)
    invitation = Invitation(
        id=new_id("inv"),
        workspace_id=who.workspace_id,
        email=canonical(email),
        role=role,
        view_personal=view_personal,
        analytics=analytics,
        created_at=now,
        created_by=who.name[:200],
        expires_at=now + INVITED_FOR,
    )

    def unit(conn: sa.Connection) -> MadeInvitation:
        if store.by_email(conn, invitation.email) is not None:
            raise people.taken(invitation.email)
        columns = tables.invitations.c
        conn.execute(
            sa.update(tables.invitations)
            .where(
                columns.workspace_id == who.workspace_id,
                columns.email == invitation.email,
                columns.ended_at.is_(None),
            )
            .values(ended_at=now)
        )
        values = {name: getattr(invitation, name) for name in Invitation.__slots__}
        conn.execute(
            sa.insert(tables.invitations),
            {**values, "role": role.value, "hash": tools.keys.hashed(token)},
        )
        data = {"invitation": invitation.id, "role": role.value}
        events.record(conn, Kind.PERSON_INVITED, who, now, data=data)
        return MadeInvitation(invitation, token)

    return await tools.db.write(unit)


async def withdraw(tools: Tools, who: Who, invitation_id: str) -> None:
    """End an invitation that nobody has taken; NotFound when there is no such one."""

    def unit(conn: sa.Connection) -> None:
        now, columns = tools.clock.now(), tables.invitations.c
        ended = conn.execute(
            sa.update(tables.invitations)
            .where(
                columns.id == invitation_id[:40],
                columns.workspace_id == who.workspace_id,
                columns.ended_at.is_(None),
            )
            .values(ended_at=now)
        )
        if not ended.rowcount:
            raise NotFound("there is no open invitation of that id")
        data = {"invitation": invitation_id}
        events.record(conn, Kind.INVITATION_WITHDRAWN, who, now, data=data)

    await tools.db.write(unit)


async def look(tools: Tools, token: str) -> Invitation:
    """Find the invitation that a link's token opens; NotFound when it can not be taken."""
    hashes = tools.keys.hashes(token) if token.startswith(PREFIX + "_") else []
    found = await tools.db.read(store.open_invitation, hashes, tools.clock.now())
    if not tools.has(found.workspace_id):
        raise NotFound("this invitation has ended")
    return found


async def accept(tools: Tools, token: str, name: str, password: str) -> Person:
    """Take an invitation: whoever has its link becomes the person it names, once.

    Raises:
        NotFound: it has ended. Invalid: the name or the password cannot be taken.
        Conflict: somebody has the address meanwhile, or has to come in by the provider.
    """
    found = await look(tools, token)
    if not may_use_password(tools.settings, found.role):
        raise Conflict("people of this role come in by the provider, not by a password")
    new = NewPerson(
        found.workspace_id,
        found.email,
        name,
        found.role,
        password,
        found.view_personal,
        found.analytics,
    )
    person, hashed = await people.prepared(new, tools.clock.now())

    def unit(conn: sa.Connection) -> None:
        now, columns = tools.clock.now(), tables.invitations.c
        ended = conn.execute(
            sa.update(tables.invitations)
            .where(columns.id == found.id, columns.ended_at.is_(None), columns.expires_at > now)
            .values(ended_at=now)
        )
        if not ended.rowcount:
            raise NotFound("this invitation has just ended")
        people.join(conn, person, hashed)

    await tools.db.write(unit)
    return person
