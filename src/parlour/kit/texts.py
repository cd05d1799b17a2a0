"""What may stand in a name or a text that people typed, and what no database or log line takes."""

import unicodedata

_BREAKS = "\n\r\t"
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn around how the text after them is read."""

_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe0f\uffa0")
"""Those that count as letters or marks and show nothing."""


def trouble(text: str, longest: int, *, lines: bool = False, empty: bool = False) -> str | None:
    """Say what is wrong with a text; None when it is fine.

    `longest` is in characters. `lines` allows line breaks and tabs, `empty` allows nothing at all.
    Control characters are refused, because a name must stay one line wherever it is printed.
    """
    if len(text) > longest:
        return f"at most {longest} characters"
    if not empty and not any(map(_is_seen, text)):
        return "must not be empty"
    if any(_odd(character, lines=lines) for character in text):
        return "must not hold control characters"
    return None


def _is_seen(character: str) -> bool:
    """Whether a character leaves anything on the page: a name of joiners alone names nobody."""
    return character.isprintable() and not character.isspace() and character not in _BLANKS


def _odd(character: str, *, lines: bool) -> bool:
    if character.isprintable():
        return False
    if lines and (character in _BREAKS or character in _TURNING):
        return False
    # Cc: control. Cs: half of a character. Zl, Zp: line breaks in disguise.
    return character in _TURNING or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
