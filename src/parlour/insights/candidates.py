"""Which messages may be what is looked for: the latest first, a stretch of time after another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from parlour.insights import wording
from parlour.insights.indexing import first_id
from parlour.insights.tables import STRETCH, said
from parlour.insights.wording import Query
from parlour.kit.clock import Moment
from parlour.rights import Who

RATINGS: Final = {"up": 1, "down": -1}
_AT_ONCE: Final = 100
_WALKED: Final = 1_500
"""The latest messages, which PostgreSQL looks through without its index of words."""
_WIDEST: Final = 16
"""Stretches that are looked through at once."""
_MOST: Final = 2_000
"""Rows that PostgreSQL is asked for at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which messages somebody wants to see; None does not matter."""

    query: Query = Query()  # noqa: RUF009 - frozen
    agent_id: str | None = None
    link_id: str | None = None
    conversations: frozenset[str] | None = None
    """Only those of these conversations."""
    author: str | None = None
    since: Moment | None = None
    until: Moment | None = None
    failed: bool = False
    lack: str | None = None
    """What a question was left without, or `any`."""
    rating: str | None = None
    """Answers that their visitor found good (`up`), poor (`down`), or either (`any`)."""

    def is_indexed(self, *, on_postgres: bool) -> bool:
        """Whether the index of words finds them sooner than a look at one after the other."""
        if self.conversations is not None:
            return False
        if self.lack or self.rating:
            # Other indexes have these; PostgreSQL would fetch all that have a frequent word.
            return not (self.query.is_empty or on_postgres)
        return bool(not self.query.is_empty or self.agent_id or self.link_id or self.author)


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows, the latest first."""

    rows: Sequence[Any]
    below: int | None
    """Only rows with smaller ids may be left; None where none is."""


def batches(conn: sa.Connection, who: Who, wanted: Wanted, before: int | None) -> Iterator[Batch]:
    """Give the rows that may fit, as an index tells; whoever asks stops when they have enough.

    Time is cut into stretches, and the index of words has each of them apart: what a word costs
    depends on how often it was said in the stretches that are looked through, not in all years.
    """
    lowest, highest = _ends(conn, who, wanted, before)
    if lowest is None or highest is None:
        return
    for batch in _stretches(conn, who, wanted, lowest, highest + 1):
        is_last = batch.below is not None and batch.below <= lowest
        yield Batch(batch.rows, None) if is_last else batch


def _stretches(
    conn: sa.Connection, who: Who, wanted: Wanted, lowest: int, top: int
) -> Iterator[Batch]:
    on_postgres = conn.dialect.name == "postgresql"
    is_indexed = wanted.is_indexed(on_postgres=on_postgres)
    if is_indexed and on_postgres:
        floor = _floor(conn, who, lowest, top)
        yield from _all(conn, _walked(who, wanted).where(*_between(floor, top)), floor)
        top = floor
    wide = 1
    while top > lowest:
        floor = max(lowest, ((top - 1 >> STRETCH) + 1 - wide) << STRETCH)
        if not is_indexed:
            walked = _walked(who, wanted).where(*_between(floor, top))
            some = _streamed(conn, walked, floor)
        elif on_postgres:
            some = _all(conn, _by_postgres(who, wanted, floor, top), floor)
        else:
            some = _streamed(conn, _by_sqlite(who, wanted, floor, top), floor)
        seen = 0
        for batch in some:
            seen += len(batch.rows)
            yield batch
        # Where there is little to be found, more is looked through at once.
        wide = min(wide * 2, _WIDEST) if seen < _AT_ONCE else 1
        top = floor


def scope(who: Who) -> list[sa.ColumnElement[bool]]:
    """Return what is true of the messages that somebody sees."""
    fits = [said.c.workspace_id == who.workspace_id]
    if who.agent_id is not None:
        fits.append(said.c.agent_id == who.agent_id)
    if who.elsewhere:
        fits.append(said.c.agent_id.not_in(who.elsewhere))
    return fits


def _ends(
    conn: sa.Connection, who: Who, wanted: Wanted, before: int | None
) -> tuple[int | None, int | None]:
    """Return the least and the greatest id of what was said in that time."""
    within = [said.c.workspace_id == who.workspace_id]
    if wanted.since is not None:
        within.append(said.c.id >= first_id(wanted.since))
    if wanted.until is not None:
        within.append(said.c.id < first_id(wanted.until))
    if before is not None:
        within.append(said.c.id < before)
    # Each by itself: both at once would be counted through.
    one = sa.select(said.c.id).where(*within).limit(1)
    least, greatest = one.order_by(said.c.id), one.order_by(said.c.id.desc())
    return conn.execute(least).scalar(), conn.execute(greatest).scalar()


def _floor(conn: sa.Connection, who: Who, lowest: int, top: int) -> int:
    """Return down to which id the latest messages are looked through one by one."""
    newest = sa.select(said.c.id).where(said.c.workspace_id == who.workspace_id, said.c.id < top)
    newest = newest.order_by(said.c.id.desc()).offset(_WALKED).limit(1)
    return max(lowest, conn.execute(newest).scalar() or 0)


def _between(floor: int, top: int) -> tuple[sa.ColumnElement[bool], ...]:
    return said.c.id >= floor, said.c.id < top


def _streamed(conn: sa.Connection, wanted: sa.Select[Any], floor: int) -> Iterator[Batch]:
    """Take rows as the engine finds them: it looks no further than it is asked to."""
    if conn.dialect.name == "postgresql":
        yield from _pages(conn, wanted, floor)
        return
    found = conn.execute(wanted)
    try:
        while rows := found.fetchmany(_AT_ONCE):
            yield Batch(rows, rows[-1].id if len(rows) == _AT_ONCE else floor)
    finally:
        found.close()
    yield Batch((), floor)


def _pages(conn: sa.Connection, wanted: sa.Select[Any], floor: int) -> Iterator[Batch]:
    while True:
        rows = conn.execute(wanted.limit(_AT_ONCE)).all()
        if len(rows) < _AT_ONCE:
            yield Batch(rows, floor)
            return
        yield Batch(rows, rows[-1].id)
        wanted = wanted.where(said.c.id < rows[-1].id)


def _all(conn: sa.Connection, wanted: sa.Select[Any], floor: int) -> Iterator[Batch]:
    """Take the latest rows of a stretch at once, and hand them on in batches."""
    while True:
        rows = conn.execute(wanted.limit(_MOST)).all()
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            yield Batch(some, some[-1].id)
        if len(rows) < _MOST:
            yield Batch((), floor)
            return
        wanted = wanted.where(wanted.selected_columns.id < rows[-1].id)


_COLUMNS: Final = [
    said.c[name] for name in ("id", "conversation_id", "seq", "agent_id", "link_id", "lack")
]


def _walked(who: Who, wanted: Wanted) -> sa.Select[Any]:
    """One after the other, by an index that has them in their order."""
    line: sa.ColumnElement[str] = sa.literal_column("' '", sa.Text) + said.c.terms
    groups = [
        sa.or_(*(line.contains(f" {each}", autoescape=True) for each in group))
        for group in _groups(who, wanted)
    ]
    found = sa.select(*_COLUMNS).where(*scope(who), *_fits(wanted), *groups)
    return found.order_by(said.c.id.desc())


def _by_sqlite(who: Who, wanted: Wanted, floor: int, top: int) -> sa.Select[Any]:
    """By the index of words, which is walked from its end."""
    text = " AND ".join(
        "(" + " OR ".join(f'"{each}"{end}' for each in some) + ")"
        for some, end in _asked(who, wanted, floor, top, "*")
    )
    index = sa.table("said_words", sa.column("rowid"), sa.column("said_words"))
    return (
        sa.select(*_COLUMNS)
        .select_from(index.join(said, said.c.id == index.c.rowid))
        .where(index.c.said_words.op("MATCH")(text), index.c.rowid >= floor, index.c.rowid < top)
        .where(*scope(who), *_fits(wanted))
        .order_by(index.c.rowid.desc())
    )


def _by_postgres(who: Who, wanted: Wanted, floor: int, top: int) -> sa.Select[Any]:
    """By the index of words and nothing else: what it finds in a stretch is then put in order.

    Left to itself the engine guesses how frequent words are, and takes for ever where it is wrong:
    it is not told of any order or bounds that another index would have.
    """
    text = " & ".join(
        "(" + " | ".join(f"'{each}'{end}" for each in some) + ")"
        for some, end in _asked(who, wanted, floor, top, ":*")
    )
    words = sa.cast(sa.literal(text), _TsQuery)
    plain = said.c.id + sa.literal_column("0")
    within = sa.select(*_COLUMNS).where(*scope(who), *_fits(wanted))
    within = within.where(INDEXED.op("@@")(words), plain >= floor, plain < top)
    found = within.cte("found").prefix_with("MATERIALIZED")
    return sa.select(found).order_by(found.c.id.desc())


def _asked(
    who: Who, wanted: Wanted, floor: int, top: int, beginning: str
) -> list[tuple[list[str], str]]:
    """Return of what the index has to have one each, and what stands behind beginnings."""
    whose = [who.workspace_id, who.agent_id or wanted.agent_id, wanted.link_id]
    whose += [f"by:{wanted.author}"] if wanted.author else []
    wishes = [([each], "") for each in whose if each]
    wishes += [(group, beginning) for group in _groups(who, wanted)]
    numbers = range(floor >> STRETCH, (top - 1 >> STRETCH) + 1)
    return [
        ([f"{number:x}:{each}" for number in numbers for each in some], end) for some, end in wishes
    ]


def _groups(who: Who, wanted: Wanted) -> list[list[str]]:
    return [
        [*group, *(wording.HIDDEN + each for each in group)] if who.sees_personal else group
        for group in wanted.query.groups()
    ]


def _fits(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    columns = said.c
    given = {"agent_id": wanted.agent_id, "link_id": wanted.link_id,
             "author_kind": wanted.author}  # fmt: skip
    fits = [columns[name] == value for name, value in given.items() if value is not None]
    if wanted.conversations is not None:
        fits.append(columns.conversation_id.in_(wanted.conversations))
    if wanted.failed:
        fits.append(columns.state.in_(("failed", "interrupted")))
    if wanted.lack == "any":
        fits.append(columns.lack.is_not(None))
    elif wanted.lack is not None:
        fits.append(columns.lack == wanted.lack)
    if wanted.rating == "any":
        fits.append(columns.rating.is_not(None))
    elif wanted.rating is not None:
        fits.append(columns.rating == RATINGS[wanted.rating])
    return fits


INDEXED: Final[sa.ColumnElement[Any]] = sa.literal_column(
    "array_to_tsvector(string_to_array(to_hex(said.id >> 50) || ':'"
    " || replace(said.terms, ' ', ' ' || to_hex(said.id >> 50) || ':'), ' '))"
)
"""What PostgreSQL's index has, letter by letter as the migration makes it."""


class _TsQuery(sa.types.UserDefinedType[str]):
    """PostgreSQL's own kind of a question."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Name it."""
        return "tsquery"
