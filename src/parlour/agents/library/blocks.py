"""Walking the tree of a page: its blocks as Markdown, with anchors, and its links."""

import re
from typing import Final

from parlour.agents.library.furniture import is_contents, is_furniture
from parlour.agents.library.hyperlinks import links_in, links_of_term
from parlour.agents.library.inlines import inline
from parlour.agents.library.markup import escaped, fenced
from parlour.agents.library.pages import Block, Link, unnumbered
from parlour.agents.library.tree import BLOCKS, Node, find, gather_raw, rows_in, words_in

_HEADINGS: Final = {f"h{n}": n for n in range(1, 7)}
_REMARK: Final = re.compile(
    r"(?:^|\s)(?:note|tip|hint|warning|caution|important|danger|admonition\S*|callout\S*)(?:\s|$)",
    re.IGNORECASE,
)
_LONG_ENTRY = 30
"""Words from which an entry of a definition list stands by itself, under its term."""


class Reader:
    """Walks the tree and leaves blocks and links behind."""

    def __init__(self, *, strict: bool) -> None:
        self.blocks: list[Block] = []
        self.links: list[Link] = []
        self._strict = strict
        self._anchors: list[str] = []
        self._terms: list[str] = []
        """The terms of the definition lists around this place: a link's words begin with them."""

    # Blocks

    def blocks_in(self, node: Node) -> None:
        """Leave the blocks of everything in `node`; loose text becomes paragraphs."""
        loose: list[Node | str] = []
        for child in node.children:
            if isinstance(child, Node) and (child.tag in BLOCKS or self._has_block(child)):
                self._paragraph(loose)
                loose = []
                self._block(child)
            else:
                loose.append(child)
        self._paragraph(loose)

    def _has_block(self, node: Node) -> bool:
        return any(
            isinstance(child, Node) and (child.tag in BLOCKS or self._has_block(child))
            for child in node.children
        )

    def _block(self, node: Node) -> None:
        if _REMARK.search(node.attrs.get("class", "")):
            self._remark(node)
            return
        if self._is_dropped(node):
            return
        self._note_anchor(node)
        if node.tag in _HEADINGS:
            self._add("heading", unnumbered(words_in(node)), level=_HEADINGS[node.tag])
            self._note_anchors_in(node)
        elif node.tag == "p":
            self._paragraph(node.children)
        elif node.tag == "pre":
            self._code(node)
        elif node.tag in ("ul", "ol"):
            self._list(node)
        elif node.tag == "dl":
            self._definitions(node)
        elif node.tag == "table":
            self._table(node)
        else:
            self.blocks_in(node)

    def _remark(self, node: Node) -> None:
        """Write a note, tip or warning without a heading: what follows it does not belong to it."""
        self._note_anchor(node)
        outer, self.blocks = self.blocks, []
        self.blocks_in(node)
        inner, self.blocks = self.blocks, outer
        label = inner.pop(0).text if inner and inner[0].kind == "heading" else ""
        if label and inner and inner[0].kind == "paragraph":
            inner[0].text = f"**{escaped(label)}:** {inner[0].text}"
        self.blocks += inner

    def _is_dropped(self, node: Node) -> bool:
        if self._strict and is_contents(node):
            self.links += links_in(node)
        return is_furniture(node, strict=self._strict)

    def _note_anchor(self, node: Node) -> None:
        if anchor := node.attrs.get("id") or (node.tag == "a" and node.attrs.get("name")) or "":
            self._anchors.append(anchor)

    def _note_anchors_in(self, node: Node) -> None:
        for child in node.children:
            if isinstance(child, Node):
                self._note_anchor(child)
                self._note_anchors_in(child)

    def _add(self, kind: str, text: str, level: int = 0) -> None:
        if text or kind == "up":
            anchors, self._anchors = self._anchors, []
            self.blocks.append(Block(kind, text, level, anchors))  # type: ignore[arg-type]

    def _paragraph(self, nodes: list[Node | str]) -> None:
        text = inline(nodes)
        for node in nodes:
            if isinstance(node, Node):
                self._note_anchor(node)
                self._note_anchors_in(node)
                self.links += links_in(node, text)
        self._add("paragraph", text)

    def _code(self, node: Node) -> None:
        self._note_anchors_in(node)
        text: list[str] = []
        gather_raw(node, text)
        code = "\n".join(line.rstrip() for line in "".join(text).strip("\n").split("\n"))
        names = (
            node.attrs.get("class", "")
            + " "
            + " ".join(
                child.attrs.get("class", "") for child in node.children if isinstance(child, Node)
            )
        )
        language = re.search(r"(?:language|lang|highlight|brush)[-:](\w+)", names)
        if code.strip():
            self._add("code", fenced(code, language[1] if language else ""))

    def _list(self, node: Node) -> None:
        items = self._items(node)
        if items:
            loose = any("\n\n" in item for item in items)
            self._add("list", ("\n\n" if loose else "\n").join(items))

    def _items(self, node: Node) -> list[str]:
        items = []
        number = 1
        for child in node.children:
            if isinstance(child, Node) and child.tag == "li" and not self._is_dropped(child):
                mark = f"{number}. " if node.tag == "ol" else "- "
                if text := self._inside(child):
                    items.append(_hung(mark, text))
                    number += 1
        return items

    def _inside(self, node: Node) -> str:
        """Return the Markdown of everything in a node, as one text."""
        outer, self.blocks = self.blocks, []
        self._note_anchor(node)
        self.blocks_in(node)
        inner, self.blocks = self.blocks, outer
        self._anchors += [anchor for block in inner for anchor in block.anchors]
        texts = [f"**{b.text}**" if b.kind == "heading" else b.text for b in inner if b.text]
        tight = len(texts) == 2 and inner[-1].kind == "list" and "\n\n" not in texts[-1]
        return ("\n" if tight else "\n\n").join(texts)

    def _definitions(self, node: Node) -> None:
        short: list[str] = []
        level = 7 + len(self._terms)
        stands_alone = False
        for terms, entries in _entries(node):
            label = ", ".join(filter(None, (words_in(term) for term in terms)))
            for term in terms:
                self.links += links_of_term(term, self._terms)
            bare = " ".join(filter(None, (words_in(term, links=False) for term in terms)))
            self._terms.append(bare.strip(" ,"))
            texts = [self._inside(entry) for entry in entries if not _only_terms(entry)]
            if sum(len(text.split()) for text in texts) >= _LONG_ENTRY:
                self._flush(short)
                short = []
                for part in (*terms, *entries):
                    self._note_anchor(part)
                self._add("heading", label, level=level)
                for entry in entries:
                    self.blocks_in(entry)
                stands_alone = True
            else:
                told = " ".join(" ".join(texts).split("\n")) if texts else ""
                name = " ".join(inline(term.children) for term in terms)
                short.append(_hung("- ", f"{name}: {told}" if told else name))
                for entry in entries:
                    if _only_terms(entry):
                        self.blocks_in(entry)
            self._terms.pop()
        self._flush(short)
        if stands_alone:
            self._add("up", "", level=level)

    def _flush(self, items: list[str]) -> None:
        if items:
            self._add("list", "\n".join(items))

    # Tables

    def _table(self, node: Node) -> None:
        caption = find(node, "caption")
        if caption is not None:
            self._paragraph(caption.children)
        rows = [
            [cell for cell in row.children if isinstance(cell, Node) and cell.tag in ("td", "th")]
            for row in rows_in(node)
        ]
        rows = [row for row in rows if row]
        if not rows:
            self.blocks_in(node)
        elif self._is_layout(rows):
            for row in rows:
                for cell in row:
                    self.blocks_in(cell)
        elif max(len(row) for row in rows) == 1:
            self._column([row[0] for row in rows if row[0].tag == "td"])
        else:
            self._grid(rows)

    def _grid(self, rows: list[list[Node]]) -> None:
        for row in rows:
            for cell in row:
                self._note_anchors_in(cell)
        widest = max(len(row) for row in rows)
        lines = [[self._cell(cell) for cell in row] for row in rows]
        lines = [line + [""] * (widest - len(line)) for line in lines if any(line)]
        if len(lines) == 1:
            self._add("paragraph", " ".join(lines[0]))
        elif lines:
            if rows[0][0].tag != "th":
                lines.insert(0, [""] * widest)
            rule = ["---"] * widest
            self._add("table", "\n".join(_row(line) for line in [lines[0], rule, *lines[1:]]))

    def _is_layout(self, rows: list[list[Node]]) -> bool:
        return any(
            find(cell, tag) is not None
            for row in rows
            for cell in row
            for tag in ("pre", "table", "h2")
        )

    def _column(self, cells: list[Node]) -> None:
        """A table of one column is a list of entries."""
        for cell in cells:
            if text := self._inside(cell):
                self._add("list", _hung("- ", text))

    def _cell(self, cell: Node) -> str:
        for child in cell.children:
            if isinstance(child, Node):
                self.links += links_in(child)
        return inline(cell.children).replace("|", "\\|").replace("\n", " ")


def _hung(mark: str, text: str) -> str:
    """Put a list's mark before the first line, and indent the others below it."""
    first, *rest = text.split("\n")
    indent = " " * len(mark)
    return "\n".join([mark + first, *(indent + line if line else "" for line in rest)])


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _entries(node: Node) -> list[tuple[list[Node], list[Node]]]:
    """Return the terms and entries of a definition list, `div`s around a pair or not."""
    pairs: list[tuple[list[Node], list[Node]]] = []
    for child in node.children:
        if not isinstance(child, Node):
            continue
        if child.tag == "dt":
            if not pairs or pairs[-1][1]:
                pairs.append(([], []))
            pairs[-1][0].append(child)
        elif child.tag == "dd":
            if not pairs:
                pairs.append(([], []))
            pairs[-1][1].append(child)
        elif child.tag == "div":
            pairs += _entries(child)
    return pairs


def _only_terms(node: Node) -> bool:
    """Whether an entry holds nothing but a further definition list, as in a book's index."""
    inner = [c for c in node.children if isinstance(c, Node) or c.strip()]
    return len(inner) == 1 and isinstance(inner[0], Node) and inner[0].tag == "dl"
