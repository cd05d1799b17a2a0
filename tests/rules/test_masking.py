"""Personal details in texts: what is found, what is left alone, and that no text hurts."""

import time

import pytest

from parlour.kit.masking import (
    HIDDEN,
    LONGEST,
    PLACEHOLDERS,
    Kind,
    find,
    mask,
    mask_all,
    pattern_trouble,
    patterns,
)

EMAIL, PHONE, CARD = (PLACEHOLDERS[kind] for kind in (Kind.EMAIL, Kind.PHONE, Kind.CARD))
IBAN, NUMBER, OWN = (PLACEHOLDERS[kind] for kind in (Kind.IBAN, Kind.NUMBER, Kind.OWN))

MASKED = {
    # Addresses
    "Write to vera@visitors.example, please.": f"Write to {EMAIL}, please.",
    "vera.heron+shop@mail.visitors.example!": f"{EMAIL}!",
    "**vera@visitors.example** or `v@x.org`.": f"**{EMAIL}** or `{EMAIL}`.",
    "<vera@visitors.example>": f"<{EMAIL}>",
    "[me](mailto:vera@visitors.example?subject=a)": f"[me](mailto:{EMAIL}?subject=a)",
    "https://x.example/?m=vera%40visitors.example&n=1": f"https://x.example/?m={EMAIL}&n=1",
    "vera (at) visitors.example": EMAIL,
    "vera[at]visitors.example": EMAIL,
    "vera&#64;visitors.example": EMAIL,
    "véra@büro.example": EMAIL,
    "vera＠visitors.example": EMAIL,  # noqa: RUF001 - as some keyboards write it
    "vera\\@visitors.example": EMAIL,
    "root@localhost": EMAIL,
    "Ask o'neil@visitors.example or 'vera@visitors.example'": f"Ask {EMAIL} or '{EMAIL}'",
    "vera [at] visitors [dot] example, vera(at)visitors(DOT)co(dot)uk": f"{EMAIL}, {EMAIL}",
    # Networks
    "From 203.0.113.77, 10.0.0.1.": f"From {NUMBER}, {NUMBER}.",
    "http://10.0.0.1:8080/ or [2001:db8::1]:443": f"http://{NUMBER}:8080/ or [{NUMBER}]:443",
    "fe80::1%eth0; 2001:0db8:0:0:0:0:0:1": f"{NUMBER}%eth0; {NUMBER}",
    # Telephones
    "Call +44 20 7946 0018 today": f"Call {PHONE} today",
    "tel:+491711234567": f"tel:{PHONE}",
    "+1 (202) 555-0143": PHONE,
    "+1\u200b202\u200b555\u200b0143": PHONE,
    "\u202d+49 171 1234567\u202c": f"\u202d{PHONE}\u202c",
    "(020) 7946 0018": NUMBER,
    "01 23 45 67 89": NUMBER,
    "030/1234567": NUMBER,
    "555\u20110134": NUMBER,
    "٠١٢٣٤٥٦٧٨٩": NUMBER,
    "０１２３４５６７": NUMBER,  # noqa: RUF001 - digits of another width
    # Cards, accounts, other long numbers
    "4111 1111 1111 1111": CARD,
    "4111-1111-1111-1111.": f"{CARD}.",
    "378282246310005": CARD,
    "4111 1111 1111 1112": NUMBER,
    "GB82 WEST 1234 5698 7654 32": IBAN,
    "DE89370400440532013000, thanks": f"{IBAN}, thanks",
    "de89 3704 0044 0532 0130 00 now": f"{IBAN} now",
    "Order 12345678": f"Order {NUMBER}",
    "code 481516": f"code {NUMBER}",
    "2026-11-20 5551234567": f"2026-11-20 {NUMBER}",
    "v@x.org and +44 20 7946 0018": f"{EMAIL} and {PHONE}",
    # Written in another way
    "ve\u200bra@vis\u200bitors.example": EMAIL,
    "%76%65%72%61%40visitors%2Eexample": EMAIL,
    "vera&commat;visitors&period;example": EMAIL,
    "vera\\u0040visitors.example": EMAIL,
    "tel:%2B44%2020%207946%200018": f"tel:{PHONE}",
    "&#43;&#52;&#52; 20 7946 0018": PHONE,
    "1&nbsp;2&nbsp;3&nbsp;4&nbsp;5&nbsp;6&nbsp;7": NUMBER,
    "１２３４ ５６７ ８": NUMBER,  # noqa: RUF001 - digits of another width
    "\U0001d7d2\U0001d7d0\u00ad1\u00ad2\u00ad3\u00ad4": NUMBER,
    "ab\\@c and \\(020\\) 7946\\-0018": f"{EMAIL} and {NUMBER}",
    "data: dmVyYUB2aXNpdG9ycy5leGFtcGxl.": f"data: {EMAIL}.",
    "eyJ0ZWwiOiArNDQgMjAgNzk0NiAwMDE4fQ==": PHONE,
    '{"mail":"vera@visitors.example","n":12}': f'{{"mail":"{EMAIL}","n":12}}',
    "```\nvera@visitors.example\n```": f"```\n{EMAIL}\n```",
}

LEFT_ALONE = [
    "",
    "On 2026-11-20 at 14:05:33, or 20.11.2026, or 5/10/1999.",
    "It costs 1,234,567.00 or 1.250.000 or 1 000 000 euro.",
    "In 2024 we had 12 345 visitors and 99.95 %.",
    "Version 3.11.4 on port 8080, error 404; 1.2.3.4.5 and 300.1.1.1.",
    "From 12:30:45 to 14:05, std::vector, a::b, and :: of it, 1:2:3:4.",
    "It's Vera's, 'she said', and rock 'n' roll (dot) com.",
    "1. one\n2. two\n3. three\n4. four\n5. five\n6. six\n7. seven",
    "10\n20\n30\n40\n50",
    "@vera is not an address, and neither is a @ b, nor foo@.",
    "See [1], [2, 3] and page 12345.",
    "50 %20 off, &copy; 2026, C:\\x41 and \\(1\\) of it",
    "Incomprehensibilities of Donaudampfschifffahrt, and dGhpcyBpcyBub2JvZHk=",
]


@pytest.mark.parametrize("text", MASKED)
def test_personal_details_are_masked(text: str) -> None:
    """SHR-03: whatever stands around them."""
    assert mask(text) == MASKED[text]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_is_nobodys_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vera@visitors.example", "a@b.cd"),
        ("+44 20 7946 0018", "+49 171 1234567"),
        ("4111 1111 1111 1111", "378282246310005"),
        ("12345678", "987654321012"),
    ],
)
def test_nothing_tells_one_from_another(one: str, other: str) -> None:
    """SHR-06: the same signs for every detail of a kind: neither turned back, nor compared."""
    assert mask(one) == mask(other)
    assert not set(mask(one)) & set(one.replace("@", "").replace(" ", ""))


@pytest.mark.parametrize("text", MASKED)
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize("text", MASKED)
def test_details_are_found_between_other_words(text: str) -> None:
    """In the middle of a text, on lines of their own, in a table's cell."""
    for around in ("Hello {} bye", "first\n{}\nlast", "| {} |"):
        whole = around.format(text)
        hidden = [whole[each.start : each.end] for each in find(whole)]
        assert hidden, whole
        assert not any(each in mask(whole) for each in hidden)


def test_values_are_masked_however_deep() -> None:
    given = {"a": ["v@x.org", 12345678, 7, True, None], "b": {"c": ("+44 20 7946 0018",)}}
    masked = {"a": [EMAIL, NUMBER, 7, True, None], "b": {"c": [PHONE]}}
    assert mask_all(given) == masked
    assert mask_all(HIDDEN) == HIDDEN


OWNS = {
    ("KD-#####", "My number is kd-12345, yes"): f"My number is {OWN}, yes",
    ("KD-#####", "KD-123456 or xKD-12345"): f"KD-{NUMBER} or xKD-12345",
    ("ABC *", "abc 12cd34, and ABC\u00a0x9"): f"{OWN}, and {OWN}",
    ("?? ### ??", "B AB 123 CD"): f"B {OWN}",
    ("*-HERON-*", "vera-heron-12"): OWN,
    (r"\###", "#12 #123"): f"{OWN} #123",
    ("Straße ##", "straße 12"): OWN,
    ("vera heron", "Vera  Heron's, veraheron"): f"{OWN}'s, veraheron",
    ("KD.##", "KDx12 KD.12 K%44.12"): f"KDx12 {OWN} {OWN}",
}


@pytest.mark.parametrize(("pattern", "text"), OWNS)
def test_own_patterns_say_what_else_is_personal(pattern: str, text: str) -> None:
    assert pattern_trouble(pattern) is None
    assert mask(text, patterns((pattern,))) == OWNS[pattern, text]


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "*",
        "##",
        "a *",
        "*#12",
        "a*b12",
        "**--a",
        "a\nb12",
        "abc\\",
        "x" * (LONGEST + 1),
        "*?ab",
    ],
)
def test_patterns_that_say_too_little_or_take_long_are_not_taken(pattern: str) -> None:
    assert pattern_trouble(pattern) is not None


@pytest.mark.parametrize("pattern", ["#" * LONGEST, "*-" * 20 + "ab", "a a a a *"])
@pytest.mark.parametrize("part", ["a ", "1", "a-", "1-1-"])
def test_no_pattern_takes_long(pattern: str, part: str) -> None:
    """INP-08: an owner's pattern and a visitor's text, made to be slow together."""
    made = patterns((pattern,))
    text = part * (60_000 // len(part))
    begun = time.thread_time()
    mask(text, made)
    assert time.thread_time() - begun < 5


@pytest.mark.parametrize(
    "part",
    [
        "1 ",
        "a@",
        "+",
        "1-",
        "AB12",
        "A1 ",
        "+1 ",
        "@",
        "1",
        "[at]",
        "(",
        "1(",
        "2026-11-20 ",
        "%40",
        "&#64;",
        "YUBi",
        "\u200b1",
        "\\@",
    ],
)
def test_no_text_takes_long(part: str) -> None:
    """INP-08: as long as messages may be, made to be slow."""
    text = part * (60_000 // len(part))
    begun = time.thread_time()
    mask(text)
    assert time.thread_time() - begun < 5
