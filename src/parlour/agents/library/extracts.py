"""What a document contributes to the index: its words, counted by field, and where it points."""

import posixpath
from collections import Counter
from urllib.parse import unquote

import msgspec

from parlour.agents.library.markup import blocks_of, is_code, plain
from parlour.agents.library.pages import Link, Page, Passage
from parlour.agents.library.words import STOP, terms

Counts = dict[str, int]


class Words(msgspec.Struct, array_like=True):
    """One passage's words by field."""

    headings: Counts
    body: Counts
    code: Counts


class Extract(msgspec.Struct, array_like=True):
    """One document's part of the index, made when it is read and kept with it."""

    title: Counts
    passages: list[Words]
    anchors: dict[str, int]
    """Names under which links point into the document, and the passage each means."""
    links: list[tuple[str, str, list[str]]]
    """Path and anchor of the target, and the words put on the link."""


def extract(path: str, page: Page, passages: list[Passage]) -> Extract:
    """Count the words of a document at `path` (with slashes, below the folder)."""
    anchors: dict[str, int] = {}
    for number, passage in enumerate(passages):
        for name in passage.anchors:
            anchors.setdefault(name, number)
    return Extract(
        dict(Counter(terms(page.title))),
        [_words(page.title, passage) for passage in passages],
        anchors,
        [resolved for link in page.links if (resolved := _resolve(path, link))],
    )


def _words(title: str, passage: Passage) -> Words:
    headings = [heading for heading in passage.headings if heading != title]
    blocks = blocks_of(passage.text)
    code = "\n".join(plain(block) for block in blocks if is_code(block))
    body = "\n".join(plain(block) for block in blocks if not is_code(block))
    return Words(
        dict(Counter(terms("\n".join(headings)))), _telling(terms(body)), _telling(terms(code))
    )


def _telling(found: list[str]) -> Counts:
    return dict(Counter(term for term in found if term not in STOP))


def _resolve(path: str, link: Link) -> tuple[str, str, list[str]] | None:
    target, _, anchor = link.target.partition("#")
    target = unquote(target.partition("?")[0])
    if target:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    words = sorted(set(terms(link.words)))
    return (target or path, unquote(anchor), words) if words else None
