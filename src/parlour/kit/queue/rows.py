"""The jobs table: every statement on it, one per act, the same on SQLite and PostgreSQL."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from parlour.kit.clock import Moment
from parlour.kit.db import Json, Prepared, metadata

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("key", sa.Text, unique=True),
    sa.Column("payload", Json, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    # From when on the job may be begun: its time, or the end of its lease. None: dead.
    sa.Column("due", sa.BigInteger),
    sa.Column("owner", sa.Text),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("died_at", sa.BigInteger),
    sa.Column("error", sa.Text),
    sa.Index("jobs_due", "due"),
)

job_clocks = sa.Table(
    "job_clocks",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("slot", sa.BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many jobs there are, and since when (a moment) the longest waiting one is due."""

    waiting: int
    running: int
    dead: int
    oldest_due: Moment | None


_COLUMNS = [column.name for column in jobs.c if column.name not in ("died_at", "error")]
_INSERT = {
    "postgresql": Prepared(
        postgresql.insert(jobs).on_conflict_do_nothing(index_elements=["key"]).inline(), _COLUMNS
    ),
    "sqlite": Prepared(
        sqlite.insert(jobs).on_conflict_do_nothing(index_elements=["key"]).inline(), _COLUMNS
    ),
}


def insert(conn: Connection, row: dict[str, Any]) -> bool:
    """Add a job unless a live one has its key; tells whether it was added."""
    return _INSERT[conn.dialect.name].run(conn, **row) == 1


def hurry(conn: Connection, key: str, due: Moment) -> bool:
    """Bring the job of a key forward, if it waits until later; tells whether it did."""
    waits = (jobs.c.key == key) & jobs.c.owner.is_(None) & (jobs.c.due > due)
    return conn.execute(sa.update(jobs).where(waits).values(due=due)).rowcount == 1


_NEXT = (
    sa.select(jobs.c.due)
    .where(
        jobs.c.due <= sa.bindparam("before"), jobs.c.name.in_(sa.bindparam("names", expanding=True))
    )
    .order_by(jobs.c.due)
    .limit(1)
)


def next_due(conn: Connection, before: Moment, names: list[str]) -> Moment | None:
    """Return when the next job is due that these names can run, if that is by `before`."""
    found = conn.execute(_NEXT, {"before": before, "names": names}).scalar()
    return None if found is None else int(found)


_PICKED = (
    sa.select(jobs.c.id)
    .where(
        jobs.c.due <= sa.bindparam("at"),
        jobs.c.name.in_(sa.bindparam("names", expanding=True)),
        jobs.c.id.not_in(sa.bindparam("held", expanding=True)),
    )
    .order_by(jobs.c.due)
    .limit(sa.bindparam("most"))
    # SQLite has one writer at a time and leaves this out.
    .with_for_update(skip_locked=True)
    .cte("picked")
)
_CLAIM = (
    sa.update(jobs)
    .where(jobs.c.id.in_(sa.select(_PICKED.c.id)))
    .values(
        owner=sa.bindparam("by"),
        due=sa.bindparam("until"),
        epoch=jobs.c.epoch + 1,
    )
    .returning(jobs.c.id, jobs.c.name, jobs.c.payload, jobs.c.failures, jobs.c.epoch)
)


def claim(
    conn: Connection,
    by: str,
    *,
    at: Moment,
    until: Moment,
    names: Collection[str],
    held: Collection[str],
    most: int,
) -> list[Any]:
    """Lease the most urgent jobs that are due, whoever had them, except those `held` here."""
    values = {
        "by": by,
        "at": at,
        "until": until,
        "names": list(names),
        "held": list(held),
        "most": most,
    }
    return list(conn.execute(_CLAIM, values))


class Lease(NamedTuple):
    """A claim to a job: of one process, at one epoch. A later claim beats it."""

    job: str
    at_epoch: int
    by: str


_MINE = (jobs.c.owner == sa.bindparam("by"), jobs.c.id.in_(sa.bindparam("ids", expanding=True)))
_RENEW = sa.update(jobs).where(*_MINE).values(due=sa.bindparam("until")).returning(jobs.c.id)


def renew(conn: Connection, ids: Collection[str], by: str, until: Moment) -> set[str]:
    """Extend these leases; returns the ids that are still this owner's."""
    found = conn.execute(_RENEW, {"ids": list(ids), "by": by, "until": until})
    return {str(id_) for id_ in found.scalars()}


_HELD = (
    jobs.c.id == sa.bindparam("job"),
    jobs.c.epoch == sa.bindparam("at_epoch"),
    jobs.c.owner == sa.bindparam("by"),
)
_FINISH = Prepared(sa.delete(jobs).where(*_HELD))


def finish(conn: Connection, lease: Lease) -> bool:
    """Delete a job that is done; False when it is no longer this owner's."""
    return _FINISH.run(conn, **lease._asdict()) == 1


def postpone(conn: Connection, lease: Lease, due: Moment, error: str) -> bool:
    """Free a job that failed, to be tried again at `due`."""
    values = {"owner": None, "due": due, "failures": jobs.c.failures + 1, "error": error}
    return _change_held(conn, lease, values)


def bury(conn: Connection, lease: Lease, at: Moment, error: str) -> bool:
    """Keep a job that failed for good, as a dead letter; its key is free again."""
    values = {
        "owner": None,
        "due": None,
        "key": None,
        "failures": jobs.c.failures + 1,
        "error": error,
        "died_at": at,
    }
    return _change_held(conn, lease, values)


def _change_held(conn: Connection, lease: Lease, values: dict[str, Any]) -> bool:
    changed = sa.update(jobs).where(*_HELD).values(**values)
    return conn.execute(changed, lease._asdict()).rowcount == 1


_GIVE_BACK = sa.update(jobs).where(*_MINE).values(owner=None, due=sa.bindparam("at"))


def give_back(conn: Connection, ids: Collection[str], by: str, at: Moment) -> None:
    """Free jobs that were not finished, for whoever comes next."""
    conn.execute(_GIVE_BACK, {"ids": list(ids), "by": by, "at": at})


def free_all(conn: Connection, at: Moment) -> int:
    """Free every lease: only for a process that knows no other is alive."""
    freed = sa.update(jobs).where(jobs.c.owner.is_not(None)).values(owner=None, due=at)
    return conn.execute(freed).rowcount


def take_slot(conn: Connection, name: str, slot: int, slack: int) -> bool:
    """Take a clock's slot; True for exactly one caller.

    A stored slot more than `slack` ahead was written while a clock was wrong, and is replaced.
    """
    upsert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    stored = job_clocks.c.slot
    taken = upsert(job_clocks).values(name=name, slot=slot)
    taken = taken.on_conflict_do_update(
        index_elements=["name"],
        set_={"slot": slot},
        where=(stored < slot) | (stored > slot + slack),
    )
    return conn.execute(taken).rowcount == 1


def counts(conn: Connection, now: Moment) -> Counts:
    """Count what waits, runs and died."""
    waits = jobs.c.owner.is_(None) & jobs.c.due.is_not(None)
    row = conn.execute(
        sa.select(
            sa.func.count().filter(waits),
            sa.func.count().filter(jobs.c.owner.is_not(None)),
            sa.func.count().filter(jobs.c.due.is_(None)),
            sa.func.min(jobs.c.due).filter(waits, jobs.c.due <= now),
        )
    ).one()
    return Counts(*row)


def died(conn: Connection, since: Moment) -> dict[str, int]:
    """Count the dead letters that died after a moment, by the name of the job."""
    found = (
        sa.select(jobs.c.name, sa.func.count())
        .where(jobs.c.due.is_(None), jobs.c.died_at > since)
        .group_by(jobs.c.name)
    )
    return {row[0]: row[1] for row in conn.execute(found)}


def forget_dead(conn: Connection, before: Moment) -> int:
    """Delete the dead letters that died before a moment; returns how many."""
    return conn.execute(sa.delete(jobs).where(jobs.c.died_at < before)).rowcount


_AT_ONCE = 500


def drop(conn: Connection, name: str, values: Sequence[str]) -> None:
    """Delete the jobs, dead ones too, in whose payload a field has one of these values.

    One that is being run stays: it ends by itself.
    """
    field = jobs.c.payload[name].as_string()
    for start in range(0, len(values), _AT_ONCE):
        theirs = field.in_(values[start : start + _AT_ONCE])
        conn.execute(sa.delete(jobs).where(jobs.c.owner.is_(None), theirs))


_SERVER_TIME = sa.text("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")


def server_time(conn: Connection) -> Moment | None:
    """Return the database server's own time; None where the file has no server."""
    if conn.dialect.name != "postgresql":
        return None
    return int(conn.execute(_SERVER_TIME).scalar_one())
