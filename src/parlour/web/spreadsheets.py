"""CSV for spreadsheets: with a mark of order, and nothing in it that one would calculate."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

_BEGINS: Final = re.compile(r"(^|[;\t\r\n])([\s'\"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a formula could begin: at the head of a cell; and, for programs that cut cells at other
signs than commas, behind these."""
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Cell = str | int | None


def written(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Write rows as CSV. Every cell is quoted, so that none is cut where it should not be."""
    text = io.StringIO()
    lines = csv.writer(text, quoting=csv.QUOTE_ALL)
    for row in rows:
        lines.writerow([safe(each) if isinstance(each, str) else each for each in row])
    return text.getvalue().encode("utf-8-sig")


def safe(text: str) -> str:
    """Return a text that is taken for nothing but text: an apostrophe stands before what is not."""
    made = _BEGINS.sub(r"\1\2'", _UNSEEN.sub("\ufffd", text))
    # A cell that begins with a tab or a return is cut there by some, and read from there on.
    return f"'{made}" if made.startswith(("\t", "\r")) else made
