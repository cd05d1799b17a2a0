"""What a file is that a visitor sends, by its content, and what it is called; pure."""

import codecs
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from parlour.kit.errors import FieldError, Invalid
from parlour.kit.texts import visible

KINDS: Final = ("image", "pdf", "text")
"""What agents may take."""
TOGETHER: Final = 20 * 1_048_576
"""Bytes of all files that go along with one question: what answers gets them in one request."""
LOOKED_AT: Final = 4_096
"""Bytes from the start of a file that tell what it is."""
LONGEST: Final = 100
"""Characters of a name."""

_BEGINS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image", "image/png"),
    (b"\xff\xd8\xff", "image", "image/jpeg"),
    (b"%PDF-", "pdf", "application/pdf"),
)
_SUFFIXES: Final = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "application/pdf": (".pdf",),
    "text/plain": (".txt", ".md", ".markdown", ".csv"),
}
"""The first one is given to a name that has none of them."""
_DRAWN: Final = (".webp", ".png", ".jpg", ".jpeg")
_MARKUP: Final = re.compile(
    rb"\s*(?:<!--.{0,2000}?-->\s*)*<(?:[!?]|(?:html|head|body|svg|script|iframe|math|xml)\b)",
    re.IGNORECASE | re.DOTALL,
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?\Z", re.IGNORECASE)
_UNFIT: Final = re.compile(r'[<>:"|?*\[\]]')


@dataclass(frozen=True, slots=True)
class Taking:
    """What may be sent with a message to an agent."""

    kinds: tuple[str, ...]
    bytes: int
    """Of one file."""
    most: int
    """Files with one message."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a file is."""

    kind: str
    """One of `KINDS`."""
    media_type: str
    name: str = ""


def kind_of(start: bytes) -> tuple[str, str] | None:
    """Return kind and media type of what begins so; None for what nobody takes."""
    for mark, kind, media_type in _BEGINS:
        if start.startswith(mark):
            return kind, media_type
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image", "image/webp"
    plain = start.removeprefix(codecs.BOM_UTF8)
    if _MARKUP.match(plain) or b"%PDF-" in start[:1024]:
        return None
    reader = Reader()
    try:
        reader.feed(start)
    except Invalid:
        return None
    return "text", "text/plain"


def judged(start: bytes, taking: Taking) -> Judged:
    """Say what begins so, as far as it is taken; Invalid for all else, and for nothing."""
    if not start.strip():
        raise refused("empty", "there is nothing in this file")
    found = kind_of(start)
    if found is None or found[0] not in taking.kinds:
        raise refused("kind", f"this takes {', '.join(taking.kinds)}, whatever a name says")
    return Judged(*found)


class Reader:
    """Reads a text as it comes in: it must be UTF-8, without what no text holds."""

    def __init__(self) -> None:
        """Begin."""
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def feed(self, piece: bytes, *, last: bool = False) -> None:
        """Look at the next piece; Invalid for what is no text."""
        try:
            text = self._decoder.decode(piece, last)
        except UnicodeDecodeError:
            raise refused("kind", "this is no text in UTF-8") from None
        if _CONTROL.search(text):
            raise refused("kind", "this is no text")


def named(given: str, media_type: str) -> str:
    """Return the name under which a file is shown and downloaded; never where it is kept.

    Its suffix says what its content is. Folders, signs that cannot be seen and those that are
    no part of a name somewhere are left out.
    """
    last = given[-2_000:].replace("\\", "/").rpartition("/")[2]
    plain = visible(unicodedata.normalize("NFC", " ".join(last.split())))
    name = _UNFIT.sub("", _CONTROL.sub("", plain)).strip(" .")
    suffixes = _SUFFIXES[media_type]
    stem, dot, suffix = name.rpartition(".")
    if media_type.startswith("image/") and f".{suffix.lower()}" in _DRAWN:
        # It was drawn anew, maybe as another kind than it came.
        name = stem
    if not dot or f".{suffix.lower()}" not in suffixes:
        stem, suffix = name, suffixes[0][1:]
    stem = stem[: LONGEST - 10].strip(" .") or "file"
    if _RESERVED.match(stem):
        stem = f"_{stem}"
    return f"{stem}.{suffix.lower()}"


def refused(code: str, message: str) -> Invalid:
    """Make the refusal of a file: `kind`, `empty`, `broken`."""
    return Invalid(message, code=f"file_{code}", errors=[FieldError("file", message)])
