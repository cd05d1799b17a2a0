"""Which passages speak of what a question is about: pure rules over the index."""

import bisect
import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from parlour.agents.library.building import Map, unpacked
from parlour.agents.library.meaning import Concept, Meaning

_WHOLE: Final = 0.5
"""How much the document around a passage counts."""
_COVERAGE: Final = 0.5
"""How much it counts that a passage speaks of everything: the power of what it covers."""
_POINTING: Final = 0.4
"""How much it is held against a document that it mostly points to others."""
_SECOND: Final = 1.2
"""How much a document's further passages speak for its best one."""
_NEAR: Final = 1.5
"""How much it counts that a passage speaks of things close together."""
_LIKE: Final = 0.75
"""How much likeness by an embeddings server counts beside the words."""
_SENSE: Final = 0.9
"""How much it counts that a document is about what was asked, beside having its words."""
CANDIDATES: Final = 60
_ELSEWHERE: Final = 50
"""Passages imagined that have none of the words: in a library of one page, a word that every
passage has still tells something, and one that none has does not outweigh all others."""

Postings = Callable[[str], tuple[float, Iterable[int], bytes]]
"""How telling a term is, which units have it, and how much it weighs in each, in 255ths."""
Ranked = tuple[float, int, int]
"""A score, a document's number, and the passage's number among all passages."""


class Index:
    """The part of an index that a question needs, as it comes from the database."""

    def __init__(self, shape: Map) -> None:
        self.shape = shape
        self.passage_count = shape.first[-1]
        self.document_count = len(shape.documents)
        self._passages: dict[str, bytes] = {}
        self._documents: dict[str, bytes] = {}

    def add(self, rows: Iterable[tuple[str, bytes, bytes]]) -> None:
        """Take in the postings of some terms."""
        for term, of_passages, of_documents in rows:
            self._passages[term] = of_passages
            self._documents[term] = of_documents

    def knows(self, term: str) -> bool:
        """Whether any document has this term."""
        return term in self._documents

    def idf(self, term: str) -> float:
        """How telling a term is: high when few passages have it, highest for one that none has."""
        return _idf(self.passage_count, len(self._passages.get(term, b"")) // 5)

    def passages(self, term: str) -> tuple[float, Iterable[int], bytes]:
        """Return how telling a term is, the passages that have it, and its weight in each."""
        return _weighed(self._passages.get(term, b""), self.passage_count)

    def documents(self, term: str) -> tuple[float, Iterable[int], bytes]:
        """Return how telling a term is, the documents that have it, and its weight in each."""
        return _weighed(self._documents.get(term, b""), self.document_count)


def _weighed(blob: bytes, total: int) -> tuple[float, Iterable[int], bytes]:
    numbers, weights = unpacked(blob)
    return _idf(total, len(numbers)), numbers, weights


def _idf(total: int, have: int) -> float:
    return math.log(1 + (total + _ELSEWHERE - have + 0.5) / (have + 0.5))


def candidates(meaning: Meaning, index: Index) -> list[Ranked]:
    """Return the passages that may answer, best first."""
    near = _scored(meaning, index.passages)
    whole = _scored(meaning, index.documents)
    first, penalty = index.shape.first, index.shape.penalty
    ranked: list[Ranked] = []
    document = 0
    around, factor = 0.0, 1.0
    entered = -1
    for passage in sorted(near):
        while first[document + 1] <= passage:
            document += 1
        if document != entered:
            entered = document
            around = _WHOLE * whole.get(document, 0.0)
            factor = 1 - _POINTING * penalty[document] / 255
        # Negative, so that of equal scores the earlier passage is the larger one.
        ranked.append(((near[passage] + around) * factor, -document, -passage))
    best = heapq.nlargest(CANDIDATES, ranked)
    return [(score, -document, -passage) for score, document, passage in best]


def _scored(meaning: Meaning, postings: Postings) -> dict[int, float]:
    """Sum the concepts' best words in each unit, more when many concepts are there."""
    scores: dict[int, float] = defaultdict(float)
    covered: dict[int, float] = defaultdict(float)
    for concept in meaning.concepts:
        enough = concept.worth / 1.5
        for number, worth in _best(concept, postings).items():
            scores[number] += worth
            covered[number] += worth if worth < enough else enough  # noqa: FURB136 - twice as fast
    share = 1.5 / meaning.total
    return {n: score * (share * covered[n]) ** _COVERAGE for n, score in scores.items()}


def _best(concept: Concept, postings: Postings) -> dict[int, float]:
    """Return what the best word of a concept is worth in each unit that has any of them."""
    best: dict[int, float] = {}
    asked = postings(concept.term)[0]
    for term, weight in concept.weights.items():
        telling, numbers, weights = postings(term)
        # That a word is rarer than the one it stands for makes it only half as telling.
        rarity = telling if telling <= asked else math.sqrt(asked * telling)
        factor = weight * concept.weight * rarity / 255
        scaled = [factor * each for each in weights]
        if not best:
            best = dict(zip(numbers, scaled, strict=True))
            continue
        for number, worth in zip(numbers, scaled, strict=True):
            if worth > best.get(number, 0.0):
                best[number] = worth
    return best


def ordered(ranked: list[Ranked], closeness: dict[int, float]) -> list[Ranked]:
    """Put candidates in their final order: each document's best passage, best document first."""
    by_document: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for score, document, passage in ranked:
        better = score * (1 + _NEAR * closeness.get(passage, 0.0))
        by_document[document].append((better, passage))
    final: list[Ranked] = []
    for document, found in by_document.items():
        found.sort(key=lambda each: (-each[0], each[1]))
        more = sum(score / (2 + n) for n, (score, _) in enumerate(found[1:4]))
        final.append((found[0][0] + _SECOND * more, document, found[0][1]))
    return sorted(final, key=lambda each: (-each[0], each[2]))


def by_sense(final: list[Ranked], likeness: dict[int, float]) -> list[Ranked]:
    """Put documents that are about what was asked before those that only have its words.

    `final` holds the best passage of each document, `likeness` how much each document's
    passages are about what was asked, beside one another.
    """
    lowest = min(likeness.values(), default=0.0)
    span = (max(likeness.values(), default=0.0) - lowest) or 1.0
    told = (
        (score * (1 + _SENSE * (likeness.get(document, lowest) - lowest) / span), document, passage)
        for score, document, passage in final
    )
    return sorted(told, key=lambda each: (-each[0], each[2]))


def fused(final: list[Ranked], near: list[tuple[float, int]], first: list[int]) -> list[Ranked]:
    """Add likeness to what words have found; both count by how good they are beside the best.

    `near` holds (likeness, passage number), the most alike first.
    """
    if not near:
        return final
    best: dict[int, tuple[float, int]] = {}
    for likeness, passage in near:
        best.setdefault(bisect.bisect_right(first, passage) - 1, (likeness, passage))
    lowest = min(likeness for likeness, _ in best.values())
    span = (near[0][0] - lowest) or 1.0
    scores = {d: _LIKE * (likeness - lowest) / span for d, (likeness, _) in best.items()}
    places = {d: passage for d, (_, passage) in best.items()}
    top = final[0][0] if final else 1.0
    for score, document, passage in final:
        scores[document] = scores.get(document, 0.0) + score / top
        places[document] = passage
    return sorted(
        ((score, document, places[document]) for document, score in scores.items()),
        key=lambda each: (-each[0], each[2]),
    )
