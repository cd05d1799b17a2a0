"""Signing in: a password, and the code of an app where somebody has that second step."""

from dataclasses import dataclass, replace
from typing import Final, Protocol

import sqlalchemy as sa

from parlour import events
from parlour.events import Kind
from parlour.kit.errors import Invalid, NotFound, Problem, Unauthorized
from parlour.kit.tokens import new_secret
from parlour.rights import Role
from parlour.staff import passwords, sessions, store, tables
from parlour.staff.model import canonical, may_use_password
from parlour.staff.people import person_who
from parlour.staff.second_step import store as steps
from parlour.staff.second_step.proving import Proof, Verdict, prove
from parlour.staff.second_step.rules import FREE, HALF_LASTS
from parlour.tools import Tools

HALF_PREFIX: Final = "parlour_half"
"""What the secret of somebody who is half signed in begins with, for leak scanners."""


class SignInRefused(Problem):
    """Address and password do not belong together; it is not said which of them is wrong."""

    status = 422
    title = "Not signed in"
    default_code = "sign_in_refused"


@dataclass(frozen=True, slots=True)
class Entrance:
    """Somebody who has come in, or half in: the secret of a session, or what a code completes."""

    secret: str
    half: bool = False


async def by_password(
    tools: Tools,
    email: str,
    password: str,
    client: str,
    *,
    instead_of: str | None = None,
    place: str = "",
) -> Entrance:
    """Come in by a password; the session `instead_of`, a secret, ends.

    Raises:
        SignInRefused: for an unknown address, a wrong password, one who is shut out, and one whose
        role has to come by the provider, alike and after the same time.
    """
    try:
        address = canonical(email)
    except Invalid:
        address = ""
    found = await tools.db.read(store.password_of, address)
    fitting = await passwords.fits(password, found.password if found is not None else None)
    # At another workspace's host nobody has this address.
    if found is not None and not tools.has(found.workspace_id):
        found = None
    if not fitting or not found or not may_use_password(tools.settings, Role(found.role)):
        raise _refused()
    return await come_in(
        tools, found, client, instead_of=instead_of, fitted=found.password, place=place
    )


class Proved(Protocol):
    """Somebody who has just proved who they are."""

    @property
    def id(self) -> str: ...
    @property
    def workspace_id(self) -> str: ...


async def come_in(
    tools: Tools,
    proved: Proved,
    client: str,
    *,
    instead_of: str | None = None,
    fitted: str | None = None,
    place: str = "",
) -> Entrance:
    """Let somebody in who has just proved who they are, or half in when there is a second step.

    Raises:
        SignInRefused: they were shut out meanwhile, or the password whose hash `fitted` is not
        theirs any more.
    """
    if not tools.has(proved.workspace_id):
        raise _refused()
    whole, half = new_secret(sessions.PREFIX), new_secret(HALF_PREFIX)
    former = sessions.hashes(tools, sessions.PREFIX, instead_of)

    def unit(conn: sa.Connection) -> Entrance:
        now = tools.clock.now()
        # Held, so that whoever changes a password just now ends this session, too.
        person, kept = store.hold_password(conn, proved.workspace_id, proved.id)
        if person.disabled_at is not None or (fitted is not None and kept != fitted):
            raise _refused()
        if steps.told(conn, person.id) is None:
            hashed = tools.keys.hashed(whole)
            sessions.start(conn, person, hashed, client, now=now, former=former, place=place)
            return Entrance(whole)
        values = {"hash": tools.keys.hashed(half), "person_id": person.id, "tries": 0}
        conn.execute(sa.insert(tables.half_sessions), {**values, "expires_at": now + HALF_LASTS})
        return Entrance(half, half=True)

    return await tools.db.write(unit)


async def is_half_in(tools: Tools, secret: str | None) -> bool:
    """Whether somebody with this secret may try a code."""
    found = sessions.hashes(tools, HALF_PREFIX, secret)
    now = tools.clock.now()
    return bool(found) and await tools.db.read(steps.half_of, found, now) is not None


async def by_code(
    tools: Tools,
    half: str | None,
    typed: str,
    client: str,
    *,
    instead_of: str | None = None,
    place: str = "",
) -> str:
    """Come in whole: return the secret of a session. What was half is over then.

    Raises:
        Unauthorized: nobody is half in by this secret, or not any more. WrongCode: the code is
        not good, or was used. TooMany: others were wrong just now.
    """
    hashed, secret = sessions.hashes(tools, HALF_PREFIX, half), new_secret(sessions.PREFIX)
    former = sessions.hashes(tools, sessions.PREFIX, instead_of)

    def unit(conn: sa.Connection) -> Proof:
        now = tools.clock.now()
        row = steps.half_of(conn, hashed, now) if hashed else None
        if row is None:
            raise Unauthorized("this has taken too long; sign in again")
        person = store.find_person(conn, row.workspace_id, row.person_id)
        proof = prove(conn, tools.keys, person.id, typed, now)
        if proof.verdict is Verdict.OFF:
            raise Unauthorized("sign in again")
        if proof.verdict is not Verdict.GOOD:
            _count(conn, row.hash, proof)
            if proof.verdict is Verdict.WRONG and proof.wrong >= FREE:
                data = {"person": person.id, "wrong": proof.wrong}
                who = replace(person_who(person), place=place)
                events.record(conn, Kind.SESSION_REFUSED, who, now, data=data)
            return proof
        _end(conn, row.hash)
        made = tools.keys.hashed(secret)
        sessions.start(conn, person, made, client, now=now, former=former, place=place)
        return proof

    refusal = (await tools.db.write(unit)).refusal()
    if refusal is not None:
        raise refusal
    return secret


def _count(conn: sa.Connection, hashed: str, proof: Proof) -> None:
    """Count a wrong code; who has to wait keeps their tries."""
    if proof.verdict is Verdict.WRONG:
        half = tables.half_sessions
        conn.execute(sa.update(half).where(half.c.hash == hashed).values(tries=half.c.tries + 1))


def _end(conn: sa.Connection, hashed: str) -> None:
    """End what was half; NotFound for the second of two who complete it at the same time."""
    half = tables.half_sessions
    if not conn.execute(sa.delete(half).where(half.c.hash == hashed)).rowcount:
        raise NotFound("this has just been completed")


def _refused() -> SignInRefused:
    return SignInRefused("this address and this password do not belong together")
