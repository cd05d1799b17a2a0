"""Words that stand for one another in general English about software; read from thesaurus.txt."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from parlour.agents.library.words import stem

_LONGEST_PHRASE = 6


@cache
def _tables() -> tuple[dict[str, frozenset[str]], dict[tuple[str, ...], list[str]]]:
    kin: dict[str, set[str]] = {}
    phrases: dict[tuple[str, ...], list[str]] = {}
    for line in Path(__file__).with_name("thesaurus.txt").read_text().split("\n"):
        text = line.partition("#")[0].strip()
        said, arrow, meaning = text.partition(">")
        if arrow:
            phrases[tuple(stem(word) for word in said.split())] = [stem(w) for w in meaning.split()]
            continue
        group = {stem(word) for word in text.split()}
        for word in group:
            kin.setdefault(word, set()).update(group - {word})
    return {word: frozenset(others) for word, others in kin.items()}, phrases


def related(term: str) -> frozenset[str]:
    """Return the stems of words that may stand for this one."""
    return _tables()[0].get(term, frozenset())


def meant(stems: list[str]) -> Iterable[tuple[int, int, list[str]]]:
    """Find turns of phrase, longest first: where each begins and ends, and what it means."""
    phrases = _tables()[1]
    taken: set[int] = set()
    for length in range(_LONGEST_PHRASE, 1, -1):
        for start in range(len(stems) - length + 1):
            found = phrases.get(tuple(stems[start : start + length]))
            if found and not taken.intersection(range(start, start + length)):
                taken.update(range(start, start + length))
                yield start, start + length, found
