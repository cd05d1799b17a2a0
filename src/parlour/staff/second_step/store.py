"""The rows of second steps, their recovery codes, and of those who are half signed in."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from parlour.kit.clock import Moment
from parlour.staff.second_step.rules import HALF_TRIES, PENDING_LASTS
from parlour.staff.tables import half_sessions, people, recovery_codes, second_steps


@dataclass(frozen=True, slots=True)
class Told:
    """What may be told of somebody's second step."""

    since: Moment
    codes_left: int
    """Recovery codes that were not used yet."""


def told(conn: sa.Connection, person_id: str) -> Told | None:
    """Return what may be told of a person's second step; None when it is off."""
    columns, codes = second_steps.c, recovery_codes.c
    since = conn.execute(
        sa.select(columns.confirmed_at).where(
            columns.person_id == person_id, columns.confirmed_at.is_not(None)
        )
    ).scalar()
    if since is None:
        return None
    left = sa.select(sa.func.count()).where(codes.person_id == person_id, codes.used_at.is_(None))
    return Told(since, conn.execute(left).scalar_one())


def everyone(conn: sa.Connection, workspace_id: str) -> set[str]:
    """Return the ids of a workspace's people whose second step is on."""
    columns = second_steps.c
    found = conn.execute(
        sa.select(columns.person_id)
        .join(people, people.c.id == columns.person_id)
        .where(people.c.workspace_id == workspace_id, columns.confirmed_at.is_not(None))
    )
    return set(found.scalars())


def hold(conn: sa.Connection, person_id: str) -> Any:
    """Read a person's second step, on or not yet, which nobody else changes meanwhile; or None."""
    return conn.execute(
        sa.select(second_steps).where(second_steps.c.person_id == person_id).with_for_update()
    ).first()


def pending(conn: sa.Connection, person_id: str, now: Moment) -> str | None:
    """Return the sealed secret that waits for its first code; None when there is none."""
    columns = second_steps.c
    found: str | None = conn.execute(
        sa.select(columns.secret).where(
            columns.person_id == person_id,
            columns.confirmed_at.is_(None),
            columns.created_at > now - PENDING_LASTS,
        )
    ).scalar()
    return found


def keep_codes(conn: sa.Connection, person_id: str, hashes: Iterable[str]) -> None:
    """Replace a person's recovery codes."""
    conn.execute(sa.delete(recovery_codes).where(recovery_codes.c.person_id == person_id))
    rows = [{"hash": each, "person_id": person_id} for each in hashes]
    conn.execute(sa.insert(recovery_codes), rows)


def spend_code(conn: sa.Connection, person_id: str, hashes: list[str], now: Moment) -> bool:
    """Use a recovery code up; False when it is none, or was used."""
    columns = recovery_codes.c
    spent = conn.execute(
        sa.update(recovery_codes)
        .where(columns.hash.in_(hashes), columns.person_id == person_id, columns.used_at.is_(None))
        .values(used_at=now)
    )
    return spent.rowcount == 1


def remove(conn: sa.Connection, person_id: str) -> bool:
    """Turn a person's second step off, with all that belongs to it; False when it was off."""
    for table in (recovery_codes, half_sessions):
        conn.execute(sa.delete(table).where(table.c.person_id == person_id))
    was = conn.execute(
        sa.delete(second_steps)
        .where(second_steps.c.person_id == person_id)
        .returning(second_steps.c.confirmed_at)
    ).first()
    return was is not None and was.confirmed_at is not None


def half_of(conn: sa.Connection, hashes: list[str], now: Moment) -> Any:
    """Find the half session with one of these hashes, and whose it is; or None."""
    columns = half_sessions.c
    return conn.execute(
        sa.select(columns.hash, columns.person_id, people.c.workspace_id)
        .join(people, people.c.id == columns.person_id)
        .where(
            columns.hash.in_(hashes),
            columns.expires_at > now,
            columns.tries < HALF_TRIES,
            people.c.disabled_at.is_(None),
        )
    ).first()


def tidy(conn: sa.Connection, now: Moment) -> None:
    """Delete half sessions that are over, and secrets that waited in vain."""
    conn.execute(sa.delete(half_sessions).where(half_sessions.c.expires_at <= now))
    columns = second_steps.c
    conn.execute(
        sa.delete(second_steps).where(
            columns.confirmed_at.is_(None), columns.created_at <= now - PENDING_LASTS
        )
    )
