"""What is the origin of a page, and on which lists it is."""

import pytest

from parlour.kit.errors import Invalid
from parlour.kit.origins import MOST, fits, listing, origin


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://www.example.org", "https://www.example.org"),
        (" HTTPS://WWW.Example.org/ ", "https://www.example.org"),
        ("https://shop.example.org:443", "https://shop.example.org"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://localhost:80", "http://localhost"),
        ("https://*.example.org", "https://*.example.org"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://192.168.1.20:3000", "http://192.168.1.20:3000"),
    ],
)
def test_an_origin_has_one_form(given: str, kept: str) -> None:
    assert listing([given, given]) == (kept,)
    assert listing([kept]) == (kept,)


@pytest.mark.parametrize(
    "given",
    [
        "*", "https://*", "https://*.org", "https://a.*.org", "https://*example.org", "example.org",
        "ftp://example.org", "https://example.org/shop", "https://example.org?x", "null", "'self'",
        "https://user@example.org", "https://example.org:99999", "https://example.org:0",
        "https://example.org; script-src *", "https://example.org https://evil.test",
        "https://example.org\r\nX: y", "https://a..org", "https://-a.org", "https://[::1]",
        "https://example\u3002org", "data:text/html", "https://" + "a" * 250 + ".org",
        "https://example.org,evil.test", "https://ex\0ample.org",
    ],
)  # fmt: skip
def test_what_is_no_origin_is_refused(given: str) -> None:
    """WID-02: nothing that a policy would read as something else."""
    with pytest.raises(Invalid) as refused:
        listing([given])
    assert [each.field for each in refused.value.errors] == ["origins"]


def test_a_list_is_bounded() -> None:
    """The list stands in a header, which proxies take only so long."""
    assert listing(["", "  "]) == ()
    assert len(listing([f"https://s{n}.example.org" for n in range(MOST)])) == MOST
    for many in (
        [f"https://s{n}.example.org" for n in range(MOST + 1)],
        [f"https://{str(n) * 60}.{'b' * 60}.example.org" for n in range(1, 18)],
    ):
        with pytest.raises(Invalid):
            listing(many)


@pytest.mark.parametrize(
    ("given", "on"),
    [
        ("https://x.com", True),
        ("http://x.com", False),
        ("https://x.com:8443", False),
        ("https://x.com.evil", False),
        ("https://evilx.com", False),
        ("https://a.y.com", True),
        ("https://a.b.y.com", True),
        ("https://y.com", False),
        ("https://evily.com", False),
        ("https://a.y.com.evil", False),
        ("http://a.y.com", False),
        ("", False),
    ],
)
def test_who_is_on_a_list(given: str, on: bool) -> None:
    """WID-02: scheme, host and port exactly; `*.` stands for what is below, and not for itself."""
    assert fits(given, ("https://x.com", "https://*.y.com")) is on
    assert not fits(given, ())


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("https://shop.example/cart?x=1#y", "https://shop.example"),
        ("https://Shop.Example:443/", "https://shop.example"),
        ("null", ""),
        ("", ""),
        ("about:srcdoc", ""),
        ("https://*.example.org", ""),
        ("https://exam ple.org", ""),
        ("https://" + "a" * 2000, ""),
    ],
)
def test_what_a_browser_names(given: str, named: str) -> None:
    assert origin(given) == named
