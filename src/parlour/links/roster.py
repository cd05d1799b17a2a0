"""Lists of users and groups as people paste or upload them: a name a line, or a table with uses."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from parlour.kit.errors import FieldError, Invalid
from parlour.links.uses import MOST

_NAMES: Final = {"name", "names", "user", "users", "group", "groups"}
_USES: Final = {"max_uses", "max uses", "uses"}
_SIGNS: Final = "\t;,"
"""What stands between columns: what is rarer in names goes first."""
_LONGEST: Final = 100_000
"""Characters; fifty names have far fewer."""


@dataclass(frozen=True, slots=True)
class Named:
    """A user or a group, and how often their link may be used; 0 is without a maximum."""

    name: str
    max_uses: int


def read(typed: str, max_uses: int, uploaded: str = "") -> list[Named]:
    """Read a list that was typed or pasted, and the content of a CSV file.

    Below headings columns are taken by name, in any order. Without, a line is a name, or a name
    and a number, with `,` `;` or a tab between. `max_uses` is for lines without a number. Empty
    lines are passed over. Quotes are CSV's where they stand around a column; in a list that is
    typed, any others are part of the name.

    Raises:
        Invalid: no name at all, one that is there twice, or what fits no column; it says in which
            line of which of the two, the field `users` or `list`.
    """
    found: dict[str, Named] = {}
    for field, text in (("list", uploaded), ("users", typed)):
        if len(text) > _LONGEST:
            raise _wrong(field, "this is too long for a list of names")
        for at, each in _lines(field, text, max_uses):
            if each.name.casefold() in found:
                said = f"“{each.name}” is in this list already; give each a name of its own"
                raise _wrong(field, said, at)
            found[each.name.casefold()] = each
    if not found:
        raise _wrong("users", "name at least one user or group")
    return list(found.values())


def _lines(field: str, text: str, max_uses: int) -> Iterator[tuple[int, Named]]:
    lines = enumerate(text.lstrip("\ufeff").splitlines(), 1)
    filled = [(at, line) for at, line in lines if line.strip(_SIGNS + " ")]
    if not filled:
        return
    at, first = filled[0]
    sign = _sign(first)
    columns = [each.lower() for each in _split(first, sign) or ()]
    if _are_headings(columns, alone=field == "list"):
        name, uses = _places(field, at, columns)
        filled = filled[1:]
    else:
        sign, columns, name, uses = "", ["name", "uses"], 0, 1
    for at, line in filled:
        cells = _cells(field, at, line, sign)
        if len(cells) > len(columns) or (not sign and len(cells) == 2 and not _counts(cells[1])):
            raise _wrong(field, _told(cells, columns if sign else ()), at)
        if name >= len(cells) or not cells[name]:
            raise _wrong(field, "there is no name", at)
        given = cells[uses] if 0 <= uses < len(cells) else ""
        yield at, Named(cells[name], _number(field, at, given) if given else max_uses)


def _are_headings(columns: Sequence[str], *, alone: bool) -> bool:
    """Whether a first line has headings; a lone one is a name, but in a file."""
    known = any(each in _NAMES | _USES for each in columns)
    return known and (alone or len(columns) > 1) and not any(map(_counts, columns))


def _places(field: str, at: int, columns: list[str]) -> tuple[int, int]:
    """Say in which columns names and uses are, the latter -1 for in none."""
    names = [place for place, each in enumerate(columns) if each in _NAMES]
    uses = [place for place, each in enumerate(columns) if each in _USES]
    for each in columns:
        if each not in _NAMES | _USES:
            said = f"the column “{each}” is not known; there are name and max_uses"
            raise _wrong(field, said, at)
    if len(names) != 1 or len(uses) > 1:
        raise _wrong(field, "there must be one column name, and at most one max_uses", at)
    return names[0], uses[0] if uses else -1


def _cells(field: str, at: int, line: str, sign: str) -> list[str]:
    """Split a line at `sign`, or without headings at the sign that it uses itself."""
    cells = _split(line, sign or _sign(line))
    if cells is None and (sign or field == "list"):
        raise _wrong(field, "its quotes do not go around whole columns", at)
    if cells is None:  # not CSV: a text with quotes in it, and perhaps a number behind
        found = re.fullmatch(rf"(.*?)\s*[{_SIGNS}]\s*(\d+)\s*", line)
        cells = [found[1].strip(), found[2]] if found else [line.strip()]
    while len(cells) > 1 and not cells[-1]:
        cells.pop()
    return cells


def _split(line: str, sign: str) -> list[str] | None:
    """Split a line as CSV does; None when its quotes are not CSV's."""
    tight = re.sub(rf'" +(?={sign}|$)', '"', line.strip(" "))
    reader = csv.reader([tight], delimiter=sign, strict=True, skipinitialspace=True)
    try:
        return [each.strip() for each in next(reader, [""])]
    except csv.Error:
        return None


def _sign(line: str) -> str:
    """Return the sign between a line's columns, a quoted one being one whatever stands in it."""
    outside = re.sub(r'"[^"]*"', "", line)
    return next((sign for sign in _SIGNS if sign in outside), ",")


def _counts(text: str) -> bool:
    return re.fullmatch(r"[-+]?\d+(?:[.,]\d+)?", text) is not None


def _number(field: str, at: int, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= MOST):
        said = f"uses must be a whole number up to {MOST:,}, 0 for no maximum, not “{text[:40]}”"
        raise _wrong(field, said, at)
    return int(text)


def _told(cells: list[str], columns: Sequence[str]) -> str:
    if columns:
        return f"it has {len(cells)} columns, and there are {len(columns)} headings"
    return (
        f"“{cells[1][:40]}” is no number of uses; write a name, or a name and a number, and put "
        "quotes around a name that has a comma"
        if len(cells) == 2
        else "it has too many columns; write a name, or a name and a number"
    )


def _wrong(field: str, message: str, line: int = 0) -> Invalid:
    message = f"line {line}: {message}" if line else message
    return Invalid(message, errors=[FieldError(field, message)])
