"""What a question is about: its words, what may stand for them, and how much each is worth."""

import re
from collections.abc import Callable, Iterable
from typing import Final

from parlour.agents.library.quoting import Quotation
from parlour.agents.library.spelling import corrected
from parlour.agents.library.thesaurus import meant, related
from parlour.agents.library.words import STOP, root, terms, terms_of, words_of

_RELATED: Final = 0.7
"""What a related word counts beside the word itself, …"""
_RELATED_UNKNOWN: Final = 0.8
"""… and when the library does not use the word itself."""
_LEANING: Final = 0.3
"""What words that were not said count when all are taken together."""
_MEANT: Final = 0.95
_CORRECTED: Final = 0.9
_NUMBER: Final = 0.3
_SMALL: Final = "two three four five six seven eight nine ten eleven twelve dozen hundred"
_NUMBERS: Final = frozenset(_SMALL.split())
_PART: Final = 0.5
"""What a part of an identifier counts beside the whole."""
_EARLIER: Final = 0.7
"""What the words of the question before count, when this one leans on it."""
_WINDOW: Final = 6
"""Words within which two things are spoken of together."""
_UNKNOWN: Final = 1.2
"""What a word that the library does not know is worth, beside one that it has once."""
_GUESSED: Final = 0.5
"""How much of a question is answered where only a corrected word is spoken of."""
_TOGETHER: Final = 1.5
"""How much speaking of things close together says that they are the ones asked for."""
_VERBATIM: Final = 1.5
"""How much each telling word of a quotation says that a text which has it is the one asked for."""
_HOW_TO: Final = re.compile(
    r"\bhow (?:do|does|can|could|should|would|may|might|to)\b|\b(?:example|command|syntax)\b",
    re.IGNORECASE,
)
_LONGEST_QUESTION: Final = 60
"""Words of a question that are looked at."""


class Concept:
    """One thing the question speaks of: a word and what may stand for it, each with its weight."""

    def __init__(self, term: str, weights: dict[str, float], weight: float = 1.0) -> None:
        self.term = term
        """Empty for a turn of phrase."""
        self.weights = weights
        self.weight = weight
        self.guessed = False
        """Whether its word was taken for a misspelling of another."""
        self.worth = 0.0
        """What finding it is worth at most; known once the index has been asked."""


class Meaning:
    """All that a question speaks of."""

    def __init__(self, question: str, before: str = "") -> None:
        """Find the concepts; `before` is an earlier question that this one leans on."""
        concepts = _concepts(question)
        self.telling = sum(1 for each in concepts if each.term and each.weight == 1.0)
        """How many words of the question itself say what it is about."""
        for concept in _concepts(before):
            concept.weight *= _EARLIER
            concepts.append(concept)
        self.concepts = list({tuple(c.weights): c for c in reversed(concepts)}.values())[::-1]
        self.wants_steps = _HOW_TO.search(question) is not None
        """Whether it asks how something is done, which code and steps tell best."""
        self.total = 1.0
        """What finding everything is worth."""
        self._quotation = Quotation(words_of(question)[:_LONGEST_QUESTION])
        self._where: dict[str, list[tuple[int, float]]] = {}

    def first_terms(self) -> set[str]:
        """Return the terms to look up first: what was asked, and the words related to it."""
        wanted = {term for concept in self.concepts for term in concept.weights}
        return wanted | {other for each in self.concepts for other in related(each.term)}

    def corrected_terms(self, known: Callable[[str], bool], vocabulary: Iterable[str]) -> set[str]:
        """Correct the words that the index does not know; returns the further terms to look up."""
        words = list(vocabulary)
        wanted: set[str] = set()
        for concept in self.concepts:
            term = concept.term
            if not term or known(term) or any(known(other) for other in related(term)):
                continue
            if better := corrected(term, words):
                concept.weights[better] = _CORRECTED
                self._quotation.correct(term, better)
                concept.term = better
                concept.guessed = True
                wanted |= {better, *related(better)}
        return wanted

    def weigh(self, known: Callable[[str], bool], idf: Callable[[str], float]) -> None:
        """Settle what each concept is worth, once its terms have been looked up."""
        self._quotation.weigh(idf)
        for concept in self.concepts:
            kin = _RELATED if known(concept.term) else _RELATED_UNKNOWN
            for other in related(concept.term):
                concept.weights.setdefault(other, kin)
            worths = [weight * idf(t) for t, weight in concept.weights.items() if known(t)]
            # A turn of phrase that the library has no word for ("where is", "how many") is not
            # missed: it was about the form of the answer.
            missed = _UNKNOWN * idf("") if concept.term else 0.0
            concept.worth = max(worths, default=missed) * concept.weight
        self.total = sum(concept.worth for concept in self.concepts) or 1.0
        for which, concept in enumerate(self.concepts):
            for term, weight in concept.weights.items():
                self._where.setdefault(term, []).append((which, weight))

    def leaning(self, idf: Callable[[str], float]) -> dict[str, float]:
        """Return how much each word says what the question is about, for `senses`."""
        weights: dict[str, float] = {}
        for concept in self.concepts:
            for term, weight in concept.weights.items():
                own = 1.0 if term == concept.term else _LEANING
                told = own * weight * concept.weight * idf(term)
                weights[term] = weights.get(term, 0.0) + told
        return weights

    def closeness(self, text: str) -> float:
        """How close together a text speaks of the concepts, as a share of all they are worth.

        What it says just so counts beside that: people paste what a program told them, and want
        the page that has it.
        """
        found = terms(text)
        quoted = self._quotation.length(text, set(found))
        return self._nearness(found) + _VERBATIM * quoted

    def coverage(self, text: str) -> float:
        """How much of what was asked a text speaks of, from 0 to 1."""
        return self._coverage(terms(text))

    def certainty(self, text: str) -> float:
        """How likely a text is to answer: above 0.65, more often than not."""
        found = terms(text)
        quoted = self._quotation.length(text, set(found))
        return self._coverage(found) + _TOGETHER * self._nearness(found) + quoted

    def _coverage(self, found: list[str]) -> float:
        best = [0.0] * len(self.concepts)
        for term in self._where.keys() & set(found):
            for which, weight in self._where[term]:
                best[which] = max(best[which], weight)
        got = sum(
            concept.worth * best[which] * (_GUESSED if concept.guessed else 1.0)
            for which, concept in enumerate(self.concepts)
        )
        return got / self.total

    def _nearness(self, found: list[str]) -> float:
        where = self._where
        places = [
            (at, which, weight)
            for at, term in enumerate(found)
            if term in where
            for which, weight in where[term]
        ]
        pairs: dict[tuple[int, int], float] = {}
        for n, (at, which, weight) in enumerate(places):
            for later, other, its_weight in places[n + 1 : n + 6]:
                if later - at > _WINDOW:
                    break
                if other != which and later > at:
                    pair = (which, other) if which < other else (other, which)
                    close = weight * its_weight / (later - at + 1)
                    if close > pairs.get(pair, 0.0):
                        pairs[pair] = close
        worth = [concept.worth for concept in self.concepts]
        return sum(2 * min(worth[a], worth[b]) * n for (a, b), n in pairs.items()) / self.total


def _concepts(question: str) -> list[Concept]:
    """Find the telling words of a question, and what its turns of phrase mean."""
    words = words_of(question)[:_LONGEST_QUESTION]
    stems = [root(word.lower()) for word in words]
    concepts: list[Concept] = []
    covered: set[int] = set()
    for places, words_meant in meant(stems):
        own = [stems[n] for n in places if stems[n] not in STOP and len(stems[n]) > 3]
        weights = {term: _MEANT - 0.1 * min(n, 2) for n, term in enumerate(words_meant)}
        _add_turn(concepts, {**dict.fromkeys(own, _RELATED), **weights})
        covered.update(places)
    telling = [n for n, word in enumerate(words) if word.lower() not in STOP and n not in covered]
    if not telling and not concepts:
        telling = list(range(len(words)))  # nothing but small words: "what is it?"
    return concepts + [_concept(words[n]) for n in telling]


def _add_turn(turns: list[Concept], weights: dict[str, float]) -> None:
    """Add a turn of phrase, to one of which it means the same first of all: that is said once."""
    for turn in turns:
        if any(turn.weights.get(term) == _MEANT == weight for term, weight in weights.items()):
            turn.weights |= {t: max(w, turn.weights.get(t, 0.0)) for t, w in weights.items()}
            return
    turns.append(Concept("", weights))


def _concept(word: str) -> Concept:
    whole, *parts = terms_of(word)
    weight = _NUMBER if word.isdigit() or word.lower() in _NUMBERS else 1.0
    return Concept(whole, {**dict.fromkeys(parts, _PART), whole: 1.0}, weight)
