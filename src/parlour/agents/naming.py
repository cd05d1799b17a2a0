"""What an uploaded document is, by its content, and the name under which it is kept; pure."""

import codecs
import re
import unicodedata
from typing import Final

from parlour.agents.library.reading import KINDS
from parlour.kit.errors import FieldError, Invalid
from parlour.kit.texts import trouble, visible

LOOKED_AT: Final = 8192
"""Bytes from the start of a file that tell what it is."""

LONGEST: Final = 120
_LONGEST_GIVEN: Final = 1000

_SUFFIXES: Final = {"pdf": ".pdf", "html": ".html", "markdown": ".md", "text": ".txt"}
_HTML: Final = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:(?><!--.*?-->)\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_MARKS: Final = (
    codecs.BOM_UTF8,
    codecs.BOM_UTF16_LE,
    codecs.BOM_UTF16_BE,
    codecs.BOM_UTF32_LE,
    codecs.BOM_UTF32_BE,
)
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SPACES: Final = re.compile(r"\s+")


def named(given: str, start: bytes) -> str:
    """Return the name to keep a document under; its suffix says what its content is.

    `given` is what the sender calls it, folders and all; `start` its first `LOOKED_AT` bytes.
    Invalid: it has no name, nothing in it, or is no Markdown, text, HTML or PDF.
    """
    name = _safe(given)
    kind = _kind(name, start)
    stem, dot, suffix = name.rpartition(".")
    fits = KINDS.get(dot + suffix.lower()) == kind
    if not fits:
        stem, dot, suffix = name, "", _SUFFIXES[kind]
    return stem[: LONGEST - len(dot + suffix)].rstrip(" .") + dot + suffix


def _safe(given: str) -> str:
    last = given.replace("\\", "/").rpartition("/")[2]
    if len(last) > _LONGEST_GIVEN:  # before it is brought into one form, which takes its time
        raise refused(f"the name at most {_LONGEST_GIVEN} characters")
    name = visible(unicodedata.normalize("NFC", _SPACES.sub(" ", last))).strip(" .")
    if not name:
        raise refused("a document needs a name")
    if (said := trouble(name, _LONGEST_GIVEN)) is not None:
        raise refused(f"the name {said}")
    return name


def _kind(name: str, start: bytes) -> str:
    if not start.strip():
        raise refused(f"“{name}” is empty")
    claimed = KINDS.get("." + name.rpartition(".")[2].lower(), "text")
    if b"%PDF-" in start[:1024]:
        return "pdf"
    if claimed == "pdf":
        raise refused(f"“{name}” is not a PDF, whatever its name says")
    if not start.startswith(_MARKS) and len(_CONTROL.findall(start)) > len(start) // 100:
        raise refused(f"“{name}” is not a Markdown, text, HTML or PDF document")
    if _HTML.match(start.removeprefix(codecs.BOM_UTF8)):
        return "html"
    return claimed


def refused(message: str) -> Invalid:
    """Make the refusal of a document."""
    return Invalid(message, errors=[FieldError("file", message)])
