"""Signing in and out, and the sessions in between, which end at once when they are ended."""

import contextlib
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from parlour import events
from parlour.events import Kind
from parlour.kit.clock import MINUTE, SECOND
from parlour.kit.errors import Invalid, NotFound, Problem, StorageFull, Unauthorized, Unavailable
from parlour.kit.tokens import new_id, new_secret
from parlour.rights import Who
from parlour.staff import passwords, store
from parlour.staff.model import LONGEST_PASSWORD, LONGEST_SESSION, Person, canonical
from parlour.staff.people import person_who
from parlour.tools import Tools

PREFIX: Final = "parlour_session"
"""What every session's secret begins with, for leak scanners."""
KEPT_SECONDS: Final = LONGEST_SESSION // SECOND
"""For how long a browser keeps the cookie, at the longest."""


class SignInRefused(Problem):
    """Address and password do not belong together; it is not said which of them is wrong."""

    status = 422
    title = "Not signed in"
    default_code = "sign_in_refused"


@dataclass(frozen=True, slots=True)
class Seat:
    """A person in the session they are signed in by."""

    person: Person
    session_id: str

    @property
    def who(self) -> Who:
        """The person as the one who acts."""
        return person_who(self.person)


async def sign_in(
    tools: Tools, email: str, password: str, client: str, *, instead_of: str | None = None
) -> str:
    """Begin a session and return its secret; the session `instead_of`, a secret, ends.

    Raises:
        SignInRefused: for an unknown address, a wrong password and one who is shut out alike,
        after the same time.
    """
    try:
        address = canonical(email)
    except Invalid:
        address = ""
    found = await tools.db.read(store.password_of, address)
    typed = password[: LONGEST_PASSWORD + 1]
    if not await passwords.fits(typed, found.password if found is not None else None) or not found:
        raise SignInRefused("this address and this password do not belong together")
    return await begin(tools, found.workspace_id, found.id, client, instead_of=instead_of)


async def begin(
    tools: Tools,
    workspace_id: str,
    person_id: str,
    client: str,
    *,
    instead_of: str | None = None,
) -> str:
    """Begin a session of a person who has just proved who they are; return its secret."""
    secret, session_id = new_secret(PREFIX), new_id("ses")
    former = _hashes(tools, instead_of)

    def unit(conn: sa.Connection) -> None:
        now = tools.clock.now()
        person = store.find_person(conn, workspace_id, person_id)
        if former:
            conn.execute(
                sa.update(store.staff_sessions)
                .where(
                    store.staff_sessions.c.hash.in_(former),
                    store.staff_sessions.c.ended_at.is_(None),
                )
                .values(ended_at=now)
            )
        values = {
            "id": session_id,
            "person_id": person.id,
            "hash": tools.keys.hashed(secret),
            "client": client[:100],
            "created_at": now,
            "seen_at": now,
            "expires_at": now + LONGEST_SESSION,
        }
        conn.execute(sa.insert(store.staff_sessions), values)
        data = {"session": session_id}
        events.record(conn, Kind.SESSION_STARTED, person_who(person), now, data=data)

    await tools.db.write(unit)
    return secret


async def seat(tools: Tools, secret: str | None) -> Seat:
    """Find who is signed in by a session's secret; Unauthorized when it is none, or is over."""
    hashes, now = _hashes(tools, secret), tools.clock.now()
    row = await tools.db.read(store.session_of, hashes, now) if hashes else None
    if row is None:
        raise Unauthorized("sign in first")
    if row.seen_at < now - MINUTE:
        # A full disk must not keep anybody from reading.
        with contextlib.suppress(StorageFull, Unavailable):
            await tools.db.write(_touch, row.session_id, now)
    return Seat(store.person(row), row.session_id)


async def end(tools: Tools, who: Who, person_id: str, session_id: str) -> None:
    """End one session of a person at once; NotFound when it is not there any more."""

    def unit(conn: sa.Connection) -> None:
        person = store.find_person(conn, who.workspace_id, person_id)
        now = tools.clock.now()
        if not store.end_sessions(conn, person.id, now, only=session_id):
            raise NotFound("this session has ended already")
        data = {"person": person.id, "session": session_id}
        events.record(conn, Kind.SESSION_ENDED, who, now, data=data)

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
        return ended

    return await tools.db.write(unit)


def _hashes(tools: Tools, secret: str | None) -> list[str]:
    if secret is None or not secret.startswith(PREFIX + "_"):
        return []
    return tools.keys.hashes(secret)


def _touch(conn: sa.Connection, session_id: str, now: int) -> None:
    conn.execute(
        sa.update(store.staff_sessions)
        .where(store.staff_sessions.c.id == session_id)
        .values(seen_at=now)
    )
