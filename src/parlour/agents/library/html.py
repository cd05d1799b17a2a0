"""Reading HTML: the text of a page as Markdown blocks, without menus, headers and footers."""

from parlour.agents.library.blocks import Reader
from parlour.agents.library.cleaning import cleaned
from parlour.agents.library.pages import Block, Link, Page, Unreadable, unnumbered
from parlour.agents.library.tree import Node, Tree, find, find_all, words_in


def read_html(source: str) -> Page:
    """Read a page; Unreadable when there is no text in it."""
    tree = Tree()
    tree.feed(cleaned(source))
    tree.close()
    reader = Reader(strict=True)
    reader.blocks_in(_main(tree.root))
    if not _has_text(reader):
        reader = Reader(strict=False)
        reader.blocks_in(tree.root)
        if not _has_text(reader):
            raise Unreadable("there is no text in it")
    title = find(tree.root, "title")
    return Page(
        _title(words_in(title) if title else "", reader.blocks), reader.blocks, _once(reader.links)
    )


def _has_text(reader: Reader) -> bool:
    return any(block.kind not in ("heading", "up") for block in reader.blocks)


def _title(title: str, blocks: list[Block]) -> str:
    first = next((block.text for block in blocks if block.kind == "heading"), "")
    if not title or (first and unnumbered(first).lower() in title.lower()):
        title = first or title
    return unnumbered(title)


def _once(links: list[Link]) -> list[Link]:
    return list({(link.target, link.words): link for link in links}.values())


def _main(root: Node) -> Node:
    main = find(root, "main", role="main")
    articles = find_all(root, "article")
    if main is None and len(articles) == 1:
        main = articles[0]
    body = find(root, "body") or root
    return main if main is not None and len(words_in(main)) > 200 else body
