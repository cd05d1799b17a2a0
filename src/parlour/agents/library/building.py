"""Making the index of a whole library: which word weighs how much in which passage."""

import math
import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from typing import Final, NamedTuple, TypeAlias

import msgspec

from parlour.agents.library.extracts import Counts, Extract, Words
from parlour.agents.library.senses import Senses, document_key, learned, word_key
from parlour.agents.library.words import STOP

Weights = dict[str, float]
Numbers: TypeAlias = "array[int]"


class Field(NamedTuple):
    """How much a field counts, and how much its length is held against it."""

    weight: float
    length: float


# Title, headings, links to it, body, code.
_PASSAGE: Final = (
    Field(2.5, 0.5),
    Field(2.5, 0.5),
    Field(1.0, 0.3),
    Field(1.0, 0.6),
    Field(0.4, 0.7),
)
_DOCUMENT: Final = (
    Field(4.0, 0.6),
    Field(1.5, 0.6),
    Field(2.0, 0.3),
    Field(1.0, 0.75),
    Field(0.3, 0.75),
)
_SATURATION: Final[dict[tuple[Field, ...], float]] = {_PASSAGE: 1.5, _DOCUMENT: 2.0}
_SPOKEN: Final = (1.0, 2.0, 1.0, 0.3)
"""How much title, headings, body and code count for what a passage is about."""
_MOST_LINKED: Final = 3.0
"""A word on very many links to a place counts this much at most."""
_MANY: Final = 1_000
"""Passages from which a word that only one of them has is rather a misspelling itself."""
_LONGEST_TERM: Final = 80


class Map(msgspec.Struct, array_like=True):
    """Which passages an index speaks of: those of the first document, of the second, and so on."""

    documents: list[str]
    first: list[int]
    """The number of each document's first passage; one more at the end: how many there are."""
    penalty: bytes
    """For each document, how much of it is pointers to others, in 255ths."""


class Row(NamedTuple):
    """One term of the index, or what `senses` learned, under a name that is no term."""

    term: str
    passages: bytes
    documents: bytes


class Index(NamedTuple):
    """The whole index, to be stored."""

    map: bytes
    vocabulary: bytes
    rows: Iterator[Row]


def build(library: list[tuple[str, str, Extract]]) -> Index:
    """Make the index of documents given as (id, path, extract), in the order given."""
    links = _Links(library)
    passages: list[tuple[Counts | Weights, ...]] = []
    documents: list[tuple[Counts | Weights, ...]] = []
    first = [0]
    for _, path, extract in library:
        linked = [links.to_passage(path, n) for n in range(len(extract.passages))]
        passages += [
            (extract.title, words.headings, linked[n], words.body, words.code)
            for n, words in enumerate(extract.passages)
        ]
        documents.append(_whole(extract, linked))
        first.append(len(passages))
    by_passage = _posted(passages, _PASSAGE)
    by_document = _posted(documents, _DOCUMENT)
    penalty = bytes(_pointing(extract, path) for _, path, extract in library)
    shape = Map([entry[0] for entry in library], first, penalty)
    return Index(
        msgspec.msgpack.encode(shape),
        _vocabulary(by_passage, at_least=2 if len(passages) >= _MANY else 1),
        chain(_rows(by_passage, by_document), _sense_rows(learned(_spoken(library)), first)),
    )


class _Links:
    """The words on links, at the place they point to."""

    def __init__(self, library: list[tuple[str, str, Extract]]) -> None:
        self._at: dict[str, dict[int, Weights]] = defaultdict(dict)
        anchors = {path: extract.anchors for _, path, extract in library}
        for _, path, extract in library:
            for target, anchor, words in extract.links:
                number = anchors.get(target, {}).get(anchor) if anchor else 0
                if target not in anchors or number is None or (target == path and not anchor):
                    continue
                counts = self._at[target].setdefault(number, defaultdict(float))
                for word in words:
                    counts[word] += 1

    def to_passage(self, path: str, number: int) -> Weights:
        """Return the words of links to a passage; many links count more than one, within bounds."""
        counts = self._at.get(path, {}).get(number, {})
        return {word: _damped(times) for word, times in counts.items()}


def _damped(times: float) -> float:
    return min(_MOST_LINKED, 1 + math.log(times))


def _whole(extract: Extract, linked: list[Weights]) -> tuple[Counts | Weights, ...]:
    headings: Weights = defaultdict(float)
    body: Weights = defaultdict(float)
    code: Weights = defaultdict(float)
    links: Weights = defaultdict(float)
    for words in extract.passages:
        for into, counts in ((headings, words.headings), (body, words.body), (code, words.code)):
            for term, times in counts.items():
                into[term] += times
    for weights in linked:
        for term, weight in weights.items():
            links[term] = max(links[term], weight)
    return extract.title, {t: _damped(n) for t, n in headings.items()}, links, body, code


def _posted(
    units: list[tuple[Counts | Weights, ...]], fields: tuple[Field, ...]
) -> dict[str, tuple[Numbers, Numbers]]:
    """Weigh every term in every unit (BM25 over fields); 255 is the most there can be."""
    lengths = [[sum(counts.values()) for counts in unit] for unit in units]
    means = [sum(each[n] for each in lengths) / max(1, len(units)) or 1 for n in range(len(fields))]
    saturation = _SATURATION[fields]
    found: dict[str, tuple[Numbers, Numbers]] = {}
    for number, unit in enumerate(units):
        weights: Weights = defaultdict(float)
        for n, (weight, length) in enumerate(fields):
            scale = weight / (1 - length + length * lengths[number][n] / means[n])
            for term, times in unit[n].items():
                weights[term] += times * scale
        for term, weighed in weights.items():
            if term not in found:
                found[term] = (array("I"), array("B"))
            found[term][0].append(number)
            found[term][1].append(max(1, round(255 * weighed / (saturation + weighed))))
    return found


def _pointing(extract: Extract, path: str) -> int:
    words = sum(sum(each.body.values()) + sum(each.code.values()) for each in extract.passages)
    targets = len({link[0] for link in extract.links if link[0] != path})
    return round(255 * min(1, 12 * targets / (1 + words)))


def _rows(
    by_passage: dict[str, tuple[Numbers, Numbers]],
    by_document: dict[str, tuple[Numbers, Numbers]],
) -> Iterator[Row]:
    for term in sorted(by_document):
        if len(term) <= _LONGEST_TERM:
            of_passages = by_passage.get(term, (array("I"), array("B")))
            yield Row(term, packed(*of_passages), packed(*by_document[term]))


def _spoken(library: list[tuple[str, str, Extract]]) -> list[Weights]:
    """Return the words of every passage, of all its fields together."""
    return [
        _together(extract.title, words) for _, _, extract in library for words in extract.passages
    ]


def _together(title: Counts, words: Words) -> Weights:
    spoken: Weights = defaultdict(float)
    parts = (title, words.headings, words.body, words.code)
    for counts, weight in zip(parts, _SPOKEN, strict=True):
        for term, times in counts.items():
            if term not in STOP:
                spoken[term] += weight * times
    return spoken


def _sense_rows(senses: Senses, first: list[int]) -> Iterator[Row]:
    for word in sorted(senses.words):
        yield Row(word_key(word), senses.words[word], b"")
    if senses.passages:
        for number, (start, end) in enumerate(pairwise(first)):
            yield Row(document_key(number), b"".join(senses.passages[start:end]), b"")


def packed(numbers: Numbers, weights: Numbers) -> bytes:
    """Write a list of postings as bytes."""
    return numbers.tobytes() + weights.tobytes()


def unpacked(blob: bytes) -> tuple[Numbers, bytes]:
    """Read what `packed` wrote."""
    count = len(blob) // 5
    numbers = array("I")
    numbers.frombytes(blob[: 4 * count])
    return numbers, blob[4 * count :]


def _vocabulary(by_passage: dict[str, tuple[Numbers, Numbers]], *, at_least: int) -> bytes:
    """Return the words that a misspelling may have meant, the most frequent first."""
    words: Iterable[str] = (
        term
        for term, (numbers, _) in by_passage.items()
        if len(numbers) >= at_least and term.isalpha() and len(term) > 3 and term not in STOP
    )
    ordered = sorted(words, key=lambda term: (-len(by_passage[term][0]), term))
    return zlib.compress("\n".join(ordered).encode(), 3)
