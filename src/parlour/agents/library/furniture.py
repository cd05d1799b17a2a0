"""What of a page is not its text: menus, headers, footers, whatever is hidden; pure."""

import re
from typing import Final

from parlour.agents.library.tree import Node, find

_NO_TEXT: Final = """
script style noscript template svg nav footer aside form button select textarea iframe object video
audio canvas head dialog
"""
DROPPED: Final = frozenset(_NO_TEXT.split())
"""Elements without text that anybody reads."""
_BOILERPLATE: Final = re.compile(
    r"(?:^|\s)(?:nav|navbar|nav-?(?:header|footer|bar|menu|links?)|navigation|breadcrumbs?|sidebar"
    r"|(?:site|page|global)-?(?:header|footer|nav)|footer|menu|skip-?links?|cookie\S*|social"
    r"|share|advert\S*|pagination|pager|headerlink|edit-?(?:link|page))(?:\s|$)",
    re.IGNORECASE,
)
_CONTENTS: Final = re.compile(
    r"(?:^|\s)(?:toc|table-?of-?contents|contents)(?:\s|$)", re.IGNORECASE
)
_ROLES: Final = frozenset({"navigation", "contentinfo", "search", "complementary"})


def is_contents(node: Node) -> bool:
    """Whether this is a table of contents that is shown: no text, and links that tell much."""
    return not _is_silent(node, strict=True) and bool(_CONTENTS.search(_names(node)))


def is_furniture(node: Node, *, strict: bool) -> bool:
    """Whether this belongs around the text; not `strict`, only what cannot be text is left out."""
    if _is_silent(node, strict=strict):
        return True
    if not strict:
        return False
    names = _names(node)
    header = node.tag == "header" and find(node, "h1") is None
    return (
        header
        or node.attrs.get("role") in _ROLES
        or bool(names != " " and (_CONTENTS.search(names) or _BOILERPLATE.search(names)))
    )


def _is_silent(node: Node, *, strict: bool) -> bool:
    if node.tag in DROPPED and (strict or node.tag in ("script", "style", "head")):
        return True
    return "hidden" in node.attrs or node.attrs.get("aria-hidden") == "true"


def _names(node: Node) -> str:
    return f"{node.attrs.get('class', '')} {node.attrs.get('id', '')}"
