"""What a question is about, and which passages speak of it: pure rules over the index."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from parlour.agents.library.building import Map, unpacked
from parlour.agents.library.spelling import corrected
from parlour.agents.library.thesaurus import meant, related
from parlour.agents.library.words import STOP, stem, terms, terms_of, words_of

_RELATED: Final = 0.6
"""What a related word counts beside the word itself when authors use that in headings, …"""
_RELATED_RARE: Final = 0.7
"""… when they use it elsewhere, …"""
_RELATED_UNKNOWN: Final = 0.8
"""… and when they do not use it at all."""
_MEANT: Final = 0.95
_CORRECTED: Final = 0.9
_INCIDENTAL: Final = 1.0
"""A word that no title, heading or link uses is seldom what a question is about."""
_NUMBER: Final = 0.3
_EARLIER: Final = 0.7
"""What the words of the question before count, when this one leans on it."""
_WHOLE: Final = 0.5
"""How much the document around a passage counts."""
_COVERAGE: Final = 0.5
_POINTING: Final = 0.4
_SECOND: Final = 1.2
"""How much a document's further passages speak for its best one."""
_NEAR: Final = 1.0
_WINDOW: Final = 6
_UNKNOWN: Final = 1.2
"""What a word that the library does not know is worth, beside one that it has once."""
_GUESSED: Final = 0.5
"""How much of a question is answered where only a corrected word is spoken of."""
_TOGETHER: Final = 1.5
"""How much speaking of things close together says that they are the ones asked for."""
CANDIDATES: Final = 60
_LONGEST_QUESTION: Final = 60
"""Words of a question that are looked at."""


Postings = Callable[[str], Iterable[tuple[int, float]]]


class Concept:
    """One thing the question speaks of: a word and what may stand for it, each with its worth."""

    def __init__(self, term: str, weights: dict[str, float], weight: float = 1.0) -> None:
        self.term = term
        self.weights = weights
        self.weight = weight
        self.telling = bool(term) and weight == 1.0
        self.guessed = False
        """Whether its word was taken for a misspelling of another."""
        self.worth = 0.0
        """What finding it is worth at most; known once the index has been asked."""


def understand(question: str, before: str = "") -> list[Concept]:
    """Find the concepts of a question: its telling words, and what its turns of phrase mean.

    `before` is an earlier question that this one leans on; its concepts count less.
    """
    concepts = _understood(question)
    for concept in _understood(before):
        concept.weight *= _EARLIER
        concepts.append(concept)
    return list({tuple(c.weights): c for c in reversed(concepts)}.values())[::-1]


def _understood(question: str) -> list[Concept]:
    words = words_of(question)[:_LONGEST_QUESTION]
    stems = [stem(word.lower()) for word in words]
    concepts: list[Concept] = []
    covered: set[int] = set()
    for start, end, words_meant in meant(stems):
        own = [t for t in stems[start:end] if t not in STOP and len(t) > 3]
        weights = {term: _MEANT - 0.1 * min(n, 2) for n, term in enumerate(words_meant)}
        concepts.append(Concept("", {**weights, **dict.fromkeys(own, 0.6)}))
        covered.update(range(start, end))
    telling = [n for n, word in enumerate(words) if word.lower() not in STOP and n not in covered]
    if not telling and not concepts:
        telling = list(range(len(words)))  # nothing but small words: "what is it?"
    for n in telling:
        weight = _NUMBER if words[n].isdigit() else 1.0
        concepts += [Concept(term, {term: 1.0}, weight) for term in terms_of(words[n])]
    return concepts


class Index:
    """The part of an index that a question needs, as it comes from the database."""

    def __init__(self, shape: Map) -> None:
        self.shape = shape
        self.passage_count = shape.first[-1]
        self.document_count = len(shape.documents)
        self.topical: set[str] = set()
        self._passages: dict[str, bytes] = {}
        self._documents: dict[str, bytes] = {}

    def add(self, rows: Iterable[tuple[str, bool, bytes, bytes]]) -> None:
        """Take in the postings of some terms."""
        for term, topical, of_passages, of_documents in rows:
            self._passages[term] = of_passages
            self._documents[term] = of_documents
            if topical:
                self.topical.add(term)

    def __contains__(self, term: str) -> bool:
        return term in self._documents

    def idf(self, term: str) -> float:
        """How telling a term is: high when few passages have it."""
        return _idf(self.passage_count, len(self._passages.get(term, b"")) // 5)

    def passages(self, term: str) -> Iterable[tuple[int, float]]:
        """Return the passages that have a term, and how much it is worth in each."""
        return self._weighed(self._passages, self.passage_count, term)

    def documents(self, term: str) -> Iterable[tuple[int, float]]:
        """Return the documents that have a term, and how much it is worth in each."""
        return self._weighed(self._documents, self.document_count, term)

    def _weighed(
        self, blobs: dict[str, bytes], total: int, term: str
    ) -> Iterable[tuple[int, float]]:
        numbers, weights = unpacked(blobs.get(term, b""))
        worth = _idf(total, len(numbers)) * (1 if term in self.topical else _INCIDENTAL) / 255
        return zip(numbers, [worth * weight for weight in weights], strict=True)


def _idf(total: int, have: int) -> float:
    return math.log(1 + (total - have + 0.5) / (have + 0.5))


def first_terms(concepts: list[Concept]) -> set[str]:
    """Return the terms to look up first: what was asked, and the words related to it."""
    wanted = {term for concept in concepts for term in concept.weights}
    return wanted | {other for concept in concepts for other in related(concept.term)}


def settle(concepts: list[Concept], index: Index, vocabulary: list[str]) -> set[str]:
    """Correct the words that the index does not know; returns the further terms to look up."""
    wanted: set[str] = set()
    for concept in concepts:
        term = concept.term
        known = not term or term in index or any(other in index for other in related(term))
        if not known and (better := corrected(term, vocabulary)):
            concept.weights[better] = _CORRECTED
            concept.term = better
            concept.guessed = True
            wanted |= {better, *related(better)}
    return wanted


def weigh(concepts: list[Concept], index: Index) -> None:
    """Give each concept its related words, by how well the index knows the word itself."""
    for concept in concepts:
        if concept.term in index:
            kin = _RELATED if concept.term in index.topical else _RELATED_RARE
        else:
            kin = _RELATED_UNKNOWN
        for other in related(concept.term):
            concept.weights.setdefault(other, kin)
        known = [
            weight * index.idf(term) * (1 if term in index.topical else _INCIDENTAL)
            for term, weight in concept.weights.items()
            if term in index
        ]
        concept.worth = max(known, default=_UNKNOWN * index.idf("")) * concept.weight


def candidates(concepts: list[Concept], index: Index) -> list[tuple[float, int, int]]:
    """Return the best (score, document, passage number in all), best first."""
    total = sum(concept.worth for concept in concepts) or 1.0
    near = _scored(concepts, index.passages, total)
    whole = _scored(concepts, index.documents, total)
    first, penalty = index.shape.first, index.shape.penalty
    ranked: list[tuple[float, int, int]] = []
    document = 0
    for passage in sorted(near):
        while first[document + 1] <= passage:
            document += 1
        score = near[passage] + _WHOLE * whole.get(document, 0.0)
        ranked.append((score * (1 - _POINTING * penalty[document] / 255), document, passage))
    ranked.sort(key=lambda each: (-each[0], each[2]))
    return ranked[:CANDIDATES]


def _scored(concepts: list[Concept], postings: Postings, total: float) -> dict[int, float]:
    """Sum the concepts' best words in each unit, more when many concepts are there."""
    scores: dict[int, float] = defaultdict(float)
    covered: dict[int, float] = defaultdict(float)
    for concept in concepts:
        best: dict[int, float] = {}
        for term, weight in concept.weights.items():
            for number, worth in postings(term):
                if (found := weight * worth) > best.get(number, 0.0):
                    best[number] = found
        for number, worth in best.items():
            scores[number] += worth * concept.weight
            covered[number] += min(concept.worth, 1.5 * worth * concept.weight)
    return {n: score * (covered[n] / total) ** _COVERAGE for n, score in scores.items()}


def nearness(concepts: list[Concept], text: str) -> float:
    """How close together a text speaks of the concepts, as a share of all they are worth."""
    places: list[tuple[int, int, float]] = []
    for at, term in enumerate(terms(text)):
        for which, concept in enumerate(concepts):
            if weight := concept.weights.get(term):
                places.append((at, which, weight))
    pairs: dict[tuple[int, int], float] = {}
    for n, (at, which, weight) in enumerate(places):
        for later, other, its_weight in places[n + 1 : n + 6]:
            if later - at > _WINDOW:
                break
            if other != which and later > at:
                pair = (min(which, other), max(which, other))
                worth = min(concepts[which].worth, concepts[other].worth)
                close = 2 * worth * weight * its_weight / (later - at + 1)
                pairs[pair] = max(pairs.get(pair, 0.0), close)
    return sum(pairs.values()) / (sum(concept.worth for concept in concepts) or 1.0)


def coverage(concepts: list[Concept], text: str) -> float:
    """How much of what was asked a text speaks of, from 0 to 1."""
    found = set(terms(text))
    got = sum(
        concept.worth
        * max((w for t, w in concept.weights.items() if t in found), default=0.0)
        * (_GUESSED if concept.guessed else 1.0)
        for concept in concepts
    )
    return got / (sum(concept.worth for concept in concepts) or 1.0)


def certainty(concepts: list[Concept], text: str) -> float:
    """How likely a text is to answer: above 0.65, more often than not."""
    return coverage(concepts, text) + _TOGETHER * nearness(concepts, text)


def ordered(
    ranked: list[tuple[float, int, int]], closeness: dict[int, float]
) -> list[tuple[float, int, int]]:
    """Put candidates in their final order: each document's best passage, best document first."""
    by_document: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for score, document, passage in ranked:
        better = score * (1 + _NEAR * closeness.get(passage, 0.0))
        by_document[document].append((better, passage))
    final = []
    for document, found in by_document.items():
        found.sort(key=lambda each: (-each[0], each[1]))
        more = sum(score / (2 + n) for n, (score, _) in enumerate(found[1:4]))
        final.append((found[0][0] + _SECOND * more, document, found[0][1]))
    return sorted(final, key=lambda each: (-each[0], each[2]))
