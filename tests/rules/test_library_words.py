"""Terms, misspellings, turns of phrase, excerpts: the small rules of search."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from parlour.agents.backends.documents.words import courtesy, leans_back
from parlour.agents.library.excerpts import excerpt
from parlour.agents.library.markup import blocks_of, code_span, fenced, plain
from parlour.agents.library.meaning import Meaning
from parlour.agents.library.quoting import Quotation
from parlour.agents.library.spelling import corrected, distance
from parlour.agents.library.thesaurus import meant, related
from parlour.agents.library.words import root, stem, terms, words_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Indexes and indexing", ["index", "and", "index"]),
        ("max_connections", ["max_connections", "max", "connect"]),
        ("wrote children", ["write", "child"]),
        ("verification recovery conversions", ["verifi", "recov", "convert"]),
        ("verify recover convert", ["verifi", "recov", "convert"]),
        ("customers custom important imports", ["customer", "custom", "important", "import"]),
        ("deliveries delivery delivered", ["deliv", "deliv", "deliv"]),
        ("getArgType", ["getargtype", "get", "arg", "type"]),
        ("what's the user’s name", ["what", "the", "user", "name"]),
        ("Café Ångström", ["cafe", "angstrom"]),
        ("如何创建索引", ["如何", "何创", "创建", "建索", "索引"]),
        ("索引", ["索引"]),
        ("فهرس جزئي", ["فهرس", "جزيي"]),
        ("😀 %s %n '; --", ["s", "n"]),
        ("a" * 41, []),
        ("\ud800", []),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    """INP-07: whatever is written, words come out, or nothing."""
    assert terms(text) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("pasword", "password"),
        ("authentifcation", "authentication"),
        ("tabel", "table"),
        ("tab", None),
        ("zebra", None),
    ],
)
def test_misspellings(word: str, expected: str | None) -> None:
    vocabulary = ["table", "password", "authentication", "passage", "tabs"]
    assert corrected(word, vocabulary) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("authentifi", "authent"),
        ("authentic", "authent"),
        ("authorize", None),  # less than two thirds of it
        ("tablets", None),  # too short for another ending
        ("partitionwise", "partition"),
    ],
)
def test_a_long_word_with_another_ending(word: str, expected: str | None) -> None:
    assert corrected(word, ["auth", "authent", "part", "partition", "table"]) == expected


def test_distance_counts_a_swap_as_one() -> None:
    assert [distance("form", other) for other in ("form", "from", "forms", "farm", "norm")] == [
        *(0, 1, 1, 1, 1)
    ]


def test_the_thesaurus_is_read_both_ways() -> None:
    assert "remov" in related("delet")
    assert "delet" in related("remov")


def test_the_thesaurus_knows_what_a_word_means_and_does_not_turn_it_round() -> None:
    assert "archiv" in related("unzip")
    assert {"stop", "block"} <= related("freez")
    assert "freez" in related("stop")
    assert "compress" in related("zip")
    assert "zip" not in related("compress")


@pytest.mark.parametrize(
    ("said", "plain"),
    [("abolish", "drop"), ("gigantic", "large"), ("vacant", "empty"), ("rescue", "recover")],
)
def test_an_everyday_word_means_the_plainer_one_of_manuals_and_not_the_other_way(
    said: str, plain: str
) -> None:
    assert root(plain) in related(root(said))
    assert root(said) not in related(root(plain))


@pytest.mark.parametrize(
    ("said", "places", "meaning"),
    [
        ("how log in now", [1, 2], ["login", "connect", "authent"]),
        ("throw it away", [0, 2], ["delet", "discard"]),
        ("throw all of it away", [0, 4], ["delet", "discard"]),
        ("throw away", [0, 1], ["delet", "discard"]),
        ("onli cover some row", [0, 2], ["partial", "subset"]),
        ("how long it may run", [0, 1, 3, 4], ["timeout"]),
        ("how long may it be", [0, 1, 2], ["maximum", "length"]),
    ],
)
def test_turns_of_phrase(said: str, places: list[int], meaning: list[str]) -> None:
    assert list(meant(said.split())) == [(places, meaning)]


def test_a_turn_of_phrase_does_not_reach_across_a_sentence() -> None:
    said = "throw one and two and three away"
    assert list(meant(said.split())) == []


def test_a_question_is_its_telling_words() -> None:
    assert [c.term for c in Meaning("How do I delete the Table?").concepts] == ["delet", "tabl"]
    assert [c.term for c in Meaning("what is it").concepts] == ["what", "is", "it"]
    assert Meaning("").concepts == []


def test_an_identifier_is_one_thing_and_a_number_says_little() -> None:
    (identifier,) = Meaning("max_connections").concepts
    assert identifier.weights == {"max": 0.5, "connect": 0.5, "max_connections": 1.0}
    assert [(c.term, c.weight) for c in Meaning("two tables, 3 rows").concepts] == [
        ("two", 0.3),
        ("tabl", 1.0),
        ("3", 0.3),
        ("row", 1.0),
    ]


def test_an_earlier_question_counts_less() -> None:
    both = Meaning("how do I delete it?", "How do I make a role?")
    assert [(c.term, c.weight) for c in both.concepts] == [("delet", 1.0), ("role", 0.7)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Hello!", "greeting"),
        ("good morning everyone", "greeting"),
        ("thanks a lot", "thanks"),
        ("ok, thank you", "thanks"),
        ("…?", "empty"),
        ("hello, how do I log in?", None),
        ("thanks to caching it is fast?", None),
    ],
)
def test_courtesy(text: str, kind: str | None) -> None:
    assert courtesy(text) == kind


@pytest.mark.parametrize(
    ("text", "leans"),
    [
        ("and how do I undo it?", True),
        ("why?", True),
        ("what about tables?", True),
        ("How do I drop an index without a lock?", False),
        ("Is it possible to encrypt single columns of a table?", False),
    ],
)
def test_following_up(text: str, leans: bool) -> None:
    assert leans_back(text, Meaning(text).telling) is leans


def told(*wanted: str) -> "object":
    return lambda text: float(sum(word in text.lower() for word in wanted))


def test_an_excerpt_has_the_telling_sentence_and_the_code_it_announces() -> None:
    passage = (
        "Doors are old. People like them. Nothing more.\n\n"
        "To open a door, turn the key:\n\n```\nturn(key)\n```\n\nWindows are another matter."
    )
    chosen = excerpt(passage, told("open", "key"), 30)  # type: ignore[arg-type]
    assert "To open a door, turn the key:\n\n```\nturn(key)\n```" in chosen.text
    assert chosen.quote == "To open a door, turn the key:"
    assert "Windows" not in chosen.text


def test_a_sentence_that_leans_on_another_brings_it_along() -> None:
    passage = "Keys are made of brass. This keeps them from rusting in salty air."
    chosen = excerpt(passage, told("rusting"), 5)  # type: ignore[arg-type]
    assert chosen.text == passage


def test_long_lists_are_cut_to_the_items_that_matter() -> None:
    items = [f"- item {n} " + "word " * 20 for n in range(12)]
    items[7] = "- the red door " + "word " * 20
    chosen = excerpt("\n".join(items), told("red"), 100)  # type: ignore[arg-type]
    assert "red door" in chosen.text
    assert chosen.text.count("\n- ") == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a **b** `c_d` \\* [e](f)", "a b c_d * e"),
        ("- one\n- two", "one\ntwo"),
        ("| a | b |\n| --- | --- |\n| 1 | 2 |", "a   b  \n\n  1   2"),
        ("```sql\nSELECT * FROM t;\n```", "SELECT * FROM t;"),
    ],
)
def test_plain(text: str, expected: str) -> None:
    assert plain(text).split() == expected.split()


def test_blocks_stay_whole() -> None:
    text = "a\n\n```\nx\n\ny\n```\n\n- one\n\n  more\n\nend"
    assert blocks_of(text) == ["a", "```\nx\n\ny\n```", "- one\n\n  more", "end"]
    assert blocks_of(fenced("```\nx\n```")) == ["````\n```\nx\n```\n````"]
    assert code_span("a`b") == "`` a`b ``"


def test_words_keep_their_case_for_telling_camel_humps() -> None:
    assert words_of("getArg it's") == ["getArg", "it"]


def test_threads_that_stem_at_once_do_not_disturb_each_other() -> None:
    """The stemmer has one word in hand; an answer and a search may come to it together."""
    ends = ("ed", "ing", "ion", "ional", "ively", "ions", "ationally")
    forms = [start + end for start in ("relat", "connect", "restrict") for end in ends]
    alone = [stem.__wrapped__(form) for form in forms]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            found = [
                threads.submit(lambda: [stem.__wrapped__(form) for form in forms])
                for _ in range(200)
            ]
            together = [each.result() for each in found]
    finally:
        sys.setswitchinterval(before)
    assert all(each == alone for each in together)


def test_what_is_said_twice_in_other_words_counts_once() -> None:
    turns = [each for each in Meaning("how long may it be at most").concepts if not each.term]
    assert len(turns) == 1
    assert {"length", "limit", "maximum"} <= turns[0].weights.keys()


MESSAGE = "the server closed the connection before sending a reply"
MOVED = "before sending a reply the connection closed on the server"


COMMON = {"wie", "lang", "lange", "dauert", "bis", "der"}
"""What most passages of a library in another language have."""


def _closeness(question: str, text: str, *, known: tuple[str, ...] = ()) -> float:
    meaning = Meaning(question)
    there = {*terms(text), *known}
    meaning.corrected_terms(there.__contains__, sorted(there))
    meaning.weigh(there.__contains__, lambda term: 0.5 if term in COMMON else 3.0)
    return meaning.closeness(text)


@pytest.mark.parametrize("asked", [MESSAGE, MESSAGE.replace("closed", "cloesd")])
def test_a_message_that_was_pasted_is_found_where_it_stands(asked: str) -> None:
    """Its words in another order are nearly as close together, and are not it."""
    here, moved = (_closeness(f"{asked} 17", f"It says: {each}.") for each in (MESSAGE, MOVED))
    assert here > 2 * moved > 0


@pytest.mark.parametrize(
    "said",
    [
        "what is the difference between the two of them",
        "wie lange dauert es bis der",
        "is PARLOUR_PUBLIC_URL 127.0.0.1",  # one word, and numbers
    ],
)
def test_what_anybody_might_say_is_no_quotation(said: str) -> None:
    assert _closeness(f"{said} zebra", said) <= 1


def test_a_part_that_is_quoted_is_not_all_that_was_asked() -> None:
    about = "my grandmother knits woollen socks every winter beside Anna because"
    assert _closeness(f"{about} {MESSAGE}", f"It says: {MESSAGE}.") < 1


def test_looking_for_a_quotation_takes_no_longer_where_all_is_the_same() -> None:
    words = ["foo", "foo", "bar", "baz", "qux", "zip", "zap", "zop", "zup"]
    said = Quotation(words * 4)
    said.weigh(lambda _: 3.0)
    text = " ".join(words * 1_500)
    began = time.process_time()
    assert said.length(text, set(words)) > 0
    assert time.process_time() - began < 2


def test_pairs_of_signs_are_no_quotation() -> None:
    said = "北海道の大きな町で昼食を食べることができますか"
    quotation = Quotation(words_of(said))
    quotation.weigh(lambda _: 3.0)
    assert quotation.length(said, set(terms(said))) == 0
