"""What words are about, learned from their company: pure, the same every time, never in the way."""

import random
from collections import Counter
from itertools import product
from statistics import fmean

import pytest

from parlour.agents.library.ranking import by_sense
from parlour.agents.library.senses import Senses, learned, likeness, sum_of

MANY = 400
LETTERS = ["".join(pair) for pair in product("abcdefghij", repeat=2)]


def word(n: int) -> str:
    """Write a number in letters, since only words have company."""
    return "".join("abcdefghij"[int(digit)] for digit in str(n))


def library() -> list[Counter[str]]:
    """Passages of two matters, a hundred words each; "pan" and "wok" never stand in one passage."""
    chance = random.Random(7)
    passages: list[Counter[str]] = []
    for n in range(MANY):
        words = [f"{'kitchen' if n % 2 else 'garage'}{letter}" for letter in LETTERS]
        own = "" if n % 2 == 0 else "pan" if n % 8 == 1 else "wok" if n % 8 == 5 else ""
        passages.append(Counter([*chance.sample(words, 8), own or "every", f"only{word(n)}"]))
    return passages


def about(senses: Senses, *words: str) -> list[float]:
    return sum_of((1.0, senses.words[word]) for word in words)


def test_words_that_keep_the_same_company_point_the_same_way() -> None:
    passages, senses = library(), learned(library())
    wok = about(senses, "wok")
    alike = [likeness(wok, each, 0) for each in senses.passages]
    with_pan = [alike[n] for n, words in enumerate(passages) if "pan" in words]
    of_garages = [alike[n] for n in range(0, MANY, 2)]
    assert fmean(with_pan) > 5 * abs(fmean(of_garages)) > 0


def test_the_same_library_has_the_same_senses() -> None:
    assert learned(library()) == learned(library())


def test_a_word_that_is_hardly_ever_said_has_no_company() -> None:
    assert "onlyh" not in learned(library()).words


@pytest.mark.parametrize("passages", [[], library()[:20], [Counter[str]() for _ in range(300)]])
def test_where_nothing_can_be_learned_nothing_is_said(passages: list[Counter[str]]) -> None:
    senses = learned(passages)
    assert senses.words == {}
    assert all(not any(each) for each in senses.passages)


def test_passages_that_are_all_the_same_break_nothing() -> None:
    senses = learned([Counter(["one", "two"]) for _ in range(300)])
    assert len(senses.passages) == 300
    assert likeness(about(senses, "one"), senses.passages[0], 0) == 0.0


@pytest.mark.parametrize(
    ("likeness_of", "order"),
    [
        ({}, [1, 2, 3]),
        ({1: 0.2, 2: 0.2, 3: 0.2}, [1, 2, 3]),
        ({1: 0.0, 2: 0.5, 3: 0.1}, [2, 1, 3]),
        ({1: -0.3, 2: -0.3, 3: 0.4}, [1, 2, 3]),
    ],
)
def test_what_a_page_is_about_decides_between_pages_that_are_nearly_as_good(
    likeness_of: dict[int, float], order: list[int]
) -> None:
    found = by_sense([(10.0, 1, 10), (9.0, 2, 20), (4.0, 3, 30)], likeness_of)
    assert [document for _, document, _ in found] == order
