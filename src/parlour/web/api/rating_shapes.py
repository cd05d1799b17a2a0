"""What visitors make of answers, as programs see it."""

import msgspec

from parlour.conversations.model import RATINGS
from parlour.transcripts import Shown


class RatingsOf(msgspec.Struct, frozen=True):
    """How many answers of a conversation its visitor found good, and poor."""

    up: int
    down: int


class RatingShown(msgspec.Struct, frozen=True):
    """What a visitor makes of an answer."""

    rating: str
    """`up` or `down`."""
    reasons: list[str]
    """Of `incorrect`, `off_topic`, `unclear` and `source`."""
    words: str


def rating_shown(shown: Shown) -> RatingShown | None:
    """Show what the visitor makes of an answer."""
    if shown.rating is None:
        return None
    rated = shown.rated or {}
    words = RATINGS[shown.rating]
    return RatingShown(words, list(rated.get("reasons", ())), rated.get("words", ""))
