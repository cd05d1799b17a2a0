"""Personal details in texts: what is found, what is left alone, and that no text hurts."""

import time

import pytest

from parlour.kit.masking import HIDDEN, PLACEHOLDERS, Kind, find, mask, mask_all

EMAIL, PHONE, CARD = (PLACEHOLDERS[kind] for kind in (Kind.EMAIL, Kind.PHONE, Kind.CARD))
IBAN, NUMBER = PLACEHOLDERS[Kind.IBAN], PLACEHOLDERS[Kind.NUMBER]

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
}

LEFT_ALONE = [
    "",
    "On 2026-11-20 at 14:05:33, or 20.11.2026, or 5/10/1999.",
    "It costs 1,234,567.00 or 1.250.000 or 1 000 000 euro.",
    "In 2024 we had 12 345 visitors and 99.95 %.",
    "Version 3.11.4 on port 8080, error 404.",
    "1. one\n2. two\n3. three\n4. four\n5. five\n6. six\n7. seven",
    "10\n20\n30\n40\n50",
    "@vera is not an address, and neither is a @ b, nor foo@.",
    "See [1], [2, 3] and page 12345.",
]


@pytest.mark.parametrize("text", MASKED)
def test_personal_details_are_masked(text: str) -> None:
    """SHR-03: whatever stands around them."""
    assert mask(text) == MASKED[text]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_is_nobodys_stays(text: str) -> None:
    assert mask(text) == text


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
    ],
)
def test_no_text_takes_long(part: str) -> None:
    """INP-08: as long as messages may be, made to be slow."""
    text = part * (60_000 // len(part))
    begun = time.perf_counter()
    mask(text)
    assert time.perf_counter() - begun < 5
