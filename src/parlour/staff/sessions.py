"""The sessions of people who are signed in, which end at once when they are ended."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa

from parlour import events
from parlour.config import Settings
from parlour.events import Kind
from parlour.kit.clock import MINUTE, SECOND, Moment
from parlour.kit.errors import NotFound, StorageFull, Unauthorized, Unavailable
from parlour.kit.tokens import new_id, new_secret
from parlour.rights import Permission, Who
from parlour.staff import store, tables
from parlour.staff.model import LONGEST_SESSION, Person
from parlour.staff.people import announce, person_who
from parlour.staff.standing import elsewhere
from parlour.tools import Tools

PREFIX: Final = "parlour_session"
"""What every session's secret begins with, for leak scanners."""
KEPT_SECONDS: Final = LONGEST_SESSION // SECOND
"""For how long a browser keeps the cookie, at the longest."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A person in the session they are signed in by."""

    person: Person
    session_id: str
    second_step: bool = False
    """Whether they are asked for a code when they sign in."""
    has_password: bool = True
    elsewhere: frozenset[str] = frozenset()
    """The agents that only teams look after which this person is not in."""
    place: str = ""
    """The network address from where they act."""

    @property
    def who(self) -> Who:
        """The person as the one who acts."""
        return replace(person_who(self.person), elsewhere=self.elsewhere, place=self.place)


async def begin(
    tools: Tools,
    workspace_id: str,
    person_id: str,
    client: str,
    *,
    instead_of: str | None = None,
    place: str = "",
) -> str:
    """Begin a session of a person who has just proved who they are; return its secret.

    The session `instead_of`, a secret, ends.
    """
    secret, former = new_secret(PREFIX), hashes(tools, PREFIX, instead_of)

    def unit(conn: sa.Connection) -> None:
        now = tools.clock.now()
        person = store.find_person(conn, workspace_id, person_id)
        made = tools.keys.hashed(secret)
        start(conn, person, made, client, now=now, former=former, place=place)

    await tools.db.write(unit)
    return secret


def start(
    conn: sa.Connection,
    person: Person,
    hashed: str,
    client: str,
    *,
    now: Moment,
    former: list[str],
    place: str = "",
) -> None:
    """Begin a session in a transaction of the caller's; the one with a `former` hash ends.

    `place` is the network address from where they come.
    """
    session_id = new_id("ses")
    if former:
        conn.execute(
            sa.update(tables.staff_sessions)
            .where(
                tables.staff_sessions.c.hash.in_(former),
                tables.staff_sessions.c.ended_at.is_(None),
            )
            .values(ended_at=now)
        )
    values = {
        "id": session_id,
        "person_id": person.id,
        "hash": hashed,
        "client": client[:100],
        "created_at": now,
        "seen_at": now,
        "expires_at": now + LONGEST_SESSION,
    }
    conn.execute(sa.insert(tables.staff_sessions), values)
    data = {"session": session_id}
    who = replace(person_who(person), place=place)
    events.record(conn, Kind.SESSION_STARTED, who, now, data=data)


async def seat(tools: Tools, secret: str | None) -> Seat:
    """Find who is signed in by a session's secret; Unauthorized when it is none, or is over."""
    hashed, now = hashes(tools, PREFIX, secret), tools.clock.now()
    found = await tools.db.read(_find, hashed, now) if hashed else None
    if found is None or not tools.has(found[1].person.workspace_id):
        raise Unauthorized("sign in first")
    row, seated = found
    if row.seen_at < now - MINUTE:
        # A full disk must not keep anybody from reading.
        with contextlib.suppress(StorageFull, Unavailable):
            await tools.db.write(_touch, row.session_id, now)
    return seated


def _find(conn: sa.Connection, hashed: list[str], now: Moment) -> tuple[Any, Seat] | None:
    row = store.session_of(conn, hashed, now)
    if row is None:
        return None
    person = store.person(row)
    scope = elsewhere(conn, person)
    return row, Seat(person, row.session_id, row.second_step, row.has_password, scope)


def must_add_second_step(settings: Settings, seat: Seat) -> bool:
    """Whether this person has to turn on the second step before anything else."""
    return settings.second_step == "required" and seat.has_password and not seat.second_step


@dataclass(frozen=True, slots=True)
class SignedOut:
    """Why somebody of the staff may look no longer."""

    code: str = "signed_out"
    title: str = "You are signed out"
    detail: str = "Sign in again to go on."
    after_reply: bool = False


@dataclass(frozen=True, slots=True)
class RightsChanged:
    """What somebody may see is not what it was when they began to look."""

    code: str = "rights_changed"
    title: str = "What you may see has changed"
    detail: str = "Load the page again."
    after_reply: bool = False


def onlooker(
    tools: Tools, secret: str | None, permission: Permission
) -> Callable[[sa.Connection], Who | SignedOut | RightsChanged]:
    """Return what finds again who looks on, or why they may not; to look on is not to use it."""
    found = hashes(tools, PREFIX, secret)

    def looked(conn: sa.Connection) -> Who | SignedOut | RightsChanged:
        seated = _find(conn, found, tools.clock.now()) if found else None
        if seated is None:
            return SignedOut()
        now = seated[1]
        if must_add_second_step(tools.settings, now) or not now.who.may(permission):
            return RightsChanged()
        return now.who

    return looked


def judge(
    tools: Tools, secret: str | None, who: Who, permission: Permission
) -> Callable[[sa.Connection], SignedOut | RightsChanged | None]:
    """Return what judges again whether somebody who looks on may see what they saw; None is yes."""
    looked = onlooker(tools, secret, permission)

    def judged(conn: sa.Connection) -> SignedOut | RightsChanged | None:
        found = looked(conn)
        if not isinstance(found, Who):
            return found
        same = (found.sees_personal, found.elsewhere) == (who.sees_personal, who.elsewhere)
        return None if same else RightsChanged()

    return judged


async def end(tools: Tools, who: Who, person_id: str, session_id: str) -> None:
    """End one session of a person at once; NotFound when it is not there any more."""

    def unit(conn: sa.Connection) -> None:
        person = store.find_person(conn, who.workspace_id, person_id)
        now = tools.clock.now()
        if not store.end_sessions(conn, person.id, now, only=session_id):
            raise NotFound("this session has ended already")
        data = {"person": person.id, "session": session_id}
        events.record(conn, Kind.SESSION_ENDED, who, now, data=data)
        announce(conn, tools, person.id)

    await tools.db.write(unit)


async def end_all(tools: Tools, who: Who, person_id: str, *, but: str = "") -> int:
    """End all sessions of a person at once, or all `but` one; return how many there were."""

    def unit(conn: sa.Connection) -> int:
        person = store.find_person(conn, who.workspace_id, person_id)
        now = tools.clock.now()
        ended = store.end_sessions(conn, person.id, now, but=but)
        if ended:
            data = {"person": person.id, "sessions": ended}
            events.record(conn, Kind.SESSION_ENDED, who, now, data=data)
            announce(conn, tools, person.id)
        return ended

    return await tools.db.write(unit)


def hashes(tools: Tools, prefix: str, secret: str | None) -> list[str]:
    """Hash a secret for finding what it opens; none when it is not of the form."""
    if secret is None or not secret.startswith(prefix + "_"):
        return []
    return tools.keys.hashes(secret)


def _touch(conn: sa.Connection, session_id: str, now: Moment) -> None:
    conn.execute(
        sa.update(tables.staff_sessions)
        .where(tables.staff_sessions.c.id == session_id)
        .values(seen_at=now)
    )
