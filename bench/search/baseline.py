"""Plain BM25, as a measure of what search costs nothing to get."""

import math
import re
from collections import Counter, defaultdict

_K1, _B = 1.2, 0.75


class BM25:
    """The textbook formula over lower-case words; each unit belongs to a page."""

    def __init__(self, units: list[tuple[str, str]]) -> None:
        self._pages = [page for page, _ in units]
        counts = [Counter(re.findall(r"\w+", text.lower())) for _, text in units]
        self._lengths = [sum(each.values()) for each in counts]
        self._mean = sum(self._lengths) / len(units)
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, words in enumerate(counts):
            for word, times in words.items():
                self._postings[word].append((number, times))

    def pages(self, question: str) -> list[str]:
        """Return the pages of the best units, best first, each once."""
        scores: dict[int, float] = defaultdict(float)
        for word in set(re.findall(r"\w+", question.lower())):
            found = self._postings.get(word, [])
            idf = math.log(1 + (len(self._pages) - len(found) + 0.5) / (len(found) + 0.5))
            for number, times in found:
                norm = _K1 * (1 - _B + _B * self._lengths[number] / self._mean)
                scores[number] += idf * times * (_K1 + 1) / (times + norm)
        best = sorted(scores, key=lambda number: -scores[number])[:50]
        return list(dict.fromkeys(self._pages[number] for number in best))
