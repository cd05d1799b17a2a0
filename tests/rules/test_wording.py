"""By which words messages and documents are found: with the rules, what is kept changes."""

import unicodedata
import zlib
from importlib.metadata import version

from parlour.agents.library import words
from parlour.agents.library.indexing import FORMAT
from parlour.insights import wording

SAMPLE = """
Where are the deliveries of Ångström & Søn? It's late: he ran, she is running, they've run away.
Criteria, important customers, several authors; getUserName in snake_case_names v2.10 — 我想退货,
ПРИВЕТ, naïve café, STRASSE/straße, x_y 50% off, vera@visitors.example, KD-73915, don't.
"""


def test_rules_of_words_have_a_number() -> None:
    """Whoever changes what comes out raises `RULES`, or `FORMAT`, and writes the sum down here."""
    known = (version("snowballstemmer"), unicodedata.unidata_version)
    found = " ".join(sorted(wording.terms(SAMPLE, SAMPLE.upper())))
    read = " ".join(words.terms(SAMPLE))
    told = (wording.RULES, zlib.crc32(found.encode()), FORMAT, zlib.crc32(read.encode()))
    assert told == (2, 1611881280, 3, 263882496), f"raise what differs; made with {known}"


def test_an_edition_is_another_with_other_rules() -> None:
    assert wording.edition() == wording.edition()
    assert 0 <= wording.edition() < 2**32
