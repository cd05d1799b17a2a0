"""Which names and texts are taken."""

import pytest

from parlour.kit.texts import trouble, visible


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "Für Ana",
        "👩‍👩‍👧 family",
        "می‌خواهم",
        "x" * 20,
        "  spaced  ",
        "日本語",
        "❤\ufe0f",
        "❤",
        "👩🏽\u200d💻",
        "🏳\ufe0f\u200d🌈",
        "1\ufe0f\u20e3",
        "क\u094d\u200dष",
        "کار\u200cمی",
        "?",
    ],
)
def test_names_that_are_taken(text: str) -> None:
    assert trouble(text, 20) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "x" * 21,
        "two\nlines",
        'x\n{"actor":"admin"}',
        "nul\0",
        "\x1b[31mred",
        "half \ud800",
        "turned \u202e round",
        "\u2028",
        "tab\t",
        "\u200b\u200d",
        "\u3164 \u2800",
        "\u00ad\ufeff",
        "\u200d",
        "Ana\u200b",
        "A\u200dna",
        "An\u200ca",
        "a\u200eb",
        "\u061cAna",
        "Ana\ufeff",
        "A\u00adna",
        "A\u034fna",
        "Ana\ufe0f",
        "Ana 1\ufe0f",
        "Ana \ufe0fB",
        "C+\ufe0f",
        "Ana\u2060",
        "Ana\U000e0041",
        "Ana\U000e0100",
        "👩\u200d\u200d💻",
        "می\u200c",
    ],
)
def test_names_that_are_not(text: str) -> None:
    """API-12, XSS-08: a name is one line wherever it is printed, and somebody sees all of it."""
    assert trouble(text, 20) is not None


def test_texts_of_several_lines() -> None:
    assert trouble("one\ntwo\r\n\tthree", 100, lines=True) is None
    assert trouble("", 100, empty=True) is None
    assert trouble("nul\0", 100, lines=True) is not None
    assert trouble("soft\u00adly, to\u200bgether", 100, lines=True) is None


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("hand\u00adbook\u200b.pdf", "handbook.pdf"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("می\u200cخورم\u200c", "می\u200cخورم"),
        ("plain", "plain"),
    ],
)
def test_what_is_left_of_a_name_that_somebody_else_gave(given: str, seen: str) -> None:
    assert visible(given) == seen
