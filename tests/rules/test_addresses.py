"""What is an e-mail address of a visitor, and who is on a list of them."""

import pytest

from parlour.kit.addresses import canonical, listed, listing
from parlour.kit.errors import Invalid


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("ana@example.org", "ana@example.org"),
        ("  Ana@Example.ORG ", "ana@example.org"),
        ("ana.b+chat@sub.example.org", "ana.b+chat@sub.example.org"),
        ("o'neil_7-x@example.org", "o'neil_7-x@example.org"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@BÜCHER.example", "ana@xn--bcher-kva.example"),
        ("ana@xn--bcher-kva.example", "ana@xn--bcher-kva.example"),
    ],
)
def test_an_address_has_one_form(given: str, kept: str) -> None:
    assert canonical(given) == kept
    assert canonical(kept) == kept


@pytest.mark.parametrize(
    "given",
    [
        "", "ana", "@example.org", "ana@", "ana@localhost", "ana@example.org.", "ana@-x.org",
        "ana@x..org", ".ana@x.org", "ana.@x.org", "a..b@x.org", "ana@192.0.2.1", "ana@[192.0.2.1]",
        '"ana"@x.org', '"a@evil"@x.org', "a@evil@x.org", "ana(x)@x.org", "ana@x.org,ben@x.org",
        "<ana@x.org>,ben@x.org", "Ana <ana@x.org>", "ana@x.org\r\nBcc: ben@x.org",
        "ana\r\nBcc:ben@x.org", "ana%0abcc@x.org", "ana%ben@x.org", "ana\u2028@x.org",
        "ana@x.org\u2028", "=?utf-8?q?ana?=@x.org", "ana@x.org\n", "\tana@x.org", "ana@x.org\0",
        "änä@x.org", "ana@x_y.org", "a" * 65 + "@x.org", "ana@" + "a" * 250 + ".org",
        "ana@" + "a" * 64 + ".org", "ana@x\u3002org\u3002", "ana @x.org", "ana@x.org ben",
    ],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused(given: str) -> None:
    """OTP-12, PRV-02: nothing that could be read as two addresses, or as a header."""
    with pytest.raises(Invalid):
        canonical(given)


@pytest.mark.parametrize(
    ("address", "is_listed"),
    [
        ("a@x.com", True),
        ("guest@y.org", True),
        ("other@y.org", False),
        ("a@x.com.evil", False),
        ("a@sub.x.com", False),
        ("a@notx.com", False),
        ("a@xn--bcher-kva.example", True),
    ],
)
def test_a_list_names_addresses_and_domains(address: str, is_listed: bool) -> None:
    """PRV-02."""
    entries = listing(["@X.com", " guest@Y.org ", "", "@bücher.example", "@x.com"])
    assert entries == ("@x.com", "guest@y.org", "@xn--bcher-kva.example")
    assert listed(address, entries) is is_listed
    assert listed(address, ())


@pytest.mark.parametrize("entry", ["x.com", "@", "@x", "a@b@c.org", "*@x.com", "@x.com\n@y.com"])
def test_a_list_has_nothing_else(entry: str) -> None:
    with pytest.raises(Invalid) as caught:
        listing(["ana@x.com", entry])
    assert [each.field for each in caught.value.errors] == ["emails"]
    assert f"“{entry}” is neither an address" in caught.value.errors[0].message
