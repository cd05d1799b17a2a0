"""Personal details in texts: finding them, and putting something in their place that tells none."""

from typing import Any, Final

from parlour.kit.masking.finding import Found, Kind, find
from parlour.kit.masking.own import LONGEST, NO_PATTERNS, Patterns, pattern_trouble, patterns

__all__ = [
    "HIDDEN",
    "LONGEST",
    "NO_PATTERNS",
    "PLACEHOLDERS",
    "Found",
    "Kind",
    "Patterns",
    "find",
    "mask",
    "mask_all",
    "pattern_trouble",
    "patterns",
]

PLACEHOLDERS: Final = {
    Kind.EMAIL: "•••@•••",
    Kind.PHONE: "•••• •••",
    Kind.CARD: "•••• •••• •••• ••••",
    Kind.IBAN: "•••• •••• ••••",
    Kind.NUMBER: "••••••",
    Kind.OWN: "•••••",
}
"""What stands in place of each kind: always the same, and nothing of what was there."""

HIDDEN: Final = "******"
"""What stands in place of a value that is personal as a whole."""


def mask(text: str, own: Patterns = NO_PATTERNS) -> str:
    """Return the text with a placeholder for each personal detail."""
    parts, place = [], 0
    for found in find(text, own):
        parts += [text[place : found.start], PLACEHOLDERS[found.kind]]
        place = found.end
    return "".join([*parts, text[place:]]) if parts else text


def mask_all(value: Any, own: Patterns = NO_PATTERNS) -> Any:
    """Mask every text within lists and mappings; other values as they would be written."""
    if isinstance(value, str):
        return mask(value, own)
    if isinstance(value, dict):
        return {key: mask_all(each, own) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [mask_all(each, own) for each in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        written = str(value)
        return value if mask(written, own) == written else PLACEHOLDERS[Kind.NUMBER]
    return value
