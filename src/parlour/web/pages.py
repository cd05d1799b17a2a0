"""What a visitor is shown, as finished bytes: the chat, dead ends, cited sources."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import msgspec

from parlour.kit.clock import Moment
from parlour.web.assets import assets
from parlour.web.cast import Fill, cast
from parlour.web.prose import NOTHING, Html
from parlour.web.sheets import template
from parlour.web.words import Catalogue, spoken

Theme = Literal["auto", "light", "dark"]
MessageKind = Literal["visitor", "agent", "system"]
MessageState = Literal["done", "writing", "stopped", "failed", "interrupted"]

FACES_KEPT: Final = 128
"""How many agents' empty pages stay rendered, about 20 kB each."""
_MODULES: Final = (
    "js/turns.js", "js/reply.js", "js/policy.js", "js/wire.js", "js/composer.js",
    "js/scroll.js", "js/prefs.js", "js/sheet.js", "js/times.js", "js/colour.js", "js/dom.js",
    "vendor/smd.js",
)  # fmt: skip
"""What js/chat.js imports, so that the browser fetches all of it at once."""
_TRY_AGAIN: Final = {"disabled", "offline", "not_published", "too_many", "trouble", "refused"}


class Face(msgspec.Struct, frozen=True):
    """What an agent shows of itself before anybody has said a word. Equal faces share one page."""

    name: str
    initial: str
    subtitle: str = ""
    welcome: str = ""
    starters: tuple[str, ...] = ()
    placeholder: str = ""
    disclosure: str = ""
    """Empty: the house's own sentence that this is an AI."""
    privacy: str = ""
    """Empty: the house's own sentence about `kept_days`."""
    kept_days: int = 0
    """For how long the visitor's device finds the conversation again; 0 says nothing."""
    language: str = "en"
    theme: Theme = "auto"
    """What the link asks for; a visitor's own choice in the browser goes before it."""
    accent: str = ""
    """Six hexadecimal digits; empty for the house's ink."""


@dataclass(frozen=True, slots=True)
class ShownCitation:
    """A passage an answer rests on; `url` leads to its page."""

    n: int
    title: str
    source: str
    quote: str
    url: str


@dataclass(frozen=True, slots=True)
class ShownProblem:
    """Why an answer did not come, in words a visitor may read.

    `title` stands over an answer of which nothing came; `detail` says what is kept and what to
    do, and takes the place of the page's own sentence about that.
    """

    code: str
    title: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """One message as a visitor may see it; `html` is for an agent's message, from `prose`."""

    id: str
    seq: int
    kind: MessageKind
    name: str
    text: str
    created_at: Moment
    html: Html = NOTHING
    state: MessageState = "done"
    turn: str | None = None
    citations: tuple[ShownCitation, ...] = ()
    problem: ShownProblem | None = None


class ChatView(msgspec.Struct, frozen=True):
    """A chat page. `resume` is the event id that stands for everything the page already shows."""

    face: Face
    token: str
    nonce: str
    form_id: str
    """The message id that the plain form sends along, new for every page."""
    start: str = ""
    """The secret with which a visitor without a session begins one; new for every page."""
    messages: Sequence[ShownMessage] = ()
    running: bool = False
    resume: str = ""


@dataclass(frozen=True, slots=True)
class ReadingView:
    """A conversation that can only be read any more."""

    face: Face
    token: str
    nonce: str
    messages: Sequence[ShownMessage]
    running: bool
    """A last reply is still being written."""
    ended_at: Moment | None
    """When the link ended."""


@dataclass(frozen=True, slots=True)
class RefusalView:
    """A dead end: the contract's reason, or `too_many`, `trouble` (503), `refused` (all else)."""

    reason: str
    nonce: str
    name: str = ""
    initial: str = ""
    subtitle: str = ""
    at: Moment | None = None
    """When the link ended, or when the agent is back."""
    retry_after: int | None = None
    """Seconds."""
    read_href: str = ""
    """Where the visitor may still read the conversation, if anywhere."""
    reference: str = ""
    """What to mention to the owner, such as the request's id."""
    language: str = "en"
    theme: Theme = "auto"
    accent: str = ""


@dataclass(frozen=True, slots=True)
class SourceView:
    """A cited passage inside its section; the three parts come from `prose.render` or `.plain`."""

    token: str
    nonce: str
    message_id: str
    n: int
    title: str
    source: str
    passage: Html
    before: Html = NOTHING
    after: Html = NOTHING
    trail: str = ""
    """File and headings that lead to the section, such as `guide.md › Install › Linux`."""
    ended: bool = False
    """The conversation it belongs to can only be read any more."""
    language: str = "en"
    theme: Theme = "auto"
    accent: str = ""


def chat(view: ChatView) -> bytes:
    """Return the chat page; one without messages costs a join of ready bytes."""
    if not view.messages and not view.running and not view.resume:
        return _empty(view.face)(view.nonce, view.token, view.form_id, view.start)
    return _chat(view).encode()


def refusal(view: RefusalView) -> bytes:
    """Return the page of a dead end; `not_found` tells nothing, whatever else the view holds."""
    if view.reason == "not_found":
        view = RefusalView("not_found", view.nonce, language=view.language, theme=view.theme)
    language, words = spoken(view.language)
    reason = view.reason if view.reason in words.doors else "refused"
    title, sentence = _refusal_words(view, reason, words)
    return _render(
        "refusal.html",
        words,
        language=language,
        theme=view.theme,
        accent=view.accent,
        nonce=view.nonce,
        view=view,
        title=title,
        sentence=sentence.partition("{at}"),
        can_try=reason in _TRY_AGAIN,
    ).encode()


def reading(view: ReadingView) -> bytes:
    """Return the page of a conversation whose link has ended."""
    language, words = spoken(view.face.language)
    key = "ended_at" if view.ended_at is not None else "ended"
    return _render(
        "reading.html",
        words,
        language=language,
        theme=view.face.theme,
        nonce=view.nonce,
        token=view.token,
        face=view.face,
        messages=view.messages,
        running=view.running,
        at=view.ended_at,
        reading=True,
        sentence=words.page[key].partition("{at}"),
    ).encode()


def source(view: SourceView) -> bytes:
    """Return the reading page of one citation."""
    language, words = spoken(view.language)
    return _render(
        "source.html", words, language=language, accent=view.accent, nonce=view.nonce, view=view
    ).encode()


@lru_cache(maxsize=FACES_KEPT)
def _empty(face: Face) -> Fill:
    def page(nonce: str, token: str, form_id: str, start: str) -> str:
        return _chat(ChatView(face, token=token, nonce=nonce, form_id=form_id, start=start))

    return cast(page, gaps=4)


def _chat(view: ChatView) -> str:
    language, words = spoken(view.face.language)
    return _render(
        "chat.html",
        words,
        language=language,
        nonce=view.nonce,
        token=view.token,
        form_id=view.form_id,
        start=view.start,
        face=view.face,
        accent=view.face.accent,
        messages=view.messages,
        running=view.running,
        resume=view.resume,
        modules=_MODULES,
        reading=False,
        privacy=view.face.privacy or _privacy(view.face.kept_days, words),
        greeting=words.page["greeting"].format(name=view.face.name),
        words_json=_in_script(dict(words.script)),
    )


def _privacy(kept_days: int, words: Catalogue) -> str:
    return words.page["privacy"].format(days=kept_days) if kept_days else ""


def _refusal_words(view: RefusalView, reason: str, words: Catalogue) -> tuple[str, str]:
    """Return title and sentence; a sentence keeps its `{at}` for the template to put a time in."""
    key = reason
    if reason == "expired" and view.at is None:
        key = "expired_some_time"
    elif reason == "offline" and view.at is not None:
        key = "offline_until"
    elif reason == "too_many" and view.retry_after:
        key = "too_many_until"
    title, sentence = words.doors[key]
    name = view.name or words.page["someone"]
    said = sentence.format(name=name, at="{at}", seconds=view.retry_after)
    return title.format(name=name), said


def _in_script(data: object) -> str:
    """JSON that may stand inside a script element: nothing in it can end the element."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _render(name: str, words: Catalogue, **values: object) -> str:
    return template(name).render(
        base=assets().base, w=words.page, direction=words.direction, **values
    )
