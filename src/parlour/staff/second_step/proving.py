"""Proving oneself by a code: it works once, and wrong ones make the next one wait."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from parlour.kit.clock import SECOND, Moment
from parlour.kit.errors import FieldError, Invalid, Problem, TooMany, Unavailable
from parlour.kit.tokens import Keyring
from parlour.staff import tables
from parlour.staff.second_step import rules, store


class WrongCode(Invalid):
    """Not a code that is good now, or one that was used already; which of them is not said."""

    default_code = "wrong_code"


class Verdict(StrEnum):
    """What came of a code."""

    GOOD = "good"
    WRONG = "wrong"
    WAIT = "wait"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of a code, how many were wrong in a row, and how long to wait for the next."""

    verdict: Verdict
    wrong: int = 0
    wait: Moment = 0

    def refusal(self) -> Problem | None:
        """Return the problem to tell; None for a good code."""
        if self.verdict is Verdict.GOOD:
            return None
        if self.verdict is Verdict.WAIT:
            seconds = -(-self.wait // SECOND)
            return TooMany(
                f"too many wrong codes; wait {_long(seconds)}, or use a recovery code",
                retry_after=seconds,
            )
        said = "is not a code that works now; each works once, for about a minute"
        return WrongCode(f"this {said}", errors=[FieldError("code", said)])


def prove(conn: sa.Connection, keys: Keyring, person_id: str, typed: str, now: Moment) -> Proof:
    """Take a code of a person's app, or a recovery code, in a transaction of the caller's.

    What it changes must be committed whatever came of it: it counts wrong codes. Of two who come
    with the same code at the same time one is refused. Recovery codes are too long to be guessed,
    so they get whoever owns the account in while somebody else makes them wait.
    """
    held = store.hold(conn, person_id)
    if held is None or held.confirmed_at is None:
        return Proof(Verdict.OFF)
    code = rules.plain(typed)
    if rules.is_recovery(code):
        if store.spend_code(conn, person_id, keys.hashes(code), now):
            _set(conn, person_id, wrong=0, wrong_at=None)
            return Proof(Verdict.GOOD)
        return Proof(Verdict.WRONG, held.wrong)
    if left := rules.wait(held.wrong, held.wrong_at, now):
        return Proof(Verdict.WAIT, held.wrong, left)
    step = rules.matching(unsealed(keys, held.secret), code, now, held.last_step)
    if step is None:
        _set(conn, person_id, wrong=held.wrong + 1, wrong_at=now)
        return Proof(Verdict.WRONG, held.wrong + 1)
    _set(conn, person_id, last_step=step, wrong=0, wrong_at=None)
    return Proof(Verdict.GOOD)


def unsealed(keys: Keyring, sealed: str) -> str:
    """Open a sealed secret; Unavailable when this instance does not have its key any more."""
    try:
        return keys.unseal(sealed)
    except ValueError:
        told = "codes cannot be checked, because the secret key has changed; an owner can turn"
        raise Unavailable(f"{told} the second step off") from None


def _set(conn: sa.Connection, person_id: str, **values: Any) -> None:
    steps = tables.second_steps
    conn.execute(sa.update(steps).where(steps.c.person_id == person_id).values(**values))


def _long(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{-(-seconds // 60)} min"
