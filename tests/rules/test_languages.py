"""Every language says the same things, and a visitor gets the one they read."""

import re
import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from string import Formatter

import pytest
from babel import Locale

from parlour.agents.backends.documents import words as documents
from parlour.agents.backends.documents.words import counted, say
from parlour.agents.sharing import WORDED
from parlour.conversations.house import Sentence
from parlour.conversations.model import State
from parlour.links.rules import Why
from parlour.transcripts import Shown
from parlour.web import amounts, pages, showing, tongues
from parlour.web.pages import ChatView, Face, RefusalView
from parlour.web.words import LANGUAGES, Catalogue, catalogue, spoken, wished

NOON = 1_795_183_200_000
_SAID = Path(documents.__file__).with_name("said.toml")
_TEMPLATES = Path(pages.__file__).with_name("templates")
OTHERS = [code for code in LANGUAGES if code != "en"]
_NO_WORDS = (
    *("required", "autofocus"),
    "Said otherwise since: the agent does not see it.",
    "Answered anew since: the agent does not see it.",
)
"""What stands bare in a tag; and what only the studio shows, which is in English."""


def gaps(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def texts(words: Catalogue) -> dict[str, str]:
    told = {f"page.{key}": text for key, text in words.page.items()}
    script = {key: text for key, text in words.script.items() if key not in words.counted}
    told |= {f"script.{key}": str(text) for key, text in script.items()}
    for reason, (title, sentence) in words.doors.items():
        told |= {f"doors.{reason}.title": title, f"doors.{reason}.sentence": sentence}
    told |= {f"proof.{key}": text for key, text in words.proof.items()}
    told |= {f"house.{key}": text for key, text in words.house.items()}
    told |= {f"yours.{key}": text for key, text in words.yours.items()}
    told |= {f"widget.{key}": text for key, text in words.widget.items()}
    return told | {f"shared.{key}": text for key, text in words.shared.items()}


@pytest.mark.parametrize("code", OTHERS)
def test_every_language_has_the_same_texts_with_the_same_gaps(code: str) -> None:
    ours, english = texts(catalogue(code)), texts(catalogue("en"))
    assert ours.keys() == english.keys()
    other = {
        key: (text, english[key]) for key, text in ours.items() if gaps(text) != gaps(english[key])
    }
    # How somebody is named may stand in the title, in the sentence, or in both.
    assert {key for key in other if not key.startswith("doors.")} == set()
    for reason, said in catalogue("en").doors.items():
        theirs = catalogue(code).doors[reason]
        assert set(gaps(" ".join(theirs))) == set(gaps(" ".join(said))), (code, reason)
    assert all(text.strip() and not re.search(r"[<>&]", text) for text in ours.values())


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_is_said_of_a_number_has_every_form_of_its_language(code: str) -> None:
    """A form may leave the number out only where it stands for one number alone."""
    words = catalogue(code)
    assert words.counted.keys() == catalogue("en").counted.keys()
    numbers = [*range(220), 1_000, 1_001, 1_002, 1_011, 999_999]
    stands_for = Counter(amounts.form(code, n) for n in numbers)
    for key, said in words.counted.items():
        assert tuple(said) == amounts.forms(code), key
        for form, text in said.items():
            assert not re.search(r"[<>&]", text), (key, form)
            lone = stands_for[form] == 1 or (key, form) == ("newest", "one")
            assert gaps(text) == ["n"] or (lone and not gaps(text)), (key, form)
    assert words.number(8_000) in words.count("room", 8_000)


@pytest.mark.parametrize("code", LANGUAGES)
def test_forms_of_numbers_are_those_of_cldr(code: str) -> None:
    """Which browsers use, too; for whole millions some of them have one more."""
    said = Locale(code).plural_form
    for n in [*range(1_200), 20_002, 123_456]:
        assert amounts.form(code, n) == said(n), n
    assert {*amounts.forms(code)} == {said(n) for n in range(1_000)}


def test_pages_say_nothing_outside_of_the_catalogues() -> None:
    """No word stands in a template of the visitors' pages, where nobody would translate it."""
    for path in sorted(_TEMPLATES.glob("*.html")):
        if path.name == "docs.html":  # the manual of the interface, in English
            continue
        text = re.sub(
            r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text("utf-8"), flags=re.DOTALL
        )
        text = re.sub(r"<(script|style|svg)\b.*?</\1>", "", text, flags=re.DOTALL)
        labels = re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', text)
        bare = re.sub(r'[\w-]+="[^"]*"|<[^>]*>', "\n", text)
        said = [each for each in bare.split("\n") if each.strip() not in _NO_WORDS] + labels
        assert [each for each in said if re.search(r"[^\W\d_]{2,}", each)] == [], path.name


@pytest.mark.parametrize("code", OTHERS)
def test_nothing_was_left_in_english(code: str) -> None:
    ours, english = texts(catalogue(code)), texts(catalogue("en"))
    same = [key for key, text in ours.items() if text == english[key] and len(text) > 14]
    assert same == []


def test_every_reason_has_words_and_owners_may_have_their_own() -> None:
    doors = catalogue("en").doors
    assert {why.value for why in Why} <= doors.keys()
    assert set(WORDED) == {why.value for why in Why} - {"not_found"}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", ""),
        ("de", "de"),
        ("de-CH,de;q=0.9,en;q=0.8", "de"),
        ("sv,pt-BR;q=0.7,fr;q=0.8", "fr"),
        ("ja,en;q=0.5", "ja"),
        ("zh-Hans-CN,zh;q=0.9", "zh"),
        ("hi-IN", "hi"),
        ("en;q=0.1, AR ;q=0.2", "ar"),
        ("sv,ko", ""),
        ("fr;q=0", ""),
        ("fr;q=0,es;q=0.001", "es"),
        ("fr;q=nan,de;q=0.5", "de"),
        ("fr;q=1e9", ""),
        ("fr;level=1", ""),
        ("*", ""),
        (";;;,,;q=,de", "de"),
        ("\xff\xfe,it", "it"),
    ],
)
def test_the_language_a_browser_likes_best(header: str, language: str) -> None:
    assert wished(header.encode("latin-1")) == language


def test_the_address_goes_before_the_browser_and_the_browser_before_the_agent() -> None:
    def scope(query: str, header: str) -> object:
        headers = [(b"accept-language", header.encode())] if header else []
        return {"query_string": query.encode(), "headers": headers}

    of = tongues.of
    assert of(scope("lang=pl&q=x", "de"), "fr") == "pl"  # type: ignore[arg-type]
    assert of(scope("lang=xx", "de"), "fr") == "de"  # type: ignore[arg-type]
    assert of(scope("q=x", "sv"), "fr") == "fr"  # type: ignore[arg-type]
    assert of(scope("", ""), "") == "en"  # type: ignore[arg-type]


def test_what_was_chosen_in_the_menu_goes_before_the_browser_but_not_before_the_address() -> None:
    def scope(query: bytes, cookie: bytes) -> dict[str, object]:
        headers = [(b"accept-language", b"de"), (b"cookie", cookie)]
        return {"query_string": query, "headers": headers}

    of = tongues.of
    assert of(scope(b"", b"a=b; parlour-lang=ar"), "fr") == "ar"  # type: ignore[arg-type]
    assert of(scope(b"lang=pl", b"parlour-lang=ar"), "fr") == "pl"  # type: ignore[arg-type]
    for odd in (b"parlour-lang=xx", b"parlour-lang=", b"parlour-lang=ar; parlour-lang=ja"):
        assert of(scope(b"", odd), "fr") == "de"  # type: ignore[arg-type]


@pytest.mark.parametrize("code", LANGUAGES)
def test_pages_are_in_the_visitors_language(code: str) -> None:
    face = Face("Handbook", "H", language=code, asked=True)
    page = pages.chat(ChatView(face, token="tok", nonce="n", form_id="f")).decode()
    words = spoken(code)[1]
    assert f'<html lang="{code}" dir="{words.direction}"' in page
    assert words.page["disclosure"] in page
    assert f'<a href="?lang={code}" lang="{code}" aria-current="true">{words.name}</a>' in page
    assert page.count('<a href="?lang=') == len(LANGUAGES)
    assert f'action="/chat/tok?lang={code}"' in page
    closed = pages.refusal(
        RefusalView("closed", "n", name="Shop", at=NOON, zone="Europe/Berlin", language=code)
    ).decode()
    assert f'<html lang="{code}" dir="{words.direction}"' in closed
    assert "Europe/Berlin</time>" in closed
    assert ("Friday" in closed) == (code == "en")


def test_the_owners_own_words_stand_escaped_beside_the_time() -> None:
    view = RefusalView("closed", "n", at=NOON, own_words="Call <b>us</b> & ask.")
    page = pages.refusal(view).decode()
    assert "Call &lt;b&gt;us&lt;/b&gt; &amp; ask." in page
    assert "It opens again on <time" in page
    assert "no opening hours" not in page


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_the_house_says_is_known_again_and_said_in_it(code: str) -> None:
    """Whatever somebody is called; and what is no sentence of the house stays as it is."""
    words = catalogue(code).house
    assert list(words) == [each.name.lower() for each in Sentence]
    for each in Sentence:
        for name in ("Ana Ruiz", "{name}", "Tomás {0} <b>", ""):
            kept = each.about(name)
            told = showing.said(system(kept, name), code)
            assert told == words[each.name.lower()].replace("{name}", name)
            assert (told == kept) == (code == "en")
    assert showing.said(system("Ana answers now.", "Olga"), code) == "Ana answers now."
    visitors = replace(system("The assistant answers again.", ""), author_kind="visitor")
    assert showing.said(visitors, code) == "The assistant answers again."


def system(text: str, name: str) -> Shown:
    return Shown("msg_1", 1, "system", name, text, State.DONE, NOON, None, 0, (), None, None)


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_documents_agent_speaks_it(code: str) -> None:
    english = tomllib.loads(_SAID.read_text("utf-8"))["en"]
    words = tomllib.loads(_SAID.read_text("utf-8"))[code]
    assert list(words) == list(english)
    assert all(words.values())
    for kind in ("searching", "reading"):
        assert words[kind].count("{count}") == words[kind].count("{") == 1
        assert counted(kind, 1, code) == words[f"{kind}_one"]
        assert counted(kind, 1169, code) == words[kind].format(count=f"1{words['thousands']}169")
    assert (say("none", f"{code}-XX") == say("none", "en")) == (code == "en")
    assert say("none", "tlh") == english["none"]
