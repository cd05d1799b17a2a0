"""Cutting a document's blocks into passages that keep the headings above them."""

import re
from collections.abc import Iterator

from parlour.agents.library.pages import Block, Passage

_FULL = 150
"""Words at which a passage ends with its block."""
_MOST = 220
"""Words above which a single block is cut, if it can be."""
_SENTENCE = re.compile(r"(?<=[.!?…。！？])[)\"”’]*\s+(?=[\"“‘(]?[A-Z0-9`*À-ÖØ-Þ]|[^\x00-\x7f])")  # noqa: RUF001
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|no|fig|sec|approx|Mr|Mrs|Dr|St|[A-Z])\.)$")
_LONGEST_ABBREVIATION = 10


def split(blocks: list[Block]) -> list[Passage]:
    """Return the document's passages in order; a heading without text below it makes none."""
    passages: list[Passage] = []
    for section, (headings, anchors, inside) in enumerate(_sections(blocks)):
        for group in _groups(inside):
            names = [name for block in group for name in block.anchors]
            text = "\n\n".join(block.text for block in group)
            passages.append(Passage(section, headings, text, [*anchors, *names]))
            anchors.clear()
    return passages


def _sections(blocks: list[Block]) -> Iterator[tuple[list[str], list[str], list[Block]]]:
    path: list[Block] = []
    anchors: list[str] = []
    inside: list[Block] = []
    for block in blocks:
        if block.kind not in ("heading", "up"):
            inside.append(block)
            continue
        if inside:
            yield [heading.text for heading in path], anchors, inside
            inside, anchors = [], []
        while path and path[-1].level >= block.level:
            path.pop()
        if block.kind == "heading":
            path.append(block)
            anchors += block.anchors
    if inside:
        yield [heading.text for heading in path], anchors, inside


def _groups(blocks: list[Block]) -> Iterator[list[Block]]:
    """Put neighbouring blocks together until a passage is full; "as follows:" keeps its list."""
    group: list[Block] = []
    size = 0
    for block in (part for whole in blocks for part in _parts(whole)):
        words = len(block.text.split())
        if group and size + words > _FULL:
            held = [group.pop()] if len(group) > 1 and _introduces(group[-1]) else []
            if not (len(group) == 1 and _introduces(group[0])):
                yield group
                group, size = held, sum(len(each.text.split()) for each in held)
            else:
                group += held
        group.append(block)
        size += words
    if group:
        yield group


def _introduces(block: Block) -> bool:
    return block.kind == "paragraph" and block.text.rstrip("* ").endswith(":")


def _parts(block: Block) -> list[Block]:
    """Cut a block that is too long to be read in one go, at the places where it allows it."""
    if len(block.text.split()) <= _MOST:
        return [block]
    cut = {"paragraph": _sentences, "list": _list_items, "table": _table_parts, "code": _code_parts}
    pieces = [piece for piece in cut[block.kind](block.text) if piece.strip()]
    parts = [Block(block.kind, piece) for piece in pieces]
    parts[0].anchors = block.anchors
    return parts


def _gathered(pieces: list[str], glue: str) -> list[str]:
    gathered: list[str] = []
    size = 0
    for piece in pieces:
        words = len(piece.split())
        if gathered and size + words <= _FULL:
            gathered[-1] += glue + piece
            size += words
        else:
            gathered.append(piece)
            size = words
    return gathered


def _sentences(text: str) -> list[str]:
    return _gathered(sentences_of(text), " ")


def sentences_of(text: str) -> list[str]:
    """Cut a paragraph into sentences; abbreviations and numbers do not end one."""
    parts: list[str] = []
    for piece in _SENTENCE.split(text):
        if parts and _ABBREVIATION.search(parts[-1], len(parts[-1]) - _LONGEST_ABBREVIATION):
            parts[-1] += " " + piece
        else:
            parts.append(piece)
    return parts


def _list_items(text: str) -> list[str]:
    items = items_of(text)
    return _gathered(items, "\n\n" if "\n\n" in text else "\n")


def items_of(text: str) -> list[str]:
    """Cut a list into its items, each with what hangs below it."""
    items: list[str] = []
    for line in text.split("\n"):
        if not items or re.match(r"(?:[-+*]|\d{1,9}[.)])\s", line):
            items.append(line)
        else:
            items[-1] += "\n" + line
    return [item.rstrip() for item in items]


def _table_parts(text: str) -> list[str]:
    head, rule, *rows = text.split("\n")
    return [f"{head}\n{rule}\n{part}" for part in _gathered(rows, "\n")]


def _code_parts(text: str) -> list[str]:
    fence, *lines, end = text.split("\n")
    chunks = _gathered(re.split(r"\n\s*\n", "\n".join(lines)), "\n\n")
    if any(len(chunk.split()) > 3 * _MOST for chunk in chunks):
        chunks = _gathered(lines, "\n")
    return [f"{fence}\n{chunk}\n{end.strip()}" for chunk in chunks]
