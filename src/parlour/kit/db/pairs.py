"""Rows found by pairs of values, by their index on every engine."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa


def having(
    table: sa.Table,
    first: sa.Column[Any],
    second: sa.Column[Any],
    pairs: Collection[tuple[Any, Any]],
) -> sa.Join:
    """Return what to select from for the rows whose two columns are one of at least one pair.

    A join, because SQLite looks for pairs in a list by reading every row there is.
    """
    columns = sa.column("first", first.type), sa.column("second", second.type)
    wanted = sa.values(*columns, name="wanted").data(list(pairs)).cte("wanted")
    return wanted.join(table, sa.and_(first == wanted.c.first, second == wanted.c.second))
