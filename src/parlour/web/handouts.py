"""Links to be handed out together: a table of addresses as CSV, and codes to print as PDF."""

import asyncio
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import segno
from litestar import Response

from parlour.agents.model import Agent
from parlour.kit.clock import Moment, rfc3339
from parlour.links import address, private
from parlour.links.store import Link
from parlour.tools import Tools
from parlour.web import codes, spreadsheets

_FONT: Final = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
_BEYOND: Final = (
    # Letters that the font lacks are left to those that readers of PDF files bring along.
    (range(0x1100, 0x1200), "HYGothic-Medium"),
    (range(0xAC00, 0xD7B0), "HYGothic-Medium"),
    (range(0x3040, 0x3100), "HeiseiKakuGo-W5"),
    (range(0x2E80, 0xA4D0), "STSong-Light"),
    (range(0xF900, 0xFB00), "STSong-Light"),
    (range(0xFF00, 0xFFF0), "STSong-Light"),
)
_UNKNOWN: Final = "\u25a1"
_ACROSS: Final = 3
_DOWN: Final = 4
_MILLIMETRE: Final = 72 / 25.4
_WIDE: Final = 210 * _MILLIMETRE
_HIGH: Final = 297 * _MILLIMETRE
_MARGIN: Final = 10 * _MILLIMETRE
_FOOT: Final = 8 * _MILLIMETRE
_CARD: Final = (
    (_WIDE - 2 * _MARGIN) / _ACROSS,
    (_HIGH - 2 * _MARGIN - _FOOT) / _DOWN,
)
_SIDE: Final = 42 * _MILLIMETRE
"""Of a code: a phone reads it from an arm's length."""


@dataclass(frozen=True, slots=True)
class Handout:
    """A link as it is handed out."""

    name: str
    url: str
    uses: int
    max_uses: int
    created_at: Moment
    last_used_at: Moment | None

    @property
    def often(self) -> str:
        """How often it may be used, in words."""
        if not self.max_uses:
            return ""
        return "One use" if self.max_uses == 1 else f"{self.max_uses:,} uses"


async def taken_away(tools: Tools, agent: Agent, kind: Literal["csv", "pdf"]) -> Response[bytes]:
    """Answer with an agent's private links as a file to keep."""
    rows = handouts(tools, agent, await tools.db.browse(private.every, agent.id))
    if kind == "csv":
        media, content = "text/csv", table(rows)
    else:
        media = "application/pdf"
        content = await asyncio.to_thread(sheet, agent.draft.display_name, rows)
    name = f"private-links-{agent.name}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', **codes.HEADERS}
    return Response(content, media_type=media, headers=headers)


def handouts(tools: Tools, agent: Agent, found: Sequence[Link]) -> list[Handout]:
    """Take of an agent's links what is handed out, by name."""
    base = address.home(tools, agent.workspace_id)
    made = [
        Handout(
            each.name or each.id,
            address.url(base, tools.keys, each),
            each.uses,
            each.max_uses,
            each.created_at,
            each.last_used_at,
        )
        for each in found
    ]
    return sorted(made, key=lambda each: each.name.casefold())


def table(rows: Sequence[Handout]) -> bytes:
    """Write links as CSV, for spreadsheets."""
    lines: list[Sequence[spreadsheets.Cell]] = [
        ("name", "url", "uses", "max_uses", "created_at", "last_used_at")
    ]
    for row in rows:
        last = "" if row.last_used_at is None else rfc3339(row.last_used_at)
        made = rfc3339(row.created_at)
        lines.append((row.name, row.url, row.uses, row.max_uses, made, last))
    return spreadsheets.written(lines)


def sheet(title: str, rows: Sequence[Handout]) -> bytes:
    """Draw links as cards with their codes, twelve on a page of A4, to be cut apart.

    Takes some milliseconds a card; call it in a thread.
    """
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415 - only who prints waits for it

    drawn = io.BytesIO()
    canvas = Canvas(drawn, pagesize=(_WIDE, _HIGH), invariant=1)
    canvas.setTitle(f"Links to {title}")
    canvas.setCreator("Parlour")
    on_page = _ACROSS * _DOWN
    pages = max(1, -(-len(rows) // on_page))
    for page in range(pages):
        _foot(canvas, title, page + 1, pages)
        for at, row in enumerate(rows[page * on_page : (page + 1) * on_page]):
            left = _MARGIN + at % _ACROSS * _CARD[0]
            top = _HIGH - _MARGIN - at // _ACROSS * _CARD[1]
            _card(canvas, title, row, left, top)
        canvas.showPage()
    canvas.save()
    return drawn.getvalue()


def _foot(canvas: Any, title: str, page: int, pages: int) -> None:
    canvas.setFillGray(0.4)
    told = f"{title}. Whoever has a code, or is passed one on, can use it."
    _line(canvas, told, 7, _MARGIN, _MARGIN - 2, room=_WIDE - 2 * _MARGIN - 40)
    _line(canvas, f"{page} / {pages}", 7, _WIDE - _MARGIN - 30, _MARGIN - 2, room=40)


def _card(canvas: Any, title: str, row: Handout, left: float, top: float) -> None:
    wide, high = _CARD
    canvas.setStrokeGray(0.75)
    canvas.setLineWidth(0.4)
    canvas.setDash(2, 3)
    canvas.rect(left, top - high, wide, high)
    canvas.setFillGray(0)
    inside = wide - 16
    _line(canvas, row.name, 11, left + wide / 2, top - 19, room=inside, middle=True)
    _code(canvas, row.url, left + (wide - _SIDE) / 2, top - 27 - _SIDE)
    told = f"Chat with {title}" + (f" \u00b7 {row.often}" if row.often else "")
    _line(canvas, told, 7.5, left + wide / 2, top - 40 - _SIDE, room=inside, middle=True)
    canvas.setFillGray(0.3)
    half = (len(row.url) + 1) // 2 if len(row.url) > 48 else len(row.url)
    for at, part in enumerate((row.url[:half], row.url[half:])):
        _line(
            canvas, part, 5.5, left + wide / 2, top - 50 - _SIDE - 7 * at, room=inside, middle=True
        )


def _code(canvas: Any, url: str, left: float, below: float) -> None:
    """Draw a code: its dark squares, each row's neighbours as one."""
    code = segno.make(url, micro=False, error="m")
    squares = list(code.matrix_iter(border=2))
    side = _SIDE / len(squares)
    canvas.setFillGray(0)
    path = canvas.beginPath()
    for down, line in enumerate(squares):
        for start, many in _runs(line):
            path.rect(left + start * side, below + _SIDE - (down + 1) * side, many * side, side)
    canvas.drawPath(path, stroke=0, fill=1)


def _runs(line: Iterable[int]) -> Iterator[tuple[int, int]]:
    start = None
    for at, dark in enumerate([*line, 0]):
        if dark and start is None:
            start = at
        elif not dark and start is not None:
            yield start, at - start
            start = None


def _line(
    canvas: Any, text: str, size: float, x: float, y: float, *, room: float, middle: bool = False
) -> None:
    """Write a line, smaller where it is too long, and cut where that does not do."""
    parts = _fitting(text, size, room)
    if parts is None:
        size *= 0.7
        while (parts := _fitting(text, size, room)) is None:
            text = text.rstrip("\u2026")[:-1] + "\u2026"
    if middle:
        x -= sum(width for *_, width in parts) / 2
    for part, font, width in parts:
        canvas.setFont(font, size)
        canvas.drawString(x, y, part)
        x += width


def _fitting(text: str, size: float, room: float) -> list[tuple[str, str, float]] | None:
    from reportlab.pdfbase.pdfmetrics import stringWidth  # noqa: PLC0415 - as above

    parts = [(part, font, stringWidth(part, font, size)) for part, font in _set(text)]
    return parts if sum(width for *_, width in parts) <= room or len(text) < 3 else None


def _set(text: str) -> Iterator[tuple[str, str]]:
    """Cut a text where another font must write on; what none can write is a box."""
    known, name = _letters()
    part, font = "", name
    for letter in text:
        meant = name
        if ord(letter) not in known:
            meant = next((each for those, each in _BEYOND if ord(letter) in those), "")
        if meant != font and part and (meant or font != name):
            yield part, font
            part = ""
        part, font = part + (letter if meant else _UNKNOWN), meant or name
    if part:
        yield part, font


@cache
def _letters() -> tuple[frozenset[int], str]:
    """Make the fonts known, once; return which letters ours has, and its name."""
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415 - as above
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont  # noqa: PLC0415
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415

    font = TTFont("DejaVu", str(_FONT))
    pdfmetrics.registerFont(font)
    for name in {name for _, name in _BEYOND}:
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return frozenset(font.face.charToGlyph), font.fontName
