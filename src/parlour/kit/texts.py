"""What may stand in a name or a text that people typed, and what no database or log line takes."""

import unicodedata

_BREAKS = "\n\r\t"
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn around how the text after them is read."""


def trouble(text: str, longest: int, *, lines: bool = False, empty: bool = False) -> str | None:
    """Say what is wrong with a text; None when it is fine.

    `longest` is in characters. `lines` allows line breaks and tabs, `empty` allows nothing at all.
    Control characters are refused, because a name must stay one line wherever it is printed.
    """
    if not empty and not text.strip():
        return "must not be empty"
    if len(text) > longest:
        return f"at most {longest} characters"
    if any(_odd(character, lines=lines) for character in text):
        return "must not hold control characters"
    return None


def _odd(character: str, *, lines: bool) -> bool:
    if character.isprintable():
        return False
    if lines and (character in _BREAKS or character in _TURNING):
        return False
    # Cc: control. Cs: half of a character. Zl, Zp: line breaks in disguise.
    return character in _TURNING or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
