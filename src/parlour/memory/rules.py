"""When a memory is brought up to date, and what may stand in one; pure."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from parlour.kit.masking import PLACEHOLDERS, Kind, find
from parlour.kit.texts import visible

EVERY: Final = 5
"""After so many replies that came, a memory is brought up to date."""
SUMMARY_WORDS: Final = 300
NOTES_WORDS: Final = 150
_LETTERS_A_WORD: Final = 10
"""Of scripts that put no spaces between words: a text has so many letters for each word at most."""
_LINE: Final = 300
_NEVER: Final = frozenset({Kind.CARD, Kind.IBAN})
"""Numbers that nobody needs to be reminded of, and that must not lie about."""
_BULLET: Final = re.compile(r"^(?:[-*•·–>\s]|\d{1,2}[.)]\s)+")
_ITEM: Final = re.compile(r"\s*(?:[-*•·–]|\d{1,2}[.)])\s")
_HEADING: Final = re.compile(r"\W*(facts|notes)\W*", re.IGNORECASE)


def due(replies: int) -> bool:
    """Whether it is time to bring a memory up to date after so many replies."""
    return replies > 0 and replies % EVERY == 0


def tidied(lines: Iterable[str], words: int) -> str:
    """Make plain lines of what somebody or something wrote: short, visible, none twice, so many
    words in all at most; what comes later goes."""  # noqa: D205, D209
    kept: dict[str, str] = {}
    left, room = words, words * _LETTERS_A_WORD
    for each in (line for text in lines for line in text.splitlines()):
        line = _plain(each)
        key = line.casefold()
        if not line or key in kept:
            continue
        left -= len(line.split())
        room -= len(line)
        if left < 0 or room < 0:
            break
        kept[key] = line
    return "\n".join(kept.values())


def _plain(line: str) -> str:
    shown = "".join(" " if unicodedata.category(each) in ("Cc", "Cs") else each for each in line)
    text = _BULLET.sub("", " ".join(visible(shown).split()))
    for each in reversed(find(text)):
        if each.kind in _NEVER:
            text = text[: each.start] + PLACEHOLDERS[each.kind] + text[each.end :]
    return text if len(text) <= _LINE else text[: _LINE - 1].rstrip() + "…"


def read(answer: str) -> tuple[str, str] | None:
    """Read the facts and notes that a model wrote; None where it wrote nothing of that form."""
    found: dict[str, list[str]] = {"facts": [], "notes": []}
    at, is_formed = "facts", False
    for line in answer.splitlines():
        if heading := _HEADING.fullmatch(line):
            at, is_formed = heading[1].lower(), True
        elif _ITEM.match(line):
            found[at].append(line)
            is_formed = True
    if not is_formed:
        return None
    return tidied(found["facts"], SUMMARY_WORDS), tidied(found["notes"], NOTES_WORDS)
