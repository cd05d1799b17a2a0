"""Reading a file of any kind we know, whatever its encoding, into a page."""

import codecs
import re
from pathlib import PurePosixPath

from parlour.agents.library.html import read_html
from parlour.agents.library.pages import Page, Unreadable
from parlour.agents.library.plaintext import read_markdown, read_text

KINDS = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".text": "text",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
}
"""What a file's suffix says it is; others are not read."""

_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_CHARSET = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_\-]+)", re.IGNORECASE)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def read(path: str, raw: bytes) -> Page:
    """Read a file's content; `path` tells its kind. Unreadable says why nothing came of it."""
    name = PurePosixPath(path)
    kind = KINDS[name.suffix.lower()]
    if not raw.strip():
        raise Unreadable("it is empty")
    if kind == "pdf":
        # Half of what a command loads, and a server's memory: only who reads files needs it.
        from parlour.agents.library.pdf import read_pdf  # noqa: PLC0415

        return read_pdf(raw, name.stem)
    text = decoded(raw).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if kind == "html":
        return read_html(text)
    return read_markdown(text, name.stem) if kind == "markdown" else read_text(text, name.stem)


def decoded(raw: bytes) -> str:
    """Turn bytes into text: a byte order mark, then what the file says, then UTF-8, then Latin."""
    for mark, encoding in _BOMS.items():
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    if len(_CONTROL.findall(raw[:8192])) > len(raw[:8192]) // 100:
        raise Unreadable("it is not text")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        told = _CHARSET.search(raw[:2048])
    for encoding in (told[1].decode() if told else "cp1252", "cp1252"):
        try:
            if codecs.lookup(encoding).name != "utf-8":
                return raw.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return raw.decode("latin-1")
