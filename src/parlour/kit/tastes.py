"""A taste of an answer for one line of a list: its words, without the signs of Markdown; pure."""

import re
from collections.abc import Iterator
from typing import Final

_BETWEEN: Final = " · "
"""What stands between two cells of a table."""

_FENCE: Final = re.compile(r"\s*(?:`{3,}|~{3,})")
_RULE: Final = re.compile(r"\s*(?:=+|[-*_](?:\s*[-*_]){2,})\s*\Z")
_DASHES: Final = r"\s*:?-+:?\s*"
_UNDER_HEADS: Final = re.compile(
    rf"\s*(?:\|{_DASHES}(?:\|{_DASHES})*\|?|{_DASHES}(?:\|{_DASHES})+\|?)\s*\Z"
)
"""The line of a table that says how its columns stand."""
_IN_ONE: Final = re.compile(r"\|(?:\s*:?-{3,}:?\s*\|)+")
"""The same within a line that was put together of several."""
_BEGINS: Final = re.compile(r"\s*(?:>\s?|#{1,6}\s+|[-*+]\s+(?:\[[ xX]\]\s+)?)")
_SIGNS: Final = re.compile(
    r"!?\[(?P<said>[^\]\n]{0,200})\]\([^)\n]{0,500}(?:\)|\Z)"
    r"|\s?\[\d{1,3}(?:\s?,\s?\d{1,3})*\]"
    r"|\\(?P<meant>[!-/:-@\[-`{-~])"
    r"|`+|\*{2,}|~{2,}|(?<=\S)\*(?!\w)|(?<!\w)\*(?=\S)|(?<!\w)_{1,3}(?=\w)|(?<=\S)_{1,3}(?!\w)"
    r"|<(?P<there>(?:https?://|mailto:)[^\s<>]{1,500})>"
    r"|(?<=\s)#{1,6}\s"
)


def taste(text: str) -> str:
    """Return what an answer says as one line: no signs of Markdown, cells apart by a dot."""
    return " ".join(" ".join(_lines(text)).split())


def _lines(text: str) -> Iterator[str]:
    lines = text.split("\n")
    in_table = False
    for at, line in enumerate(lines):
        heads = at + 1 < len(lines) and "|" in line and _UNDER_HEADS.match(lines[at + 1])
        in_table = bool(heads) or (in_table and "|" in line)
        if _FENCE.match(line) or _UNDER_HEADS.match(line) or _RULE.match(line):
            continue
        yield _plain(_begun(line), is_row=in_table or bool(_IN_ONE.search(line)))


def _begun(line: str) -> str:
    """Leave out what makes a line a heading, an item, a quotation, or one within another."""
    while found := _BEGINS.match(line):
        line = line[found.end() :]
    return line


def _plain(line: str, *, is_row: bool) -> str:
    if is_row:
        cells = (each.strip() for each in _IN_ONE.sub("|", line).split("|"))
        line = _BETWEEN.join(filter(None, cells))
    return _SIGNS.sub(lambda found: found["said"] or found["meant"] or found["there"] or "", line)
