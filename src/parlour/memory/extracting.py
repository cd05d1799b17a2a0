"""Remembering without a model: the sentences in which visitors told of themselves; pure.

So it goes for agents of documents, which have no model, and for those that a program of the
owner's answers for: such a program knows questions of visitors, and would take any other for one.
"""

from collections.abc import Iterable

from parlour.agents.own_words import merged
from parlour.memory.rules import SUMMARY_WORDS, tidied


def extracted(before: str, said: Iterable[str]) -> str:
    """Return what is remembered after visitors said these messages, oldest first."""
    # The newest comes first, because what there is no room for goes from the end.
    return tidied(merged(before.splitlines(), said), SUMMARY_WORDS)
