"""What is deleted when: ended sessions, jobs long dead, answers kept a day, broken uploads."""

import sqlalchemy as sa

from parlour import visitors
from parlour.agents import files
from parlour.kit import once, queue
from parlour.kit.clock import DAY, Moment

DEAD_LETTERS_KEPT = 30 * DAY


def tidy(conn: sa.Connection, now: Moment) -> None:
    """Delete what has long been over and nobody can use any more."""
    queue.forget_dead(conn, now - DEAD_LETTERS_KEPT)
    visitors.forget_expired(conn, now)
    once.forget(conn, now)
    files.drop_broken(conn, now)
