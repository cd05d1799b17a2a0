"""What an agent is said to be doing: public words, in every language, and nothing else."""

import pytest

from parlour.agents import doing
from parlour.agents.contract import Status
from parlour.agents.sharing import Language, checked
from parlour.agents.sharing import Sharing as Terms
from parlour.chat import wire
from parlour.chat.overhearing import Overhearing
from parlour.kit.errors import Invalid
from parlour.kit.masking import mask

LANGUAGES = [each.value for each in Language]
LABELS = {"crm_lookup": {"": "Looking up your contract", "de": "Ihr Vertrag wird gesucht"}}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_all_the_words(language: str) -> None:
    kinds = ("thinking", "searching", "reading", "writing", "working")
    words = [doing.said(Status(doing=each), language) for each in kinds]  # type: ignore[arg-type]
    words.append(doing.said(Status(tool="secret_tool"), language))
    assert len(set(words)) == 6
    assert all(each and "secret" not in each for each in words)
    if language != "en":
        assert doing.said(Status(doing="thinking"), language) != "Thinking"


@pytest.mark.parametrize(
    ("status", "language", "words"),
    [
        (Status(tool="crm_lookup"), "en", "Looking up your contract"),
        (Status(tool="crm_lookup"), "de-AT", "Ihr Vertrag wird gesucht"),
        (Status(tool="crm_lookup"), "fr", "Looking up your contract"),
        (Status(tool="rm -rf /var"), "en", "Using a tool"),
        (Status("Searching 12 documents…"), "en", "Searching 12 documents"),
        (Status("Asking the and/or team, 24/7"), "en", "Asking the and/or team, 24/7"),
        (Status("Liest „Öffnungszeiten“"), "de", "Liest „Öffnungszeiten“"),
        (Status(), "de", "Arbeitet"),
        (Status("x" * 100), "xx", "Working"),
    ],
)
def test_what_is_said(status: Status, language: str, words: str) -> None:
    assert doing.said(status, language, LABELS) == words


@pytest.mark.parametrize(
    "label",
    [
        "Reading /srv/data/vera.md",
        "Reading ./notes",
        "Editing ~/x",
        r"Opening C:\Users\vera",
        "Reading src/app/main",
        "Reading salaries.xlsx",
        "Running rm -rf now",
        "Running git --force",
        "Calling lookup(42)",
        'Calling {"id": 42}',
        "Fetching https://intern.example",
        "Fetching www.intern.example",
        "Using $TOKEN",
        "Asking about vera@visitors.example",
        "Calling +44 20 7946 0018",
        "<b>Reading</b>",
        "a\nb",
        "`ls`",
    ],
)
def test_no_argument_path_or_command_is_ever_shown(label: str) -> None:
    assert doing.said(Status(label)) == "Working"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("crm = Looking", ("crm", "", "Looking")),
        ("crm:de = Sucht", ("crm", "de", "Sucht")),
        ("mcp:crm = Looking = up", ("mcp:crm", "", "Looking = up")),
        ("crm =", ("crm", "", "")),
        ("crm", None),
        ("= words", None),
    ],
)
def test_words_for_tools_are_read(given: str, named: tuple[str, str, str] | None) -> None:
    assert doing.read(given, LANGUAGES) == named


def test_words_for_tools_are_written_as_they_are_read() -> None:
    told = [doing.read(each, LANGUAGES) for each in doing.lines(LABELS)]
    assert doing.relabelled({}, [each for each in told if each]) == LABELS
    assert doing.relabelled(LABELS, [("crm_lookup", "de", ""), ("crm_lookup", "", "")]) == {}


@pytest.mark.parametrize(
    ("labels", "field"),
    [
        ({"a b": {"": "Words"}}, "labels.a b"),
        ({"a": {"xx": "Words"}}, "labels.a.xx"),
        ({"a": {"": "Reading /etc/passwd"}}, "labels.a"),
        ({"a": {"de": "x" * 100}}, "labels.a.de"),
        ({f"t{n}": {"": "Words"} for n in range(101)}, "labels"),
    ],
)
def test_words_that_do_not_fit_are_refused(labels: dict[str, dict[str, str]], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(Terms(), {"labels": labels})
    assert [each.field for each in refused.value.errors] == [field]


def test_who_gets_whole_replies_hears_what_is_done_and_not_a_word_more() -> None:
    """SHR-03: labels are masked, pieces of the reply stay outside."""
    told = Overhearing(mask, "Writing")
    status = wire.event("status", {"turn": "trn_1", "label": "Asking vera@visitors.example"})
    piece = wire.delta("trn_1", 2, 1, 0, "Canary\n\nevent: status\ndata: x")
    writing = wire.event("status", {"turn": "trn_1", "label": "Writing"})
    masked = wire.event("status", {"turn": "trn_1", "label": "Asking •••@•••"})
    assert told(status + status + piece) == masked + writing
    assert told(piece + piece) == b""
    assert told(status) == masked
    assert told(b"") == b""
