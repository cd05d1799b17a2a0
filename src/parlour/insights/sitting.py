"""Where a conversation is cut into sittings: at silences of its visitor; pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from parlour.conversations.outline import Fact
from parlour.kit.clock import Moment
from parlour.links.uses import Terms, Use, lasts

_WELL: Final = ("done", "stopped")
_BADLY: Final = ("failed", "interrupted")
_TEAM: Final = ("operator", "guest")


@dataclass(slots=True)
class Sitting:
    """A stretch of a conversation, from a message of its visitor until a silence."""

    first_seq: int
    last_seq: int
    began_at: Moment
    ended_at: Moment
    """When the last thing was said in it."""
    said_at: Moment
    """When its visitor said the last thing."""
    questions: int = 0
    answers: int = 0
    failures: int = 0
    words: int = 0
    """What people of the team and guests said."""
    input_tokens: int = 0
    output_tokens: int = 0
    good: int = 0
    """Answers that its visitor found good."""
    poor: int = 0
    handed: bool = field(default=False)
    """Whether a person answered in it, or took it over."""

    def add(self, fact: Fact) -> None:
        """Count something that was said in it."""
        self.last_seq = fact.seq
        self.ended_at = max(self.ended_at, fact.at)
        if fact.author_kind == "visitor":
            self.questions += 1
            self.said_at = fact.at
        elif fact.author_kind == "agent":
            self.answers += fact.state in _WELL
            self.failures += fact.state in _BADLY
            self.input_tokens += fact.input_tokens
            self.output_tokens += fact.output_tokens
            self.good += fact.rating > 0
            self.poor += fact.rating < 0
        elif fact.author_kind in _TEAM:
            self.words += 1
            self.handed = True


def cut(facts: Iterable[Fact], terms: Terms, known: Iterable[int] = ()) -> list[Sitting]:
    """Cut what was said in a conversation into sittings.

    `known`: the places at which it was cut before. Up to the last of them nothing is cut anew:
    what has been counted stays as it was counted, also when the terms have changed since.
    """
    starts = set(known)
    settled = max(starts, default=0)
    found: list[Sitting] = []
    for fact in facts:
        if not found or _begins(found[-1], fact, terms, starts, settled):
            found.append(Sitting(fact.seq, fact.seq, fact.at, fact.at, fact.at))
        found[-1].add(fact)
    return found


def _begins(last: Sitting, fact: Fact, terms: Terms, starts: set[int], settled: int) -> bool:
    if fact.seq <= settled:
        return fact.seq in starts
    if fact.author_kind != "visitor":
        return False
    return not lasts(Use(last.began_at, last.said_at), terms, fact.at)
