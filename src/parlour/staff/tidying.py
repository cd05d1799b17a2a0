"""Deleting what is over and of no use to anybody: sessions, invitations, half-done sign-ins."""

import sqlalchemy as sa

from parlour.kit.clock import DAY, Moment
from parlour.staff import tables
from parlour.staff.model import IDLE
from parlour.staff.second_step import store as second_step

KEPT: Moment = 30 * DAY
"""For how long a session or an invitation that is over is kept, for whoever looks into it."""


def tidy(conn: sa.Connection, now: Moment) -> None:
    """Delete what has been over for a month. Of each person's sessions the last one stays.

    It tells when they were last here.
    """
    second_step.tidy(conn, now)
    before = now - KEPT
    ours, later = tables.staff_sessions.c, tables.staff_sessions.alias("later").c
    over = sa.or_(ours.ended_at < before, ours.expires_at < before, ours.seen_at < before - IDLE)
    younger = sa.exists().where(
        later.person_id == ours.person_id,
        sa.tuple_(later.seen_at, later.id) > sa.tuple_(ours.seen_at, ours.id),
    )
    conn.execute(sa.delete(tables.staff_sessions).where(over, younger))
    columns = tables.invitations.c
    conn.execute(
        sa.delete(tables.invitations).where(
            sa.or_(columns.ended_at < before, columns.expires_at < before)
        )
    )
