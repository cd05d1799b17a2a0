"""What may stand in a name or a text that people typed, and what no database or log line takes."""

import unicodedata
from typing import Final

_BREAKS: Final = "\n\r\t"
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn around how the text after them is read."""

_BLANKS: Final = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
)
"""Those that count as letters or marks and show nothing."""

_NON_JOINER, _JOINER, _AS_PICTURE, _AS_TEXT = "\u200c", "\u200d", "\ufe0f", "\ufe0e"
_KEYCAP: Final = "\u20e3"
_ALSO_PICTURES: Final = "\u203c\u2049\u2139\u3030"
"""Those that can be shown as pictures, and are no symbols."""


def trouble(text: str, longest: int, *, lines: bool = False, empty: bool = False) -> str | None:
    """Say what is wrong with a text; None when it is fine.

    `longest` is in characters. `lines` allows line breaks and tabs, `empty` allows nothing at all.
    Control characters are refused, because a name must stay one line wherever it is printed. What
    is no text of lines is a name: characters that nobody sees would make two of them look alike.
    """
    if len(text) > longest:
        return f"at most {longest} characters"
    if not empty and not any(map(_is_seen, text)):
        return "must not be empty"
    if any(_odd(character, lines=lines) for character in text):
        return "must not hold control characters"
    if not lines and visible(text) != text:
        return "must not hold invisible characters"
    return None


def visible(text: str) -> str:
    """Return a name without characters that nobody sees, but for those its script needs."""
    if text.isascii():
        return text
    return "".join(
        character
        for at, character in enumerate(text)
        if not _is_hidden(character)
        or _is_needed(character, text[max(at - 1, 0) : at], text[at + 1 : at + 2])
    )


def _is_seen(character: str) -> bool:
    """Whether a character leaves anything on the page: a name of joiners alone names nobody."""
    return character.isprintable() and not character.isspace() and not _is_hidden(character)


def _odd(character: str, *, lines: bool) -> bool:
    if character.isprintable():
        return False
    if lines and (character in _BREAKS or character in _TURNING):
        return False
    # Cc: control. Cs: half of a character. Zl, Zp: line breaks in disguise.
    return character in _TURNING or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}


def _is_hidden(character: str) -> bool:
    """Whether a character shows nothing by itself: formats, fillers, choosers of a variant."""
    if character.isascii():
        return False
    is_chooser = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    return is_chooser or character in _BLANKS or unicodedata.category(character) == "Cf"


def _is_needed(character: str, before: str, after: str) -> bool:
    """Whether a hidden character changes how its neighbours are written, so that one sees it."""
    if not before:
        return False
    category = unicodedata.category(before)
    if character in {_AS_PICTURE, _AS_TEXT}:
        is_sign = category in {"So", "Sm"} or before in _ALSO_PICTURES
        return (is_sign and not before.isascii()) or after == _KEYCAP
    if character not in {_JOINER, _NON_JOINER}:
        return False
    if unicodedata.combining(before) == 9:  # the sign of Indic scripts that takes a vowel away
        return True
    if _is_joined(before) and _is_joined(after):
        return True
    ends_picture = category in {"So", "Sk"} or before == _AS_PICTURE
    return character == _JOINER and ends_picture and _is_picture(after)


def _is_joined(character: str) -> bool:
    """Whether a character is of a script like the Arabic, whose letters hold on to each other."""
    is_mark = "\u064b" <= character <= "\u0652"
    return is_mark or (bool(character) and unicodedata.bidirectional(character) == "AL")


def _is_picture(character: str) -> bool:
    return bool(character) and unicodedata.category(character) == "So"


def initial_of(name: str) -> str:
    """Return the letter that stands for a name where there is no picture; empty for no name."""
    return name.strip()[:1].upper()
