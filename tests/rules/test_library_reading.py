"""What is made of Markdown, text, HTML and of files that are none of it."""

from time import process_time

import pytest

from parlour.agents.library.pages import Block, Page, Unreadable, unnumbered
from parlour.agents.library.reading import decoded, read
from parlour.agents.library.splitting import sentences_of, split


def html(body: str, title: str = "") -> Page:
    return read("page.html", f"<html><head><title>{title}</title></head><body>{body}".encode())


def texts(page: Page) -> list[str]:
    return [block.text for block in page.blocks if block.kind not in ("heading", "up")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>One\n  line</p><p>Two", ["One line", "Two"]),
        ("loose <b>words</b><div>and more</div>", ["loose **words**", "and more"]),
        ("<pre>  a\n    b\n</pre>", ["```\n  a\n    b\n```"]),
        (
            '<pre><code class="language-sql">SELECT 1;</code></pre>',
            ["```sql\nSELECT 1;\n```"],
        ),
        ("<p>Use <code>a_b</code> here</p>", ["Use `a_b` here"]),
        ("<p>2 * 3 * 4 and [x] and <i>_y_</i></p>", [r"2 \* 3 \* 4 and \[x\] and \_y\_"]),
        ("<p># no heading</p><p>1. no list</p>", [r"\# no heading", r"1\. no list"]),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>", ["- a\n- b\n  - c"]),
        ("<ol><li><p>a</p><pre>x</pre><li>b</ol>", ["1. a\n\n   ```\n   x\n   ```\n\n2. b"]),
        ("<dl><dt>-v</dt><dd>Be loud.</dd></dl>", [r"- -v: Be loud."]),
        (
            "<table><tr><th>a<th>b<tr><td>1|2<td>3</table>",
            ["| a | b |\n| --- | --- |\n| 1\\|2 | 3 |"],
        ),
        ("<nav>Menu</nav><p>Text</p><footer>Us</footer>", ["Text"]),
        ('<div class="navheader">Prev</div><p>Text</p>', ["Text"]),
        ("<script>var x</script><style>p{}</style><p>Text</p>", ["Text"]),
        ("<p>a<br>b</p>", ["a\\\nb"]),
        ("<aside>only this</aside>", ["only this"]),
    ],
)
def test_html_becomes_markdown(body: str, expected: list[str]) -> None:
    assert texts(html(body)) == expected


@pytest.mark.parametrize(
    ("title", "body", "expected"),
    [
        ("My Site | Pets", "<h1>Pets</h1><p>x</p>", "Pets"),
        ("11.8. Partial Indexes", "<p>x</p>", "Partial Indexes"),
        ("", "<h2>1.2 Start</h2><p>x</p>", "Start"),
        ("A title", "<h1>Another</h1><p>x</p>", "A title"),
    ],
)
def test_title(title: str, body: str, expected: str) -> None:
    assert html(body, title).title == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Chapter 3. Doors", "Doors"),
        ("F.37. tools", "tools"),
        ("Table 9.1. Colours", "Colours"),
        ("Appendix B. More", "More"),
        ("3 doors", "3 doors"),
        ("A. B.", "B."),
        ("7.", "7."),
    ],
)
def test_numbers_before_titles_go(written: str, expected: str) -> None:
    assert unnumbered(written) == expected


def test_long_entries_stand_under_their_term_and_a_remark_is_no_heading() -> None:
    long = "word " * 40
    page = html(
        f"<h2>Settings</h2><dl><dt>port</dt><dd>{long}</dd></dl>"
        "<div class='note'><h3>Note</h3><p>Mind it.</p></div><p>After.</p>"
    )
    passages = split(page.blocks)
    assert [passage.headings for passage in passages] == [["Settings", "port"], ["Settings"]]
    assert passages[1].text == "**Note:** Mind it.\n\nAfter."


def test_links_tell_what_they_point_to() -> None:
    page = html(
        '<dl><dt>index, <a href="a.html#x">Indexes</a></dt><dd><dl>'
        '<dt>partial, <a href="b.html">Some rows</a></dt></dl></dd></dl>'
        '<p>See <a href="c.html" title="2.1. Doors">Section 2.1</a>.</p>'
        '<p><a href="https://elsewhere.example/">away</a></p>'
    )
    assert [(link.target, link.words) for link in page.links] == [
        ("a.html#x", "index, Indexes"),
        ("b.html", "index partial, Some rows"),
        ("c.html", "See Section 2.1. Doors"),
    ]


def test_hostile_html_is_read_without_falling_over() -> None:
    assert texts(html("<div>" * 50_000 + "deep")) == ["deep"]
    assert texts(html("<table>" * 3_000 + "<tr><td>cell")) == ["cell"]
    assert texts(html("<p>a</b></i></p></div></table>b")) == ["a", "b"]


@pytest.mark.parametrize(
    ("kind", "unit"),
    [
        *(("html", unit) for unit in ("<", "<!--", "<a ", "</", "<x", "x<y ", "<![CDATA[", "<?")),
        *(("html", unit) for unit in ("\n \n", "<p>[", "<a x='")),
        *(("md", unit) for unit in ("<", "[", "![", "<!--", "<?", "[a](", "a\n--\n", "**a ")),
        *(("txt", unit) for unit in ("[", "e.g. A ", "\n \n")),
    ],
)
def test_hostile_text_takes_no_longer_than_other_text(kind: str, unit: str) -> None:
    """What is looked for in vain, again and again, took minutes for a few hundred kilobytes."""
    raw = ("Hello there, this is a text.\n\n" + unit * (100_000 // len(unit))).encode()
    began = process_time()
    page = read("x." + kind, raw)
    assert "Hello there" in str(texts(page))
    assert split(page.blocks)
    assert process_time() - began < 15


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>a<script>if (1<2) '<!--'</script>b</p>", ["a b"]),
        ("<p>a<STYLE media=x>p > a {}</STYLE >b", ["a b"]),
        ("<p>a<!-- b > c --> d", ["a d"]),
        ("<p>a<!-- b", [r"a\<!-- b"]),
        ("<p>1 < 2 <3 and <- <b>c</b>", [r"1 \< 2 \<3 and \<- **c**"]),
        ("<p>a <b", [r"a \<b"]),
        ("<p>a<![CDATA[x]]>b<?php 1 ?>c", ["a b c"]),
        ("<p>a<script>b", ["a"]),
        (f'<p>a<img src="data:{"x" * 70_000}">b', ["a b"]),
        ("<scripture>a</scripture>", ["a"]),
        ("<p title='1>2'>a", ["a"]),
        ("<p>\u0130<Script>x</script>b", ["\u0130 b"]),
    ],
)
def test_what_is_cleaned_out_of_html(body: str, expected: list[str]) -> None:
    assert texts(read("page.html", body.encode())) == expected


def test_links_of_markdown() -> None:
    """Also where there are more marks than anybody writes: those are looked through no longer."""
    source = (
        "See [the **guide**](guide.md#x), [this][r], ![no](p.png), [out](https://x.example/).\n"
    )
    defined = "\n[r]: ref.md\n"
    expected = [("guide.md#x", "the guide"), ("ref.md", "this")]
    page = read("x.md", (source + defined).encode())
    assert [(link.target, link.words) for link in page.links] == expected
    page = read("x.md", f"{source}\n{'[' * 100_001}\n\n[lost](x.md)\n{defined}".encode())
    assert [(link.target, link.words) for link in page.links] == expected


def test_markdown_keeps_its_code_and_tables_whole() -> None:
    source = (
        "---\ntitle: Guide\n---\n# One\n\ntext\n\n```sh\n# no heading\n```\n\n| a |\n|---|\n| 1 |\n"
    )
    page = read("x.md", source.encode())
    assert page.title == "Guide"
    assert [(block.kind, block.text) for block in page.blocks] == [
        ("heading", "One"),
        ("paragraph", "text"),
        ("code", "```sh\n# no heading\n```"),
        ("table", "| a |\n|---|\n| 1 |"),
    ]


def test_text_has_headings_code_and_lists() -> None:
    source = "Title\n=====\n\nfirst\nline\n\n    code\n\nSETTINGS\n\n* a\n* b\n"
    page = read("x.txt", source.encode())
    assert page.title == "Title"
    assert [(block.kind, block.text) for block in page.blocks] == [
        ("heading", "Title"),
        ("paragraph", "first line"),
        ("code", "```\ncode\n```"),
        ("heading", "Settings"),
        ("list", "- a\n- b"),
    ]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("grün".encode(), "grün"),
        ("grün".encode("cp1252"), "grün"),
        ("grün".encode("utf-16"), "grün"),
        (b"\xef\xbb\xbfa", "a"),
        ("<meta charset=koi8-r>дом".encode("koi8-r"), "<meta charset=koi8-r>дом"),
        ("<meta charset=no-such>grün".encode("cp1252"), "<meta charset=no-such>grün"),
    ],
)
def test_encodings(raw: bytes, expected: str) -> None:
    assert decoded(raw) == expected


@pytest.mark.parametrize(
    ("name", "raw", "reason"),
    [
        ("a.md", b"", "it is empty"),
        ("a.md", b" \n", "it is empty"),
        ("a.txt", bytes(range(256)) * 9, "it is not text"),
        ("a.html", b"<html><body><script>x</script>", "there is no text in it"),
        ("a.md", b"# Only\n\n## Headings\n", "there is no text in it"),
        ("a.pdf", b"%PDF-1.7 broken", "it is a broken PDF"),
        ("a.pdf", b"no pdf at all", "it is a broken PDF"),
    ],
)
def test_what_cannot_be_read_says_why(name: str, raw: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as told:
        read(name, raw)
    assert str(told.value) == reason


def test_passages_are_readable_pieces() -> None:
    sentence = "Every door has two sides and one key. "
    blocks = [
        Block("heading", "Doors", 1),
        Block("paragraph", sentence * 60),
        Block("paragraph", "Open it so:"),
        Block("code", "```\nopen\n```"),
        Block("heading", "Keys", 2),
        Block("paragraph", "One."),
    ]
    passages = split(blocks)
    assert [passage.headings[-1] for passage in passages][-2:] == ["Doors", "Keys"]
    assert all(len(passage.text.split()) <= 220 for passage in passages)
    assert passages[-2].text.endswith("Open it so:\n\n```\nopen\n```")
    assert "".join(p.text for p in passages[:-1]).count("Every door") == 60


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Use e.g. Linux. Done.", ["Use e.g. Linux.", "Done."]),
        ("Version 1.5 is out.", ["Version 1.5 is out."]),
        ("See (it is so.) Then go.", ["See (it is so.", "Then go."]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences_of(text) == expected
