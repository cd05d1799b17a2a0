"""Accents that can be read in both themes, whatever colour somebody asks for."""

import random

import pytest

from parlour.kit.errors import Invalid
from parlour.kit.inks import NEEDED, checked, contrast, ink


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("000000", "ffffff", 21.0), ("777777", "ffffff", 4.48), ("abcdef", "abcdef", 1.0)],
)
def test_contrast_is_as_wcag_counts_it(one: str, other: str, expected: float) -> None:
    assert contrast(one, other) == pytest.approx(expected, abs=0.01)
    assert contrast(other, one) == contrast(one, other)


def test_a_colour_that_stands_out_is_taken_as_it_is() -> None:
    made = ink("1c4a63")
    assert (made.light, made.nudged) == ("1c4a63", False)


@pytest.mark.parametrize("colour", ["ffffff", "ffff00", "00ff00", "ff0000", "ffc0cb"])
def test_a_colour_that_does_not_is_nudged(colour: str) -> None:
    made = ink(colour)
    assert made.nudged
    assert made.light != colour


def test_every_colour_can_be_read_on_every_ground() -> None:
    chosen = random.Random(7)
    colours = ["000000", "ffffff", *(f"{chosen.randrange(1 << 24):06x}" for _ in range(300))]
    for colour in colours:
        made = ink(colour)
        for ground in ("f6f4ef", "eeebe3", "fffefb"):
            assert contrast(made.light, ground) >= NEEDED, colour
        for ground in ("191713", "2b2823", "2b2822", "211e1a"):
            assert contrast(made.dark, ground) >= NEEDED, colour
        assert contrast(made.on_light, made.light) >= NEEDED, colour
        assert contrast(made.on_dark, made.dark) >= NEEDED, colour
        assert min(made.contrast_light, made.contrast_dark) >= NEEDED, colour


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("#1C4A63", "1c4a63"), (" 1c4a63 ", "1c4a63"), ("", None), ("  ", None), (None, None)],
)
def test_a_colour_is_kept_in_one_form(typed: str | None, kept: str | None) -> None:
    assert checked(typed) == kept


@pytest.mark.parametrize("typed", ["#12345", "#1234567", "red", "#12345g", "١٢٣٤٥٦", "#fff"])
def test_what_is_no_colour(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(typed)
    assert [each.field for each in refused.value.errors] == ["accent"]
