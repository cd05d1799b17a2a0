"""Which words may lead to a link, and what messengers may show of one."""

import pytest

from parlour.kit.errors import Invalid
from parlour.links.naming import RESERVED, asked, check, check_card
from parlour.links.rules import Kind


@pytest.mark.parametrize("given", ["help-desk", "a1b", "2026-fair", "x" * 32, "  teapots "])
def test_words_that_lead_to_a_link(given: str) -> None:
    assert check(Kind.PERMANENT, given) == given.strip()
    assert asked(given.strip().upper()) == given.strip()


@pytest.mark.parametrize(
    "given",
    [
        "a", "ab", "x" * 33, "Teapots", "tea--pots", "-tea", "tea-", "tea pots", "tea.pots", "..",
        "tea/pots", "tea%2fpots", "t\u0435apots", "caf\u00e9", "\ufb01sh-shop", "\U0001fad6-shop",
        "\u202etea", "tea\u200bpots", "tea\0pots", "12345", *sorted(RESERVED)[::9],
    ],
)  # fmt: skip
def test_words_that_do_not(given: str) -> None:
    """LNK-17: nothing that reads like another word, or like an address of the house."""
    with pytest.raises(Invalid) as refused:
        check(Kind.PERMANENT, given)
    assert [each.field for each in refused.value.errors] == ["slug"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("Teapots", "not the capital \u201cT\u201d"),
        ("t\u0435apots", "not \u201c\u0435\u201d (cyrillic small letter ie)"),
        ("\u0447\u0430\u0439", "not \u201c\u0447\u201d (cyrillic small letter che)"),
        ("tea-\U0001fad6", "not \u201c\U0001fad6\u201d (teapot)"),
        ("caf\u00e9", "not \u201c\u00e9\u201d (latin small letter e with acute)"),
        ("cafe\u0301", "not a mark by itself (combining acute accent)"),
        ("tea\u200bpots", "not an unseen sign (zero width space)"),
        ("tea\0pots", "not an unseen sign (u+0000)"),
        ("tea pots", "not a space"),
        ("tea.pots", "not \u201c.\u201d"),
        ("te", "has 3 to 32 signs, and this has 2"),
        ("x" * 33, "has 3 to 32 signs, and this has 33"),
        ("tea--pots", "single hyphens"),
        ("-tea", "none at its ends"),
        ("12345", "a number alone"),
        ("studio", "a word of the house"),
    ],
)
def test_what_does_not_fit_is_named(given: str, said: str) -> None:
    """Also a sign that looks like one of ours, or like nothing."""
    with pytest.raises(Invalid) as refused:
        check(Kind.PERMANENT, given)
    (error,) = refused.value.errors
    assert said in error.message
    assert error.message.isprintable()


def test_only_a_permanent_link_has_one() -> None:
    """LNK-17: whoever guesses a word comes in."""
    for kind in (Kind.TEMPORARY, Kind.PRIVATE):
        assert check(kind, None) is None
        with pytest.raises(Invalid):
            check(kind, "teapots")


@pytest.mark.parametrize("text", ["", "..", "A" * 40, "B" * 44, "x", "tea pots", "caf\u00e9s"])
def test_what_is_no_word_is_not_looked_for(text: str) -> None:
    """LNK-03: tokens cost the reads that they always did."""
    assert asked(text) is None


def test_a_private_link_shows_nothing_of_itself() -> None:
    """LNK-10."""
    check_card(Kind.PERMANENT, "Teapots", None)
    for kind, title in (
        (Kind.PRIVATE, "Teapots"),
        (Kind.PERMANENT, "x" * 81),
        (Kind.PERMANENT, "a\nb"),
    ):
        with pytest.raises(Invalid) as refused:
            check_card(kind, title, None)
        assert [each.field for each in refused.value.errors] == ["title"]
