"""HTML as a tree: anything that calls itself HTML, however badly it is written."""

from html.parser import HTMLParser
from typing import Final

_VOID: Final = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source")
) | {"track", "wbr"}
_BLOCK_TAGS: Final = """
address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure
footer form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody td
tfoot th thead tr ul
"""
BLOCKS: Final = frozenset(_BLOCK_TAGS.split())
"""Tags that begin a line of their own."""
_CLOSES: Final = {
    "li": ("li", ("ul", "ol")),
    "dt": ("dt dd", ("dl",)),
    "dd": ("dt dd", ("dl",)),
    "tr": ("tr td th", ("table",)),
    "td": ("td th", ("tr", "table")),
    "th": ("td th", ("tr", "table")),
    "option": ("option", ("select",)),
}
_DEEPEST: Final = 120


class Node:
    """An element: its tag, its attributes, and what is in it."""

    __slots__ = ("attrs", "children", "tag")

    def __init__(self, tag: str, attrs: dict[str, str]) -> None:
        self.tag = tag
        self.attrs = attrs
        self.children: list[Node | str] = []


class Tree(HTMLParser):
    """Builds a tree out of anything; what is nested too deeply is laid flat."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("html", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BLOCKS and self.open[-1].tag == "p":
            self.open.pop()
        if rule := _CLOSES.get(tag):
            self._close(rule[0].split(), rule[1])
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in _VOID and len(self.open) < _DEEPEST:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self.open) - 1, max(0, len(self.open) - 40), -1):
            if self.open[depth].tag == tag:
                del self.open[depth:]
                return

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)

    def _close(self, tags: list[str], within: tuple[str, ...]) -> None:
        """End the outermost of these elements that is open inside its list or table."""
        outermost = 0
        for depth in range(len(self.open) - 1, 0, -1):
            if self.open[depth].tag in within:
                break
            if self.open[depth].tag in tags:
                outermost = depth
        if outermost:
            del self.open[outermost:]


def find(node: Node, tag: str, role: str = "\0") -> Node | None:
    for child in node.children:
        if isinstance(child, Node):
            if child.tag == tag or child.attrs.get("role") == role:
                return child
            if found := find(child, tag, role):
                return found
    return None


def find_all(node: Node, tag: str) -> list[Node]:
    found = []
    for child in node.children:
        if isinstance(child, Node):
            if child.tag == tag:
                found.append(child)
            found += find_all(child, tag)
    return found


def words_in(node: Node | str, *, links: bool = True) -> str:
    """Return the plain words in a node, spaces made single."""
    parts: list[str] = []
    _gather(node, parts, links)
    return " ".join("".join(parts).split())


def _gather(node: Node | str, parts: list[str], links: bool) -> None:  # noqa: FBT001 - recursion
    if isinstance(node, str):
        parts.append(node)
    elif node.tag not in ("script", "style") and (links or node.tag != "a"):
        spaced = node.tag in BLOCKS or node.tag == "br"
        if spaced:
            parts.append(" ")
        for child in node.children:
            _gather(child, parts, links)
        if spaced:
            parts.append(" ")


def gather_raw(node: Node, parts: list[str]) -> None:
    for child in node.children:
        if isinstance(child, str):
            parts.append(child)
        elif child.tag == "br":
            parts.append("\n")
        else:
            gather_raw(child, parts)


def rows_in(node: Node) -> list[Node]:
    rows = []
    for child in node.children:
        if isinstance(child, Node):
            if child.tag == "tr":
                rows.append(child)
            elif child.tag in ("thead", "tbody", "tfoot"):
                rows += rows_in(child)
    return rows
