"""What a visitor makes of an answer: good or poor, why, and that it can be taken back."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from parlour import events
from parlour.chat.visits import Doorway
from parlour.conversations import answers, hints, reading, store
from parlour.conversations.model import State
from parlour.kit.errors import FieldError, Invalid, NotFound
from parlour.kit.texts import trouble
from parlour.rights import Who
from parlour.tools import Tools

REASONS: Final = ("incorrect", "off_topic", "unclear", "source")
"""Why an answer is poor: not correct, not what was asked, hard to follow, its source differs."""
LONGEST: Final = 1_000
_RATINGS: Final = {"up": 1, "down": -1, "none": None}


@dataclass(frozen=True, slots=True)
class Rating:
    """What somebody says of an answer."""

    rating: str
    """`up`, `down`, or `none`, which takes back what was said."""
    reasons: Collection[str] = ()
    words: str = ""

    def checked(self) -> "Rating":
        """Return it without what a good answer has no use for; Invalid for what does not fit."""
        errors = []
        if self.rating not in _RATINGS:
            errors.append(FieldError("rating", "must be up, down or none"))
        if any(each not in REASONS for each in self.reasons):
            errors.append(FieldError("reasons", f"each one of {', '.join(REASONS)}"))
        words = self.words.replace("\r\n", "\n").strip()
        if said := trouble(words, LONGEST, lines=True, empty=True):
            errors.append(FieldError("words", said))
        if errors:
            raise Invalid("the rating does not fit", errors=errors)
        reasons = tuple(each for each in REASONS if each in self.reasons)
        return Rating(self.rating, reasons if self.rating == "down" else (), words)


async def rate(
    tools: Tools, door: Doorway, visitor_id: str, place: tuple[str, str], said: Rating
) -> None:
    """Keep what a visitor makes of an answer in their own conversation; the last word counts.

    `place` is the conversation's id and the message's. NotFound: there is no such answer, or it
    is still being written.
    """
    conversation_id, message_id = place
    wanted = said.checked()

    def unit(conn: sa.Connection) -> None:
        now = tools.clock.now()
        store.lock(conn, conversation_id)
        found = reading.one(conn, conversation_id, message_id)
        if found is None or found.author_kind != "agent" or found.state is State.WRITING:
            raise NotFound("there is no such answer")
        rating = _RATINGS[wanted.rating]
        rated: dict[str, Any] | None = None
        if rating is not None:
            rated = {"reasons": [*wanted.reasons], "words": wanted.words, "at": now}
        before = found.rated or {}
        is_same = [before.get(name) for name in ("reasons", "words")] == [
            None if rated is None else rated[name] for name in ("reasons", "words")
        ]
        if found.rating == rating and is_same:
            return
        answers.rate(conn, conversation_id, message_id, rating, rated)
        events.record(
            conn,
            events.Kind.MESSAGE_RATED,
            Who("visitor", visitor_id, "", door.workspace_id),
            now,
            agent_id=door.agent_id,
            link_id=door.link_id,
            conversation_id=conversation_id,
            data={"message": message_id, "rating": wanted.rating, "reasons": [*wanted.reasons]},
        )
        hints.announce(conn, tools, conversation_id, door.workspace_id)

    await tools.db.write(unit)
