"""What stands inside a line of HTML, as Markdown: emphasis, code, breaks, pictures as text."""

import re
from typing import Final

from parlour.agents.library.furniture import DROPPED
from parlour.agents.library.markup import code_span, escaped, escaped_block
from parlour.agents.library.pages import unnumbered
from parlour.agents.library.tree import BLOCKS, Node, find, words_in

_CAPTION: Final = re.compile(r"(?:table|figure|example|listing)\s+[\w.]+", re.IGNORECASE)
_CODE: Final = frozenset({"code", "tt", "kbd", "samp", "var"})


def inline(nodes: list[Node | str]) -> str:
    """Return nodes that stand inside a line as Markdown; a `br` begins another line."""
    parts: list[str] = []
    for node in nodes:
        _inline_of(node, parts)
    text = "".join(parts)
    lines = (" ".join(line.split()) for line in text.split("\v"))
    return "\n".join(line for line in lines if line)


def _inline_of(node: Node | str, parts: list[str]) -> None:
    if isinstance(node, str):
        at_start = not "".join(parts[-2:]).strip()
        parts.append(escaped_block(node) if at_start else escaped(node))
    elif node.tag == "br":
        parts.append("\\\v" if parts else "")
    elif node.tag == "img":
        parts.append(escaped(node.attrs.get("alt", "")))
    elif node.tag in _CODE:
        parts.append(code_span(words_in(node)))
    elif node.tag in ("b", "strong"):
        text = inline(node.children)
        text = unnumbered(text) if _CAPTION.match(text) else text
        parts.append(f"**{text}**" if text else "")
    elif node.tag == "sup" and (text := words_in(node)).isdigit():
        parts.append(f"^{text}" if find(node, "a") is None else "")
    elif node.tag not in DROPPED:
        spaced = node.tag in BLOCKS
        parts.append(" " if spaced else "")
        for child in node.children:
            _inline_of(child, parts)
        parts.append(" " if spaced else "")
