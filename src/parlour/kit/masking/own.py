"""A workspace's own patterns of what is personal: written as it looks, quick whatever they are."""

import re
from functools import lru_cache
from itertools import pairwise
from typing import Final

LONGEST: Final = 60
"""Characters of a pattern."""
_SHORTEST: Final = 3
_REPEATED: Final = 40
"""Letters and digits that one `*` stands for at most."""

Patterns = tuple[re.Pattern[str], ...]
NO_PATTERNS: Final[Patterns] = ()

_SPACE: Final = r"[ \t\u00a0\u2000-\u200a\u202f\u3000]"
_PIECE: Final = re.compile(r"\\(.)|(\s+)|(.)", re.DOTALL)
_WILD: Final = {"#": r"\d", "?": r"[^\W\d_]", "*": rf"[^\W_]{{1,{_REPEATED}}}+"}
"""What stands for more than itself. Nothing is ever tried in two ways: see `pattern_trouble`."""


def pattern_trouble(pattern: str, least: int = _SHORTEST) -> str | None:
    """Say what is wrong with a pattern; None when it can be used. `least` signs beside `*`.

    `#` stands for a digit, `?` for a letter, `*` for letters and digits up to whatever is neither;
    all else, and these after a backslash, for itself, in capitals or not.
    """
    if len(pattern) > LONGEST:
        return f"at most {LONGEST} characters"
    pieces = _PIECE.findall(pattern)
    if not pattern.isprintable() or ("", "", "\\") in pieces:
        return "has a sign that cannot be looked for"
    told = [quoted or sign for quoted, space, sign in pieces if not space and sign != "*"]
    if len(told) < least:
        return f"says too little: at least {least} signs beside *"
    for (_, _, sign), (quoted, _, after) in pairwise(pieces):
        # Letters after it would have to be given back by what has taken them already.
        if sign == "*" and (after in _WILD or (quoted or after).isalnum()):
            return "* takes all letters and digits: none can come right after it"
    return None


@lru_cache(maxsize=512)
def patterns(written: tuple[str, ...]) -> Patterns:
    """Return what finds these patterns, which have no trouble."""
    return tuple(map(_compiled, written))


def _compiled(pattern: str) -> re.Pattern[str]:
    made = [
        f"{_SPACE}{{1,5}}+" if space else _WILD.get(sign) or re.escape(quoted or sign)
        for quoted, space, sign in _PIECE.findall(pattern.strip())
    ]
    # A pattern is not found inside a longer word: a number's last digits are not that number.
    return re.compile(rf"(?<![^\W_]){''.join(made)}(?![^\W_])", re.IGNORECASE)
