"""Turning the second step on and off, one's own with a code, somebody else's as an owner."""

import sqlalchemy as sa

from parlour import events
from parlour.events import Kind
from parlour.kit.errors import Conflict, FieldError, Gone, Invalid
from parlour.rights import Who
from parlour.staff import passwords, tables
from parlour.staff import store as staff_store
from parlour.staff.model import Person
from parlour.staff.people import announce, person_who
from parlour.staff.second_step import rules, store
from parlour.staff.second_step.proving import Proof, WrongCode, prove, unsealed
from parlour.tools import Tools


async def begin(tools: Tools, person: Person, password: str) -> None:
    """Make a secret that waits for its first code. Whoever has a password proves it is them.

    Raises:
        Invalid: it is not their password. Conflict: the second step is on already.
    """
    kept = await tools.db.read(staff_store.password_of, person.email)
    if kept is None or (kept.password and not await passwords.fits(password, kept.password)):
        said = "is not your password"
        raise Invalid(f"this {said}", errors=[FieldError("password", said)])
    sealed = tools.keys.seal(rules.new_secret())

    def unit(conn: sa.Connection) -> None:
        staff_store.hold_person(conn, person.workspace_id, person.id)
        held = store.hold(conn, person.id)
        if held is not None and held.confirmed_at is not None:
            raise Conflict("your second step is on already")
        store.remove(conn, person.id)
        values = {"person_id": person.id, "secret": sealed, "last_step": 0, "wrong": 0}
        conn.execute(sa.insert(tables.second_steps), {**values, "created_at": tools.clock.now()})

    await tools.db.write(unit)


async def secret(tools: Tools, person: Person) -> str | None:
    """Return the secret that waits for its first code; None when there is none."""
    sealed = await tools.db.read(store.pending, person.id, tools.clock.now())
    return None if sealed is None else unsealed(tools.keys, sealed)


async def confirm(tools: Tools, person: Person, typed: str, *, session_id: str) -> list[str]:
    """Turn the second step on with its first code; return the recovery codes, this once.

    Every other session of theirs ends.

    Raises:
        Gone: no secret waits, or not any more. WrongCode: the code is not of that secret.
    """
    codes = rules.new_recovery_codes()

    def unit(conn: sa.Connection) -> None:
        now, held = tools.clock.now(), store.hold(conn, person.id)
        if (
            held is None
            or held.confirmed_at is not None
            or held.created_at <= now - rules.PENDING_LASTS
        ):
            raise Gone("this has taken too long; begin again")
        plain = rules.plain(typed)
        step = rules.matching(unsealed(tools.keys, held.secret), plain, now, held.last_step)
        if step is None:
            said = "is not the code that your app shows now; is your phone’s clock right?"
            raise WrongCode(f"this {said}", errors=[FieldError("code", said)])
        conn.execute(
            sa.update(tables.second_steps)
            .where(tables.second_steps.c.person_id == person.id)
            .values(confirmed_at=now, last_step=step)
        )
        store.keep_codes(conn, person.id, _hashes(tools, codes))
        staff_store.end_sessions(conn, person.id, now, but=session_id)
        announce(conn, tools, person.id)
        _record(conn, Kind.SECOND_STEP_ON, person_who(person), person.id, now)

    await tools.db.write(unit)
    return codes


async def turn_off(tools: Tools, person: Person, typed: str) -> None:
    """Turn one's own second step off with a code; Problem says why not."""

    def unit(conn: sa.Connection) -> Proof:
        now = tools.clock.now()
        proof = prove(conn, tools.keys, person.id, typed, now)
        if proof.refusal() is None:
            store.remove(conn, person.id)
            announce(conn, tools, person.id)
            _record(conn, Kind.SECOND_STEP_OFF, person_who(person), person.id, now)
        return proof

    _require(await tools.db.write(unit))


async def new_codes(tools: Tools, person: Person, typed: str) -> list[str]:
    """Replace one's recovery codes, with a code; return them, this once. Problem says why not."""
    codes = rules.new_recovery_codes()

    def unit(conn: sa.Connection) -> Proof:
        now = tools.clock.now()
        proof = prove(conn, tools.keys, person.id, typed, now)
        if proof.refusal() is None:
            store.keep_codes(conn, person.id, _hashes(tools, codes))
            _record(conn, Kind.RECOVERY_CODES_MADE, person_who(person), person.id, now)
        return proof

    _require(await tools.db.write(unit))
    return codes


async def reset(tools: Tools, who: Who, person_id: str) -> None:
    """Turn somebody's second step off for them, who lost phone and recovery codes.

    Raises:
        NotFound: there is nobody of that id. Conflict: it is off, or one's own.
    """

    def unit(conn: sa.Connection) -> None:
        person = staff_store.find_person(conn, who.workspace_id, person_id)
        if person.id == who.id:
            raise Conflict("turn your own second step off with a code, on your own page")
        if not store.remove(conn, person.id):
            raise Conflict(f"{person.name} has no second step")
        announce(conn, tools, person.id)
        _record(conn, Kind.SECOND_STEP_OFF, who, person.id, tools.clock.now())

    await tools.db.write(unit)


def _require(proof: Proof) -> None:
    if (refusal := proof.refusal()) is not None:
        raise refusal


def _hashes(tools: Tools, codes: list[str]) -> list[str]:
    return [tools.keys.hashed(rules.plain(code)) for code in codes]


def _record(conn: sa.Connection, kind: Kind, who: Who, person_id: str, now: int) -> None:
    events.record(conn, kind, who, now, data={"person": person_id})
