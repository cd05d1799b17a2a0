"""Statements on the hot path: written in SQLAlchemy, compiled once per engine, run bare after."""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Dialect, Table, bindparam, insert, update
from sqlalchemy.exc import DBAPIError, NoResultFound
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import ReturnsRows
from sqlalchemy.types import TypeEngine

Row = Any
"""A named tuple of a statement's columns, in their order."""


Made = TypeVar("Made")

_MADE = 256
"""Rows of one statement that are remembered, with what was made of them."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """Some columns of a row, and how they are read."""

    outputs: tuple[tuple[int, Callable[[Any], Any]], ...]
    """Those that are not taken as they come."""
    row: Callable[[Iterable[Any]], Row]

    def read(self, found: Iterable[Any]) -> Row:
        if self.outputs:
            columns = list(found)
            for at, read in self.outputs:
                if columns[at] is not None:  # as nearly all that is read like this is
                    columns[at] = read(columns[at])
            return self.row(columns)
        return self.row(found)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A statement as one engine takes it."""

    sql: str
    fixed: dict[str, Any]
    """Parameters that have a value of their own, unless one is given."""
    pick: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    """Takes the values in the order of their places."""
    inputs: tuple[tuple[str, Callable[[Any], Any]], ...]
    """The parameters that are not sent as they are, and how they are written."""
    shown: _Columns
    """What it returns; of one that is cut, the columns before that."""
    rest: _Columns

    def values(self, given: dict[str, Any]) -> tuple[Any, ...]:
        if self.fixed:
            given = self.fixed | given
        if self.inputs:
            given = dict(given)
            for name, write in self.inputs:
                given[name] = write(given[name])
        return self.pick(given)


class Prepared:
    """A statement whose shape never changes: only the values of its parameters do.

    What SQLAlchemy does between a statement and the driver costs ten times what SQLite does for
    it. Lists for IN must have their length in the statement: `in_([literal(a), literal(b)])`.
    """

    __slots__ = ("_columns", "_cut", "_ready", "_statement")

    def __init__(
        self, statement: Executable, columns: Iterable[str] | None = None, *, cut: int | None = None
    ) -> None:
        """Take a statement with named parameters; `columns` are those an INSERT gives.

        A row that is `cut` at a column comes in two.
        """
        self._cut = cut
        self._statement = statement
        self._columns = None if columns is None else list(columns)
        self._ready: dict[str, _Ready] = {}

    def all(self, conn: Connection, /, **values: Any) -> list[Row]:
        """Run it and return its rows."""
        ready = self._for(conn)
        found = _run(conn, ready.sql, ready.values(values)).fetchall()
        return [ready.shown.read(each) for each in found]

    def first(self, conn: Connection, /, **values: Any) -> Row | None:
        """Run it and return its first row; None when there is none."""
        ready = self._for(conn)
        # All rows, because a statement that is left half-way holds up the commit.
        found = _run(conn, ready.sql, ready.values(values)).fetchall()
        return ready.shown.read(found[0]) if found else None

    def one(self, conn: Connection, /, **values: Any) -> Row:
        """Run it and return its one row, which must be there: NoResultFound."""
        row = self.first(conn, **values)
        if row is None:
            raise NoResultFound
        return row

    def run(self, conn: Connection, /, **values: Any) -> int:
        """Run it and return how many rows it changed."""
        ready = self._for(conn)
        return int(_run(conn, ready.sql, ready.values(values)).rowcount)

    def run_each(self, conn: Connection, rows: Iterable[dict[str, Any]], /) -> None:
        """Run it once for each of these sets of values; for none it is not run."""
        ready = self._for(conn)
        if values := [ready.values(each) for each in rows]:
            _run_many(conn, ready.sql, values)

    def _for(self, conn: Connection) -> _Ready:
        dialect = conn.dialect
        ready = self._ready.get(dialect.name)
        if ready is None:
            ready = _compiled(self._statement, dialect, self._columns, self._cut)
            self._ready[dialect.name] = ready
        return ready


class Remembered(Prepared, Generic[Made]):
    """A read of which the first columns are made into something, once for as long as they stay.

    What a row holds for weeks is not read, checked and put together at each visit. It is made of
    these columns alone, so it is as true as they are; nobody may change it. On PostgreSQL it is
    made each time: its driver has read the columns already, and they are no key any more.
    """

    __slots__ = ("_made", "_make")

    def __init__(self, statement: Executable, at: int, make: Callable[[Row], Made]) -> None:
        """Take a statement with named parameters, and what to `make` of the columns before `at`."""
        super().__init__(statement, cut=at)
        self._make = make
        self._made = lru_cache(_MADE)(self._of)

    def find(self, conn: Connection, /, **values: Any) -> tuple[Made, Row] | None:
        """Run it; return what is made of its first row, and that row's other columns."""
        ready, at = self._for(conn), self._cut
        found = _run(conn, ready.sql, ready.values(values)).fetchall()
        if not found:
            return None
        first, rest = found[0][:at], found[0][at:]
        is_key = conn.dialect.name == "sqlite"
        made = self._made(first) if is_key else self._make(ready.shown.read(first))
        return made, ready.rest.read(rest)

    def _of(self, columns: tuple[Any, ...]) -> Made:
        return self._make(self._ready["sqlite"].shown.read(columns))


def inserting(table: Table, columns: str) -> Prepared:
    """Prepare an INSERT of these columns, separated by spaces; the others stay empty."""
    return Prepared(insert(table).inline(), columns.split())


class Updating:
    """An UPDATE whose columns differ from call to call; one is prepared for each set of them."""

    __slots__ = ("_made", "_table", "_where")

    def __init__(self, table: Table, *where: ColumnElement[bool]) -> None:
        """Take the table and which of its rows are meant, with named parameters."""
        self._table = table
        self._where = where
        self._made: dict[tuple[str, ...], Prepared] = {}

    def run(self, conn: Connection, columns: Mapping[str, Any], /, **where: Any) -> int:
        """Set these columns and return how many rows were meant."""
        names = tuple(columns)
        made = self._made.get(names)
        if made is None:
            given = {
                name: bindparam(f"new_{name}", type_=self._table.c[name].type) for name in names
            }
            made = Prepared(update(self._table).where(*self._where).values(given))
            self._made[names] = made
        return made.run(conn, **where, **{f"new_{name}": columns[name] for name in names})


def _compiled(
    statement: Any, dialect: Dialect, columns: list[str] | None, cut: int | None
) -> _Ready:
    compiled: Any = statement.compile(dialect=dialect, column_keys=columns)
    binds = compiled.binds
    places = list(compiled.positiontup or ())
    writes = [
        (name, _processor(binds[name].type, dialect, "bind_processor")) for name in set(places)
    ]
    shown = list(statement.exported_columns) if isinstance(statement, ReturnsRows) else []
    at = len(shown) if cut is None else cut
    return _Ready(
        compiled.string,
        {name: binds[name].value for name in set(places) if not binds[name].required},
        _picker(places),
        tuple((name, write) for name, write in writes if write is not None),
        _shown(shown[:at], dialect),
        _shown(shown[at:], dialect),
    )


def _shown(columns: list[Any], dialect: Dialect) -> _Columns:
    reads = [_processor(each.type, dialect, "result_processor") for each in columns]
    outputs = tuple((at, read) for at, read in enumerate(reads) if read is not None)
    return _Columns(outputs, _named([each.key for each in columns]))


def _picker(names: list[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda given: tuple(given[name] for name in names)


def _named(columns: list[str]) -> Callable[[Iterable[Any]], Row]:
    factory: Any = namedtuple  # noqa: PYI024 - which columns there are, only this moment tells
    maker: Callable[[Iterable[Any]], Row] = factory("Row", columns)._make
    return maker


def _processor(kind: TypeEngine[Any], dialect: Dialect, which: str) -> Any:
    impl = kind.dialect_impl(dialect)
    if which == "bind_processor":
        return impl.bind_processor(dialect)
    return impl.result_processor(dialect, None)


def _run(conn: Connection, sql: str, values: tuple[Any, ...]) -> Any:
    if conn.dialect.name != "sqlite":
        return conn.exec_driver_sql(sql, values)
    try:
        return _bare(conn).execute(sql, values)
    except sqlite3.Error as error:
        raise _told(conn, sql, error) from error


def _run_many(conn: Connection, sql: str, values: list[tuple[Any, ...]]) -> None:
    if conn.dialect.name != "sqlite":
        conn.exec_driver_sql(sql, values)
        return
    try:
        _bare(conn).executemany(sql, values)
    except sqlite3.Error as error:
        raise _told(conn, sql, error) from error


def _bare(conn: Connection) -> Any:
    return conn.connection.dbapi_connection


def _told(conn: Connection, sql: str, error: sqlite3.Error) -> BaseException:
    """Make of SQLite's error what SQLAlchemy makes of it, without the values."""
    return DBAPIError.instance(sql, None, error, sqlite3.Error, dialect=conn.dialect)
