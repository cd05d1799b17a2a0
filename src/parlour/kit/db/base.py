"""What both engines share: the protocol, the table registry, and what happens after a commit."""

from collections.abc import Callable, Iterable
from typing import Any, Concatenate, Literal, ParamSpec, Protocol, TypeVar

import orjson
import structlog
from sqlalchemy import JSON, Connection, MetaData, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.dml import Insert

from parlour.kit.errors import Problem

log = structlog.get_logger("parlour.db")

P = ParamSpec("P")
T = TypeVar("T")

Unit = Callable[Concatenate[Connection, P], T]
"""A unit of work. It may run twice (a deadlock, a broken batch), so it touches only `conn`."""

metadata = MetaData()
"""Every room registers its tables here; the migrations create them."""

followers: set[str] = set()
"""What an engine calls an index that it keeps in tables of its own: they follow a room's rows by
themselves, and are in no backup."""

Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

_HOOKS = "parlour.after_commit"


class Database(Protocol):
    """The database as rooms see it."""

    kind: Literal["sqlite", "postgresql"]

    async def read(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a short read, a row or a page of rows; each statement sees its own moment."""
        ...

    async def browse(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a read that may take longer, in one snapshot, without holding up anybody else."""
        ...

    async def write(self, unit: Unit[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one transaction. It has been committed durably when this returns.

        Unavailable, StorageFull: nothing of it was kept, or, when the connection broke exactly
        while committing, it is not known; repeating must be harmless by the caller's own ids.
        """
        ...

    async def scrub(self, within: float | None = None) -> None:
        """Leave nothing of deleted rows in the files, as far as the engine can see to that.

        Others get their turn meanwhile. It ends after `within` seconds, with what was done by then.
        """
        ...

    async def close(self) -> None:
        """Finish what was begun and let go of files and connections."""
        ...


class NewerSchema(Problem):
    """The database was written by a newer version of this program."""

    status = 503
    title = "The database is newer than this program"
    default_code = "newer_database"


def after_commit(conn: Connection, call: Callable[[], None]) -> None:
    """Have `call` run on the event loop once this transaction has been committed.

    It is forgotten when the transaction is rolled back. Announcements go here: a wake-up for the
    queue, a hint to those who watch. They are hints; the database holds the truth.
    """
    conn.info.setdefault(_HOOKS, []).append(call)


def once_certain(conn: Connection, call: Callable[[], None]) -> None:
    """Have `call` run when what `conn` sees is sure to stay: now in a read, else after the commit.

    Within a transaction there may be rows that are taken back, also those of other units that
    share its commit. What is remembered beyond the transaction goes through here.
    """
    hooks = conn.info.get(_HOOKS)
    if hooks is None:
        call()
    else:
        hooks.append(call)


def end_hooks(conn: Connection) -> None:
    """Take note that `conn` only reads from now on."""
    conn.info.pop(_HOOKS, None)


def run_unit(conn: Connection, unit: Any, args: Any, kwargs: Any) -> Any:
    """Run a unit; what would end a thread or a process (SystemExit) becomes an ordinary error."""
    try:
        return unit(conn, *args, **kwargs)
    except (SystemExit, KeyboardInterrupt, GeneratorExit, StopIteration) as error:
        raise RuntimeError(f"a unit of work raised {type(error).__name__}") from error


def run_hooks(hooks: Iterable[Callable[[], None]]) -> None:
    """Make the announcements of a committed transaction; one that fails spoils no other."""
    for hook in hooks:
        try:
            hook()
        except Exception:
            log.exception("db.announcement_failed")


def start_hooks(conn: Connection) -> list[Callable[[], None]]:
    """Begin an empty list of after-commit calls for the unit that runs next on `conn`."""
    hooks: list[Callable[[], None]] = []
    conn.info[_HOOKS] = hooks
    return hooks


def insert_or_ignore(conn: Connection, table: Table) -> Insert:
    """Return an INSERT that does nothing when a row with the same unique key is there."""
    if conn.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def alone(conn: Connection, name: str) -> None:
    """Wait until nobody else is here under this name; they wait until this transaction ends.

    SQLite has one writer, who is always alone.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def dump_json(value: Any) -> str:
    """Write a JSON column."""
    return orjson.dumps(value).decode()
