"""Which names and texts are taken."""

import pytest

from parlour.kit.texts import trouble


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
        "a\u200eb",
        "❤\ufe0f",
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
    ],
)
def test_names_that_are_not(text: str) -> None:
    """API-12, XSS-08: a name is one line wherever it is printed, and somebody sees it."""
    assert trouble(text, 20) is not None


def test_texts_of_several_lines() -> None:
    assert trouble("one\ntwo\r\n\tthree", 100, lines=True) is None
    assert trouble("", 100, empty=True) is None
    assert trouble("nul\0", 100, lines=True) is not None
