"""Pages say what their views say, weigh little, and the quick way is the same as the long one."""

import gzip
import re
from dataclasses import replace as dataclass_replace

import pytest
from msgspec.structs import replace

from parlour.links.rules import Why
from parlour.web import pages, prose
from parlour.web.assets import assets
from parlour.web.pages import ChatView, Face, RefusalView
from parlour.web.shown import MessageState, ShownMessage
from parlour.web.words import LANGUAGES

FACE = Face("Postgres Handbook", "P", "AI assistant", "I answer.", ("Why?", "How?"))
VIEW = ChatView(face=FACE, token="tok", nonce="n0nce", form_id="frm_1", start="st4rt")
NOON = 1_795_183_200_000


def text(page: bytes) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page.decode().split("<body")[1]))


def test_the_quick_page_is_the_whole_page() -> None:
    for nonce, token in (("a", "b"), ("c", "d"), ('"><script>', "&")):
        view = replace(VIEW, nonce=nonce, token=token)
        assert pages.chat(view) == pages._chat(view).encode().replace(b"&#34;", b"&quot;")


def test_nonce_token_and_start_are_never_those_of_another_visit() -> None:
    pages.chat(VIEW)
    page = pages.chat(replace(VIEW, nonce="other", token="another", form_id="x", start="y"))
    assert not re.search(rb"n0nce|st4rt|frm_1|tok\W", page)


def test_every_script_carries_the_nonce_and_nothing_is_inline() -> None:
    page = pages.chat(VIEW).decode()
    scripts = re.findall(r"<script ([^>]*)>", page)
    assert all('nonce="n0nce"' in each or "application/json" in each for each in scripts)
    assert not re.search(r"<[^>]+ (?:style|on\w+)=", page)
    assert set(re.findall(r'(?:src|href)="(https?:)?//', page)) == set()


def test_what_a_visitor_loads_is_at_most_60_kb() -> None:
    page = pages.chat(VIEW)
    base = re.escape(assets().base)
    loaded = set(re.findall(rf'"{base}/([^"#]+)', page.decode()))
    alone = ("frame", "shared", "source", "talk", "verify", "voice", "waiting", "files")
    others = {f"js/{name}.js" for name in alone}
    modules = {path for path in assets().files if path.startswith("js/")} - others
    assert modules <= loaded, "a module that is not fetched ahead"
    weights = {path: assets().files[path].gzipped or assets().files[path].body for path in loaded}
    pressed = pages.unsaid_pressed(FACE, *VALUES)
    heads = _HEAD * (len(loaded) + 1)
    assert len(pressed) + sum(map(len, weights.values())) + heads <= 60_000


VALUES = ("t" * 48, "n" * 32, "f" * 32, "s" * 43)
_HEAD = 450
"""Bytes of what precedes each file, more or less."""


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_pressed_page_is_the_page(language: str) -> None:
    """For values of any kind and length, also those that stand in the page or look alike."""
    face = replace(FACE, language=language, name="4567 nonce=", starters=("0123456789", "\u0131"))
    for values in (
        VALUES,
        ("u" * 48, "a" * 32, "a" * 32, "a" * 43),
        ("nonce=", "</html>", "&<>", ""),
        ("t" * 200, "n" * 32, "\u4e00" * 20, "s"),
    ):
        pressed = pages.unsaid_pressed(face, *values)
        assert pressed, values
        assert gzip.decompress(pressed) == pages.unsaid(face, *values)
        assert len(pressed) < len(pages.unsaid(face, *values)) / 2
    assert pages.unsaid_pressed(face, "t", "n", "f", "s") == b"", "not for ever other lengths"
    assert gzip.decompress(pages.unsaid_pressed(face, *VALUES)) == pages.unsaid(face, *VALUES)


def test_a_running_answer_is_asked_for_again_without_scripts() -> None:
    message = ShownMessage("msg_1", 1, "agent", "P", "Half", NOON, state="writing", turn="trn_1")
    page = pages.chat(replace(VIEW, messages=(message,), running=True, resume="1.1.4")).decode()
    assert '<noscript><meta http-equiv="refresh"' in page
    assert 'aria-busy="true"' in page
    assert 'data-after="1.1.4"' in page


@pytest.mark.parametrize(
    ("state", "said", "title", "sentence"),
    [
        (
            "failed",
            "Half",
            "The answer stopped half-way.",
            "Your question and what came so far are kept.",
        ),
        ("interrupted", "", "No answer came.", "Your question is kept."),
        ("stopped", "Half", "You stopped the answer.", "What came so far is kept."),
    ],
)
def test_an_answer_that_ended_early_says_what_is_kept(
    state: MessageState, said: str, title: str, sentence: str
) -> None:
    message = ShownMessage("m", 1, "agent", "P", said, NOON, prose.render(said), state, "trn_1")
    shown = text(pages.chat(replace(VIEW, messages=(message,))))
    assert f"{title} {sentence} Try again" in shown


REASONS = [why.value for why in Why if why is not Why.NOT_FOUND]


@pytest.mark.parametrize("reason", [*REASONS, "trouble", "refused", "unheard_of"])
def test_every_dead_end_has_a_title_and_a_next_step(reason: str) -> None:
    view = RefusalView(
        reason, "n", name="Store support", at=NOON, retry_after=40, reference="8Q2F", most=9
    )
    for told in (view, dataclass_replace(view, at=None, retry_after=None)):
        page = pages.refusal(told)
        assert page.count(b"<h1>") == 1
        assert (b"This did not work" in page) == (reason in ("refused", "unheard_of"))
        assert b"8Q2F" in page
        assert b"{" not in page.split(b"<body")[1]


def test_nothing_here_tells_nothing() -> None:
    page = pages.refusal(
        RefusalView("not_found", "n", name="Secret", initial="S", at=NOON, reference="8Q2F")
    )
    assert b"There is nothing here." in page
    # It can be read in another language; that is all it leads to.
    assert not re.search(rb"Secret|8Q2F|<time|<a (?!href=\"\?lang=)", page)


def test_times_stand_in_utc_for_scripts_to_change() -> None:
    page = pages.refusal(RefusalView("expired", "n", at=NOON)).decode()
    stamp = "2026-11-20T14:00:00.000Z"
    assert f'<time datetime="{stamp}" data-as="full">Friday 20 November 2026, 14:00 UTC' in page


def test_a_source_page_marks_the_passage_and_leads_back() -> None:
    page = pages.source(
        pages.SourceView(
            token="tok",
            nonce="n",
            message_id="msg_1",
            n=2,
            title="VACUUM",
            source="vacuum.html",
            passage=prose.plain("It frees."),
            before=prose.plain("Before."),
        )
    ).decode()
    assert re.search(r'<section class="passage"[^>]*>.*It frees\.', page)
    assert 'href="/chat/tok#msg_1"' in page


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar", "rtl")])
def test_a_cited_page_sets_every_text_in_its_own_direction(language: str, direction: str) -> None:
    """XSS-08: a document may be in another language than the page around it."""
    names = ("before", "passage", "after")
    before, passage, after = (prose.plain(f"{name} text") for name in names)
    view = pages.SourceView(
        token="tok",
        nonce="n",
        message_id="msg_1",
        n=1,
        title="T",
        source="s",
        passage=passage,
        before=before,
        after=after,
    )
    page = pages.source(dataclass_replace(view, language=language)).decode()
    assert f'<html lang="{language}" dir="{direction}"' in page
    assert '<h1 dir="auto">T</h1>' in page
    for each in names:
        assert re.search(rf'<div class="prose" dir="auto">\s*<p class="plain">{each} text', page), (
            each
        )


def test_files_are_found_under_their_own_version_only() -> None:
    found = assets().find(assets().version, "js/chat.js")
    assert found is not None
    assert found.gzipped is not None
    assert gzip.decompress(found.gzipped) == found.body
    assert assets().find("0" * 12, "js/chat.js") is None
    assert assets().find(assets().version, "vendor/VENDORED.md") is None
    assert assets().find(assets().version, "../pages.py") is None
