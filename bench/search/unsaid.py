"""Everyday words that the thesaurus says nothing of, the most frequent first: candidates for it.

    python -m bench.search.unsaid [--wordnet DIR] [--most N]

Reads how often WordNet's lemmas occur in its tagged texts (Debian's wordnet-base). Nothing of
it goes into the product: what a word may stand for is written by hand.
"""

import argparse
from collections import Counter
from pathlib import Path

from parlour.agents.library.thesaurus import meant, related
from parlour.agents.library.words import STOP, root

WORDNET = Path("/usr/share/wordnet")


def frequent(folder: Path) -> Counter[str]:
    """Count every lemma in all its senses; lines are `lemma%sense number times`."""
    found: Counter[str] = Counter()
    for line in (folder / "cntlist.rev").read_text().splitlines():
        sense, _, times = line.split()
        found[sense.partition("%")[0]] += int(times)
    return found


def unsaid(words: Counter[str]) -> list[str]:
    """Return the words for which neither a line nor a turn of phrase of the thesaurus stands."""
    return [
        word
        for word, _ in words.most_common()
        if word.isalpha() and len(word) > 2 and word not in STOP
        if not related(root(word)) and not any(meant([root(word)]))
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--wordnet", type=Path, default=WORDNET)
    parser.add_argument("--most", type=int, default=500)
    given = parser.parse_args()
    print("\n".join(unsaid(frequent(given.wordnet))[: given.most]))


if __name__ == "__main__":
    main()
