"""The picture that messengers show of a link: its title on its accent, drawn once and remembered.

Nothing is in it but what the owner wrote for everybody to see.
"""

import io
from functools import lru_cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from parlour.kit.inks import ink

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
SIZE: Final = (1200, 630)
_KEPT: Final = 64
"""Pictures that stay drawn, of some 10 kB each."""
_HOUSE: Final = "1c4a63"
_EDGE: Final = 96
_PORTRAIT: Final = 216
_MOST_LINES: Final = 3
_WRITTEN: Final = 0x250
"""Characters from here on are not in the font; such a title stands in the page's words alone."""
_ALSO: Final = frozenset("\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u20ac")


@lru_cache(_KEPT)
def picture(title: str, about: str, accent: str, portrait: bytes | None = None) -> bytes:
    """Draw a card as PNG; `portrait` is who answers, as it is kept, in place of the open door."""
    made = ink(accent or _HOUSE)
    ground, written = f"#{made.light}", f"#{made.on_light}"
    card = Image.new("RGB", SIZE, ground)
    pen = ImageDraw.Draw(card)
    if portrait is None:
        _door(pen, written)
    else:
        _portrait(card, portrait)
    at = _EDGE
    if _is_in_font(title):
        at = _lines(pen, title, (at, 84), written) + 24
    if about and _is_in_font(about):
        _lines(pen, about, (at, 40), written)
    drawn = io.BytesIO()
    # Few colours, so that it stays a few kilobytes.
    card.quantize(64 if portrait is None else 256).save(drawn, "PNG", optimize=True)
    return drawn.getvalue()


def _door(pen: ImageDraw.ImageDraw, colour: str) -> None:
    """Draw the house's sign, an arched door that stands open."""
    left, top, right, bottom = SIZE[0] - 300, 190, SIZE[0] - 120, 510
    radius = (right - left) // 2
    pen.arc((left, top, right, top + 2 * radius), 180, 360, fill=colour, width=8)
    for side in (left + 3, right - 4):
        pen.line((side, top + radius, side, bottom), fill=colour, width=8)
    pen.line((left - 40, bottom, right + 40, bottom), fill=colour, width=8)
    pen.polygon(
        [(left + 28, top + radius), (left + 108, top + radius + 40), (left + 108, bottom - 12),
         (left + 28, bottom - 4)],
        outline=colour,
        width=6,
    )  # fmt: skip
    pen.ellipse((left + 86, bottom - 130, left + 98, bottom - 118), fill=colour)


def _portrait(card: Image.Image, kept: bytes) -> None:
    """Put a picture where the door would be, on white, its corners round."""
    with Image.open(io.BytesIO(kept), formats=("WEBP",)) as found:
        side = _PORTRAIT
        drawn = found.convert("RGBA").resize((side, side), Image.Resampling.LANCZOS)
    paper = Image.alpha_composite(Image.new("RGBA", drawn.size, "white"), drawn)
    shape = Image.new("L", (4 * side, 4 * side))
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, 4 * side - 1, 4 * side - 1), 1.1 * side, 255)
    card.paste(paper, (SIZE[0] - _EDGE - side, (SIZE[1] - side) // 2), shape.resize(drawn.size))


def _lines(pen: ImageDraw.ImageDraw, text: str, place: tuple[int, int], colour: str) -> int:
    """Write a text in a few lines, cut where there is no more room; return where it ends."""
    top, size = place
    font = ImageFont.load_default(size)
    wide = SIZE[0] - 2 * _EDGE - 260
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if pen.textlength(longer, font) <= wide or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    cut = lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        cut[-1] += "\u2026"
    for line in cut:
        pen.text((_EDGE, top), _fitted(pen, line, font, wide), font=font, fill=colour)
        top += round(size * 1.25)
    return top


def _fitted(pen: ImageDraw.ImageDraw, line: str, font: Font, wide: int) -> str:
    """Cut a word that is wider than the card."""
    while pen.textlength(line, font) > wide and len(line) > 1:
        line = line[:-2] + "\u2026"
    return line


def _is_in_font(text: str) -> bool:
    return all(ord(each) < _WRITTEN or each in _ALSO for each in text)
