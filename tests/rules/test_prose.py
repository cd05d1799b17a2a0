"""Markdown becomes the HTML we mean, and nothing that was not meant (XSS-01 to XSS-04, XSS-08)."""

import re
from html.parser import HTMLParser

import pytest

from parlour.web import prose
from parlour.web.addresses import address, trimmed
from tests.browser.hostile import ADDRESSES, corpus

ALLOWED = {
    "a": {"href", "target", "rel", "class", "aria-label"},
    "blockquote": set[str](),
    "br": set[str](),
    "code": set[str](),
    "div": {"class", "tabindex", "role", "aria-label"},
    "em": set[str](),
    "figure": {"class"},
    "hr": set[str](),
    "li": set[str](),
    "ol": {"start"},
    "p": {"class"},
    "pre": {"tabindex"},
    "s": set[str](),
    "span": {"class", "role", "aria-label"},
    "strong": set[str](),
    "table": set[str](),
    "tbody": set[str](),
    "td": {"class"},
    "th": {"class"},
    "thead": set[str](),
    "tr": set[str](),
    "ul": set[str](),
    **{f"h{level}": set[str]() for level in (3, 4, 5, 6)},
}


class Inspector(HTMLParser):
    """Notes every element and attribute that has no business in an answer."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED:
            self.wrong.append(tag)
        self.wrong += [f"{tag} {name}" for name, _ in attrs if name not in ALLOWED.get(tag, ())]
        given = dict(attrs)
        href = given.get("href") or ""
        if tag == "a" and not re.match(r"https?://[^/@\s]+|mailto:[^?]+\Z|#c-", href):
            self.wrong.append(f"href {href!r}")
        if tag == "a" and given.get("rel") != "noopener noreferrer nofollow ugc":
            self.wrong.append(f"rel {given.get('rel')!r}")

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"comment {data}")


def wrong(html: str) -> list[str]:
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()
    return inspector.wrong


def test_the_corpus_is_large() -> None:
    assert len(set(corpus())) >= 300


@pytest.mark.parametrize("text", corpus())
def test_hostile_text_becomes_harmless(text: str) -> None:
    assert wrong(prose.render(text, (1, 2), "msg_x")) == []
    assert wrong(prose.plain(text)) == []


@pytest.mark.parametrize("url", ADDRESSES)
def test_an_address_is_kept_only_when_it_says_where_it_leads(url: str) -> None:
    kept = address(url)
    if kept is not None:
        assert re.match(r"(?:https?://|mailto:)[!-~]+\Z", kept.href)
        assert "@" not in kept.href.split("/")[2] if kept.href.startswith("http") else True


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://example.org/a?b#c", "example.org"),
        ("http://example.org:8080/", "example.org:8080"),
        ("https://\u0430\u0440\u0440\u04cf\u0435.com/", "xn--80ak6aa92e.com"),
        ("https://\uff45xample.org/", "example.org"),
        ("mailto:vera@example.org", "vera@example.org"),
        ("https://[::1]:80/x", "[::1]:80"),
    ],
)
def test_the_host_is_shown_as_the_browser_reads_it(url: str, host: str) -> None:
    """XSS-03: a look-alike is shown in punycode."""
    found = address(url)
    assert found is not None
    assert found.host == host


@pytest.mark.parametrize(
    "url",
    ["//example.org", "/x", "x", "", "https://a@b.c/", "javascript:1", "https://a\\b/", "tel:1"],
)
def test_other_addresses_are_no_links(url: str) -> None:
    assert address(url) is None


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("https://a.test/x.", "https://a.test/x"),
        ("https://a.test/x),", "https://a.test/x"),
        ("https://a.test/x_(y)", "https://a.test/x_(y)"),
        ("https://a.test/?q=1!", "https://a.test/?q=1"),
    ],
)
def test_a_bare_address_ends_before_the_sentence_does(said: str, meant: str) -> None:
    assert trimmed(said) == meant


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("pg_stat_statements and $5", "<p>pg_stat_statements and $5</p>"),
        ("a\nb", "<p>a\nb</p>"),
        ("# One\n\n### Two\n\n# Three", "<h3>One</h3>\n<h4>Two</h4>\n<h3>Three</h3>"),
        ("##### Deep", "<h3>Deep</h3>"),
        ("~~x~~", "<p><s>x</s></p>"),
        ("3. x", '<ol start="3">\n<li>x</li>\n</ol>'),
        ("שלום **עולם**", "<p>שלום <strong>עולם</strong></p>"),
    ],
)
def test_markdown(text: str, html: str) -> None:
    assert prose.render(text) == html


def test_a_link_says_where_it_leads() -> None:
    html = prose.render("[google.test](https://evil.test/x) and [evil.test](https://evil.test)")
    assert html.count('<span class="host">evil.test</span>') == 1


def test_an_image_is_a_link_with_its_host() -> None:
    """XSS-02: nothing is loaded."""
    html = prose.render("![the plan](https://far.test/x.png?q=secret)")
    assert "<img" not in html
    assert 'href="https://far.test/x.png?q=secret"' in html
    assert '<span class="host">far.test</span>' in html


def test_a_relative_link_keeps_only_its_words() -> None:
    assert prose.render("[log out](/logout)") == "<p>log out</p>"


def test_citations_become_chips_where_there_is_a_source() -> None:
    html = prose.render("It is so.[1] And so [1, 2], not [3] nor `[1]`.", (1, 2), "msg_a")
    assert re.findall(r'href="#c-msg_a-(\d)"', html) == ["1", "1", "2"]
    assert "not [3] nor" in html
    assert "<code>[1]</code>" in html
    assert '<span class="keep">so.<a class="cite"' in html


def test_a_bare_address_beside_a_citation_stays_whole() -> None:
    html = prose.render("See https://a.test/b.[1]", (1,), "m")
    assert 'href="https://a.test/b"' in html
    assert 'href="#c-m-1"' in html


def test_code_keeps_its_text_and_says_its_language() -> None:
    html = prose.render("```sql\nSELECT '<b>' -- [1]\n```", (1,))
    assert "<span>sql</span>" in html
    assert "SELECT '&lt;b&gt;' -- [1]</code>" in html


def test_tables_scroll_in_their_own_box() -> None:
    html = prose.render("|a|b|\n|-|-:|\n|1|2|")
    assert 'class="table-box__scroll" tabindex="0" role="group"' in html
    assert '<td class="right">2</td>' in html


def test_an_endless_text_is_shown_as_it_came() -> None:
    assert prose.render("*a* " * 30_000).startswith('<p class="plain">*a*')


@pytest.mark.parametrize(
    "knot", ["[![](", "![", "- a\n", "[", "|a|\n|-|\n|b|\n\n", "_*", "`a", "<a "]
)
def test_a_text_made_to_hurt_is_shown_as_it_came(knot: str) -> None:
    """INP-07: what would take seconds to parse is not parsed."""
    text = knot * (59_000 // len(knot))
    assert prose.render(text) == prose.plain(text)


def test_a_long_ordinary_answer_is_still_rendered() -> None:
    line = "- **Point** with a [link](https://example.org) and `code`, see [1].\n"
    assert prose.render(line * 300).startswith("<ul>")
