"""A text as whoever reads it in the end will: what was written in another way, written plainly."""

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_WRITTEN: Final = re.compile(
    r"(?P<hex>%[0-7][0-9a-f])"
    r"|(?P<entity>&(?:\#\d{1,7}|\#x[0-9a-f]{1,6}|[a-z]{2,10});)"
    r"|(?P<escape>\\u00[0-7][0-9a-f]|\\x[0-7][0-9a-f])"
    r"|(?P<quoted>\\[!-/:-@\[-`{-~])"
    r"|(?P<unseen>[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff])"
    r"|(?P<wide>[\uff01-\uff5e\u2070-\u209c\U0001d400-\U0001d7ff])",
    re.IGNORECASE,
)
"""Characters as addresses, HTML, programs and Markdown write them; unseen ones; other widths."""

_PACKED: Final = re.compile(r"(?<![\w+/=-])[\w+/-]{12,}={0,2}", re.ASCII)
"""What may be base64: of an address of nine characters it has twelve."""
_LONGEST: Final = 8_000


@dataclass(frozen=True, slots=True)
class Plain:
    """A text written plainly, and where each of its characters stood."""

    text: str
    starts: list[int]
    ends: list[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the first text a part of this one stood."""
        return self.starts[start], self.ends[end - 1]


def plainly(text: str) -> Plain | None:
    """Return a text written plainly; None where it is that already."""
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    place = 0

    def keep(end: int) -> None:
        parts.append(text[place:end])
        starts.extend(range(place, end))
        ends.extend(range(place + 1, end + 1))

    for found in _WRITTEN.finditer(text):
        keep(found.start())
        place = found.end()
        meant = _meant(found)
        parts.append(meant)
        starts.extend([found.start()] * len(meant))
        ends.extend([found.end()] * len(meant))
    if not place:
        return None
    keep(len(text))
    return Plain("".join(parts), starts, ends)


def _meant(found: re.Match[str]) -> str:
    written = found[0]
    match found.lastgroup:
        case "hex" | "escape":
            return chr(int(written[-2:], 16))
        case "entity":
            return html.unescape(written)
        case "quoted":
            return written[1:]
        case "wide":
            return unicodedata.normalize("NFKC", written)
        case _:  # what is not seen
            return ""


def unpacked(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield what is base64 of a text: where it stands, and that text."""
    for found in _PACKED.finditer(text):
        written = found[0].rstrip("=")[:_LONGEST]
        # Four characters stand for three bytes; a number of them that cannot be is cut.
        written = written[: len(written) - (len(written) % 4 == 1)]
        filled = written + "=" * (-len(written) % 4)
        try:
            told = base64.b64decode(filled.replace("-", "+").replace("_", "/"), validate=True)
            meant = told.decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
        if meant.isprintable():
            yield found.start(), found.end(), meant
