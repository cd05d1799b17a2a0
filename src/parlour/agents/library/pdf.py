"""Reading PDF: the text of its pages, under the headings of its outline."""

import io
import logging
import re
from collections import Counter
from collections.abc import Sequence

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import Destination

from parlour.agents.library.markup import escaped_block
from parlour.agents.library.pages import Block, Page, Unreadable, unnumbered

_MOST_PAGES = 3_000


def read_pdf(raw: bytes, name: str) -> Page:
    """Read a PDF; Unreadable when it is broken, locked, or holds pictures of text only."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(raw), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("it is locked with a password")
        pages = [page.extract_text() or "" for page in reader.pages[:_MOST_PAGES]]
        title = str((reader.metadata and reader.metadata.title) or "")
        outline = _outline(reader, reader.outline, 1)
    except Unreadable:
        raise
    except RecursionError as error:
        raise Unreadable("it is nested too deeply") from error
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        OSError,
    ) as error:
        raise Unreadable("it is a broken PDF") from error
    if not any(text.strip() for text in pages):
        raise Unreadable("there is no text in it, perhaps only pictures of text")
    blocks = _blocks(_without_margins(pages), outline)
    return Page(unnumbered(title) if len(title.split()) > 1 else name, blocks, [])


def _outline(reader: PdfReader, items: Sequence[object], level: int) -> list[tuple[int, int, str]]:
    """Return (page, level, title) of the entries of the outline."""
    found: list[tuple[int, int, str]] = []
    for item in items:
        if isinstance(item, list):
            found += _outline(reader, item, level + 1)
        elif isinstance(item, Destination):
            page = reader.get_destination_page_number(item)
            if page is not None and item.title:
                found.append((page, level, str(item.title)))
    return found


def _without_margins(pages: list[str]) -> list[list[str]]:
    """Return the lines of each page without the head and foot lines that most pages share."""
    lines = [[" ".join(line.split()) for line in page.split("\n")] for page in pages]
    lines = [[line for line in page if line] for page in lines]
    edges = Counter(
        key for page in lines for key in {_shape(line) for line in (*page[:2], *page[-2:])}
    )
    often = {key for key, times in edges.items() if times > max(2, len(pages) // 2)}
    return [
        [
            line
            for at, line in enumerate(page)
            if not ((at < 2 or at >= len(page) - 2) and _shape(line) in often)
        ]
        for page in lines
    ]


def _shape(line: str) -> str:
    return re.sub(r"\d+", "0", line)


def _blocks(pages: list[list[str]], outline: list[tuple[int, int, str]]) -> list[Block]:
    blocks: list[Block] = []
    for number, lines in enumerate(pages):
        titles = [entry for entry in outline if entry[0] == number]
        if not titles:
            label = f"Page {number + 1}"
            blocks += [Block("up", "", 9), Block("heading", label, 9)]
        rest = lines
        for _, level, title in titles:
            at = next((n for n, line in enumerate(rest) if _same(line, title)), None)
            if at is not None:
                blocks += _paragraphs(rest[:at])
                rest = rest[at + 1 :]
            blocks.append(Block("heading", unnumbered(title), level))
        blocks += _paragraphs(rest)
    return blocks


def _same(line: str, title: str) -> bool:
    line, title = unnumbered(line).lower(), unnumbered(title).lower()
    return line == title or (len(title) > 12 and line.startswith(title))


def _paragraphs(lines: list[str]) -> list[Block]:
    """Join lines into paragraphs: one ends with a full stop well before the right edge."""
    if not lines:
        return []
    width = sorted(len(line) for line in lines)[len(lines) * 3 // 4]
    paragraphs: list[str] = [""]
    for line in lines:
        joined = paragraphs[-1]
        bullet = re.match(r"[•▪●‣*-]\s", line)
        if bullet and joined:
            paragraphs.append(line)
        elif joined.endswith("-") and line[:1].islower():
            paragraphs[-1] = joined[:-1] + line
        else:
            paragraphs[-1] = f"{joined} {line}".strip()
        if line[-1] in ".!?:" and len(line) < 0.85 * width:
            paragraphs.append("")
    return [Block("paragraph", escaped_block(text)) for text in paragraphs if text]
