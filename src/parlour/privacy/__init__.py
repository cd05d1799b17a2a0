"""Privacy: what a workspace holds for personal, and who may see it for once, with a reason."""

from parlour.privacy.keeping import change, topic
from parlour.privacy.rules import MOST_PATTERNS, Privacy, Reveal, may_reveal, reveal_of
from parlour.privacy.store import Hide, find, hiding

__all__ = [
    "MOST_PATTERNS",
    "Hide",
    "Privacy",
    "Reveal",
    "change",
    "find",
    "hiding",
    "may_reveal",
    "reveal_of",
    "topic",
]
