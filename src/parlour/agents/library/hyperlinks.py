"""The links of a page: where each points, and the words around it that say what is there."""

import re
from typing import Final

from parlour.agents.library.pages import Link, unnumbered
from parlour.agents.library.tree import Node, find_all, words_in

_EMPTY: Final = re.compile(
    r"(?:(?:section|chapter|table|example|figure|appendix|part|page)\s+[\w.]+|here|this|link|more"
    r"|prev(?:ious)?|next|up|home|top|\W*)",
    re.IGNORECASE,
)
"""Words on a link that say nothing of its target."""
_SHORT: Final = 14
"""Words up to which a line around a link describes what the link points to."""


def links_in(node: Node, around: str = "") -> list[Link]:
    """Return the links in `node`; `around` is the text of the line they stand in."""
    found: list[Link] = []
    for link in [node] if node.tag == "a" else find_all(node, "a"):
        target, words = _link(link)
        if target and around and len(around.split()) <= _SHORT and len(around) > len(words):
            words = f"{around} {words}"
        if target and words.strip(" ,"):
            found.append(Link(target, words))
    return found


def links_of_term(term: Node, above: list[str]) -> list[Link]:
    """Return the links of a term in a definition list, as in a book's index.

    The words of the term, and of the terms `above` it, say what the links are for.
    """
    own = words_in(term, links=False)
    return [
        Link(target, " ".join([*above, own, words]))
        for target, words in map(_link, find_all(term, "a"))
        if target
    ]


def _link(link: Node) -> tuple[str, str]:
    target = link.attrs.get("href", "")
    if "://" in target or target.startswith(("mailto:", "javascript:")):
        return "", ""
    words = unnumbered(words_in(link))
    if _EMPTY.fullmatch(words):
        words = unnumbered(" ".join(link.attrs.get("title", "").split()))
    return target, words
