"""The first start: a code that is printed once lets whoever can read it become the owner."""

import secrets
from typing import Final

import sqlalchemy as sa

from parlour.kit.errors import FieldError, Gone, Invalid
from parlour.staff import people, store, tables
from parlour.staff.model import Person
from parlour.staff.people import NewPerson
from parlour.tools import Tools

_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without those that look like another: 16 of them are 78 bits."""
_GROUPS, _EACH = 4, 4


class WrongCode(Invalid):
    """Not a code that this instance printed."""

    default_code = "wrong_code"


async def new_code(tools: Tools) -> str | None:
    """Make a code for the first start; None when there is an owner, and it is over.

    Every process that starts makes one, and all of them are good until there is an owner.
    """
    groups = ["".join(secrets.choice(_LETTERS) for _ in range(_EACH)) for _ in range(_GROUPS)]
    code = "-".join(groups)

    def unit(conn: sa.Connection) -> bool:
        if store.has_owner(conn):
            return False
        values = {"hash": tools.keys.hashed(_plain(code)), "created_at": tools.clock.now()}
        conn.execute(sa.insert(tables.setup_codes), values)
        return True

    if not await is_open(tools):
        return None
    return code if await tools.db.write(unit) else None


async def is_open(tools: Tools) -> bool:
    """Whether nobody owns this instance yet."""
    return not await tools.db.read(store.has_owner)


async def begin(tools: Tools, code: str, new: NewPerson) -> Person:
    """Make the first owner, once, whoever else tries at the same time.

    Raises:
        Gone: there is an owner. WrongCode: the code is none of ours.
        Invalid: the address, the name or the password cannot be taken.
    """
    hashes = tools.keys.hashes(_plain(code))
    good = await tools.db.read(_is_good, hashes)
    # In this order: somebody who has just become the owner took the code away in the same moment.
    if not await is_open(tools):
        raise _over()
    if not good:
        said = "is not the code this server printed when it started"
        raise WrongCode(f"this {said}", errors=[FieldError("code", said)])
    person, password = await people.prepared(new, tools.clock.now())

    def unit(conn: sa.Connection) -> None:
        # Whoever comes second waits here for the first, and then finds the row gone.
        gone = conn.execute(
            sa.delete(tables.setup_codes).where(tables.setup_codes.c.hash.in_(hashes))
        )
        if not gone.rowcount or store.has_owner(conn):
            raise _over()
        people.join(conn, person, password)

    await tools.db.write(unit)
    return person


def _is_good(conn: sa.Connection, hashes: list[str]) -> bool:
    codes = tables.setup_codes.c.hash
    return conn.execute(sa.select(codes).where(codes.in_(hashes))).first() is not None


def _plain(code: str) -> str:
    return "".join(letter for letter in code.upper()[:100] if letter.isalnum())


def _over() -> Gone:
    return Gone("this is set up already; sign in instead", code="set_up_already")
