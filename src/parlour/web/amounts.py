"""Which form of its words a number takes in each language, and how a number is written; pure."""

from collections.abc import Callable, Mapping
from typing import Final

_GROUPED: Final = 1_000
"""From here on languages differ in how they write a number."""

_ONE_ALONE: Final[tuple[str, ...]] = ("one", "other")


def _one_alone(n: int) -> str:
    return "one" if n == 1 else "other"


def _none_and_one(n: int) -> str:
    return "one" if n in (0, 1) else "other"


def _always(n: int) -> str:
    del n
    return "other"


def _polish(n: int) -> str:
    if n == 1:
        return "one"
    return "few" if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else "many"


def _arabic(n: int) -> str:
    if n <= 2:
        return ("zero", "one", "two")[n]
    last = n % 100
    return "few" if 3 <= last <= 10 else "many" if last >= 11 else "other"


_RULES: Final[Mapping[str, tuple[Callable[[int], str], tuple[str, ...]]]] = {
    "ar": (_arabic, ("zero", "one", "two", "few", "many", "other")),
    "fr": (_none_and_one, _ONE_ALONE),
    "hi": (_none_and_one, _ONE_ALONE),
    "ja": (_always, ("other",)),
    "pl": (_polish, ("one", "few", "many")),
    "pt": (_none_and_one, _ONE_ALONE),
    "zh": (_always, ("other",)),
}
"""All others have one form for 1 and another one for the rest. The names are those of CLDR, which
browsers use, too; where these have one more, for whole millions, it is said as `other`."""


def forms(language: str) -> tuple[str, ...]:
    """Return the forms that numbers take in a language, all of which its sentences have."""
    return _RULES.get(language, (_one_alone, _ONE_ALONE))[1]


def form(language: str, n: int) -> str:
    """Return which of these forms a number takes that is not below 0."""
    return _RULES.get(language, (_one_alone, _ONE_ALONE))[0](n)


def number(language: str, n: int) -> str:
    """Write a number as people of a language do, in the figures 0 to 9."""
    if n < _GROUPED:
        return str(n)
    if language == "en":
        return f"{n:,}"
    # Seldom needed, and it takes a while to load.
    from babel.numbers import format_decimal  # noqa: PLC0415

    return str(format_decimal(n, locale=language))
