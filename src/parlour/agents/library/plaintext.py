"""Reading plain text and Markdown as blocks."""

import re
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from parlour.agents.library.cleaning import cleaned
from parlour.agents.library.markup import escaped_block, fenced, plain
from parlour.agents.library.pages import Block, Link, Page, Unreadable, unnumbered

_FRONT = re.compile(r"\A---\s*\n(.*?)\n(?:---|\.\.\.)\s*\n", re.DOTALL)
_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE | re.IGNORECASE)
_UNDERLINE = re.compile(r"([=\-~^*#])\1{2,}\s*")
_MARKS = "[*_`<&!\\"
_MOST_MARKS = 100_000
"""Of a document, for each takes its time: some seconds of looking for links."""
_KINDS: Any = {
    "paragraph_open": "paragraph",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "table_open": "table",
    "fence": "code",
    "code_block": "code",
    "blockquote_open": "paragraph",
    "html_block": "html",
}


def read_markdown(source: str, name: str) -> Page:
    """Read Markdown; `name` is the title when the text has none."""
    title = ""
    if front := _FRONT.match(source):
        source = source[front.end() :]
        if told := _TITLE.search(front[1]):
            title = told[1]
    lines = source.split("\n")
    parser = MarkdownIt("commonmark").enable("table").disable("html_inline")
    parser.core.ruler.disable(["inline", "text_join"])
    defined: dict[str, Any] = {}
    tokens = parser.parse(source, defined)
    blocks = [block for pair in pairwise([*tokens, None]) for block in _block(*pair, lines)]
    if not any(block.kind != "heading" for block in blocks):
        raise Unreadable("there is no text in it")
    first = next((block.text for block in blocks if block.kind == "heading"), "")
    return Page(unnumbered(title or first or name), blocks, _links(parser, tokens, defined))


def _block(token: Token | None, after: Token | None, lines: list[str]) -> list[Block]:
    if token is None or token.level > 0 or token.map is None:
        return []
    if token.type == "heading_open" and after is not None:
        words = plain(after.content)
        slug = re.sub(r"[^\w\- ]", "", words.lower()).strip().replace(" ", "-")
        return [Block("heading", unnumbered(words), int(token.tag[1]), [slug])]
    kind = _KINDS.get(token.type)
    text = textwrap.dedent("\n".join(lines[slice(*token.map)])).strip("\n").rstrip()
    if kind == "html":
        text = " ".join(re.sub(r"<[^>]*>", " ", cleaned(text)).split())
        kind = "paragraph"
    if token.type == "code_block":
        text = fenced(token.content.rstrip("\n"))
    return [Block(kind, text)] if kind and text else []


def _links(parser: MarkdownIt, tokens: list[Token], defined: dict[str, Any]) -> list[Link]:
    """Return the links of the paragraphs that have any; what is nothing but marks costs no more."""
    links: list[Link] = []
    left = _MOST_MARKS
    for token in tokens:
        if token.type != "inline" or "[" not in token.content:
            continue
        left -= sum(map(token.content.count, _MARKS))
        if left < 0:
            break
        children: list[Token] = []
        parser.inline.parse(token.content, parser, defined, children)
        links += _links_in(children)
    return links


def _links_in(children: list[Token]) -> Iterator[Link]:
    for at, child in enumerate(children):
        target = str(child.attrs.get("href", "")) if child.type == "link_open" else ""
        if target and "://" not in target:
            end = next(n for n in range(at, len(children)) if children[n].type == "link_close")
            yield Link(target, "".join(each.content for each in children[at:end]))


def read_text(source: str, name: str) -> Page:
    """Read plain text: underlined and numbered lines are headings, indented pieces are code."""
    blocks: list[Block] = []
    for piece in re.split(r"\n[ \t]*\n", textwrap.dedent(source.expandtabs(4))):
        lines = [line.rstrip() for line in piece.split("\n") if line.strip()]
        while len(lines) >= 2 and _UNDERLINE.fullmatch(lines[1]):
            level = 1 if lines[1][0] in "=#*" else 2
            blocks.append(Block("heading", unnumbered(lines[0]), level))
            lines = lines[2:]
        if not lines:
            continue
        if len(lines) == 1 and _is_heading(lines[0], bool(blocks)):
            blocks.append(Block("heading", unnumbered(lines[0].title()), 2))
        elif all(line.startswith("    ") for line in lines) and len(blocks) > 0:
            blocks.append(Block("code", fenced(textwrap.dedent("\n".join(lines)))))
        elif re.match(r"\s*(?:[-*•]|\d+[.)])\s", lines[0]) and len(lines) > 1:
            text = re.sub(r"^(\s*)[*•]\s", r"\1- ", "\n".join(lines), flags=re.MULTILINE)
            blocks.append(Block("list", textwrap.dedent(text)))
        else:
            blocks.append(Block("paragraph", escaped_block(" ".join(" ".join(lines).split()))))
    if not any(block.kind != "heading" for block in blocks):
        raise Unreadable("there is no text in it")
    first = blocks[0]
    return Page(first.text if first.kind == "heading" else name, blocks, [])


def _is_heading(line: str, follows: bool) -> bool:  # noqa: FBT001 - a plain rule of two facts
    words = line.split()
    if len(words) > 10 or line.rstrip()[-1:] in ".,;:!?" or not follows:
        return False
    return line.isupper() and len(line) > 3
