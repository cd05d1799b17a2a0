"""What a visitor is shown, as finished bytes: the chat, dead ends, cited sources."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final, Literal
from urllib.parse import urlencode

import msgspec

from parlour.kit.clock import Moment
from parlour.web import queries
from parlour.web.assets import assets
from parlour.web.cast import Fill, cast, cast_pressed
from parlour.web.prose import NOTHING, Html
from parlour.web.sheets import template
from parlour.web.shown import Field, ShownMessage
from parlour.web.words import LANGUAGES, Catalogue, catalogue, spoken

Theme = Literal["auto", "light", "dark"]

FACES_KEPT: Final = 256
"""How many agents' empty pages stay rendered, in each language that is read, about 20 kB each."""
_MODULES: Final = (
    "js/turns.js", "js/reply.js", "js/policy.js", "js/wire.js", "js/composer.js",
    "js/scroll.js", "js/prefs.js", "js/sheet.js", "js/times.js", "js/colour.js", "js/dom.js",
    "js/typing.js", "js/asks.js", "js/answers.js",
    "vendor/smd.js",
)  # fmt: skip
"""What js/chat.js imports, so that the browser fetches all of it at once."""
_TRY_AGAIN: Final = frozenset(
    {"disabled", "offline", "not_published", "not_open", "closed", "full", "too_many"}
    | {"too_long", "verification_required", "trouble", "refused"}
)

_ACCEPT: Final = {
    "image": "image/png,image/jpeg,image/webp",
    "pdf": "application/pdf",
    "text": "text/plain,text/markdown,text/csv,.md,.csv,.txt",
}
"""What a browser offers to choose from; what a file is, its content says."""

_WHEN: Final = {"expired": "worked_until"} | dict.fromkeys(
    ("offline", "not_open", "closed", "budget_spent"), "opens_at"
)
"""What is said of time beside the owner's own words."""


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
    deleted_after: int = 0
    """How many days after its last message a conversation is deleted; 0 says nothing."""
    language: str = "en"
    asked: bool = False
    """Whether the address asks for that language, and so the addresses of its forms do."""
    theme: Theme = "auto"
    """What the link asks for; a visitor's own choice in the browser goes before it."""
    accent: str = ""
    """Six hexadecimal digits; empty for the house's ink."""
    picture: str = ""
    """The digest of what stands for it; empty for the letter."""
    most: int = 8_000
    """Characters that one message may have."""
    asks_person: bool = False
    """Whether the menu offers to ask for a person."""
    voice: bool = False
    """Whether there is a microphone, in browsers that understand speech."""
    files: tuple[str, ...] = ()
    """What may be sent along: `image`, `pdf`, `text`."""
    file_bytes: int = 0
    files_most: int = 0
    title: str = ""
    about: str = ""
    """What messengers show of the link, for everybody; without a title nothing."""
    home: str = ""
    """Where visitors reach this instance; only with a title."""
    sites: str = ""
    """Inside a page of another site: which ones that may be."""
    lost: bool = False
    """Whether a browser without scripts could not find again there what was said."""
    remembers: bool = False
    """Whether the agent remembers whoever looks."""
    fields: tuple[Field, ...] = ()
    """What is asked for before the first message."""


class ChatView(msgspec.Struct, frozen=True):
    """A chat page. `resume` is the event id that stands for everything the page already shows."""

    face: Face
    token: str
    nonce: str
    form_id: str
    """The message id that the plain form sends along, new for every page."""
    start: str = ""
    """The secret with which a visitor without a session begins one; new for every page."""
    text: str = ""
    """What stands in the message box."""
    messages: Sequence[ShownMessage] = ()
    running: bool = False
    resume: str = ""
    answers: str = "agent"
    """Who does: `agent`, `operator`, or nobody yet, `requested`."""
    person: str = ""
    """The name of the person who answers."""
    missed: bool = False
    """Whether nobody came when a person was asked for."""
    given: Mapping[str, str] = {}
    """What the address or the last try gives for the fields, by name."""
    beside: Sequence[tuple[str, str]] = ()
    """What goes along with the message unseen: names of fields, and values."""
    misfits: Mapping[str, str] = {}
    """What is wrong with the fields, by name."""
    edits: str = ""
    """The id of the question that shall be said otherwise."""
    trouble: str = ""
    """What was wrong with what was sent, as a sentence."""
    kept: Mapping[str, str] = {}
    """What the address gives, to be kept in the address of another conversation."""


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
    reason: str = "expired"
    """Why nothing more can be said: the code of the refusal."""


@dataclass(frozen=True, slots=True)
class RefusalView:
    """A dead end: the contract's reason, or `too_many`, `trouble` (503), `refused` (all else)."""

    reason: str
    nonce: str
    name: str = ""
    initial: str = ""
    picture: str = ""
    """The digest of what stands for the agent; empty for the letter."""
    subtitle: str = ""
    at: Moment | None = None
    """When the link ended, or when there is a way in again."""
    most: int | None = None
    """The number that was reached, for `too_long`."""
    retry_after: int | None = None
    """Seconds."""
    zone: str = ""
    """The time zone in which the owner keeps hours."""
    own_words: str = ""
    """What the owner says instead of the house's sentence."""
    read_href: str = ""
    """Where the visitor may still read the conversation, if anywhere."""
    yours_href: str = ""
    """Where the visitor still finds what is kept of them, if anywhere."""
    note_href: str = ""
    """Where the visitor may leave a note for the team, if anywhere."""
    note: str = "note_leave"
    """The words for doing so."""
    reference: str = ""
    """What to mention to the owner, such as the request's id."""
    again: str = ""
    """Where trying again leads; empty for the very address that was asked for."""
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
    kept: str = ""
    """What keeps that language in the address, where the address asks for it."""
    theme: Theme = "auto"
    tab: str = ""
    """The picture in the tab of the browser; empty for the house's."""
    accent: str = ""


def chat(view: ChatView) -> bytes:
    """Return the chat page; one without anything said costs a join of ready bytes."""
    if not (view.messages or view.running or view.resume or view.text or _is_more(view)):
        return unsaid(view.face, view.token, view.nonce, view.form_id, view.start)
    return _chat(view).encode()


def unsaid(face: Face, token: str, nonce: str, form_id: str, start: str) -> bytes:
    """Return the chat page on which nothing was said, typed or given yet, as `chat` does."""
    return _empty(face)(nonce, token, form_id, start)


def unsaid_pressed(face: Face, token: str, nonce: str, form_id: str, start: str) -> bytes:
    """Return it as gzip, or nothing; its secrets are new each time, so its length tells nothing."""
    return _empty_pressed(face)(nonce, token, form_id, start)


def _is_more(view: ChatView) -> bool:
    return bool(view.kept or view.given or view.trouble)


def refusal(view: RefusalView) -> bytes:
    """Return the page of a dead end; `not_found` tells nothing, whatever else the view holds."""
    if view.reason == "not_found":
        view = RefusalView("not_found", view.nonce, language=view.language, theme=view.theme)
    language, words = spoken(view.language)
    reason = view.reason if view.reason in words.doors else "refused"
    title, sentence = _refusal_words(view, reason, words)
    if view.own_words:
        sentence = words.page[_WHEN[reason]] if view.at is not None and reason in _WHEN else ""
    return render(
        "refusal.html",
        words,
        language=language,
        theme=view.theme,
        accent=view.accent,
        nonce=view.nonce,
        view=view,
        title=title,
        sentence=sentence.partition("{at}"),
        yours=words.yours["menu"],
        # Where no hours are ahead, trying again leads nowhere.
        can_try=reason in _TRY_AGAIN and (reason != "closed" or view.at is not None),
    ).encode()


def reading(view: ReadingView) -> bytes:
    """Return the page of a conversation whose link has ended."""
    language, words = spoken(view.face.language)
    ended = {"expired": "ended", "replaced": "replaced", "used_up": "used_up"}.get(
        view.reason, "resting"
    )
    key = "ended_at" if ended == "ended" and view.ended_at is not None else ended
    return render(
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
        asked="",
        kept=f"?lang={language}" if view.face.asked else "",
        yours=words.yours["menu"],
    ).encode()


def identify(path: str, nonce: str, signed: str, q: str) -> bytes:
    """Return the page that sends a signed word on, so that it does not stay in the address."""
    language, words = spoken("en")
    values = {"path": path, "signed": signed, "q": q, "p": words.proof}
    return render("identify.html", words, language=language, nonce=nonce, **values).encode()


def source(view: SourceView) -> bytes:
    """Return the reading page of one citation."""
    language, words = spoken(view.language)
    return render(
        "source.html", words, language=language, accent=view.accent, nonce=view.nonce, view=view
    ).encode()


@lru_cache(maxsize=FACES_KEPT)
def _empty(face: Face) -> Fill:
    return cast(partial(_bare, face), gaps=4)


@lru_cache(maxsize=FACES_KEPT)
def _empty_pressed(face: Face) -> Fill:
    return cast_pressed(partial(_bare, face), gaps=4)


def _bare(face: Face, nonce: str, token: str, form_id: str, start: str) -> str:
    return _chat(ChatView(face, token=token, nonce=nonce, form_id=form_id, start=start))


def _chat(view: ChatView) -> str:
    language, words = spoken(view.face.language)
    return render(
        "chat.html",
        words,
        language=language,
        nonce=view.nonce,
        token=view.token,
        form_id=view.form_id,
        start=view.start,
        text=view.text,
        face=view.face,
        accent=view.face.accent,
        messages=view.messages,
        running=view.running,
        resume=view.resume,
        answers=view.answers,
        person_name=view.person,
        missed=view.missed,
        modules=_MODULES,
        reading=False,
        given=view.given,
        beside=view.beside,
        misfits=view.misfits,
        edits=view.edits,
        trouble=view.trouble,
        accept=",".join(_ACCEPT[each] for each in view.face.files),
        again=queries.with_more(
            f"/chat/{view.token}/new{f'?lang={language}' if view.face.asked else ''}",
            dict(view.kept),
        ),
        privacy=view.face.privacy or _privacy(view.face, words),
        greeting=words.page["greeting"].format(name=view.face.name),
        asked=f"?lang={language}" if view.face.asked else "",
        yours=words.yours["menu"],
        more=f"&{urlencode(dict(view.kept))}" if view.kept else "",
    )


def asking(
    fields: Sequence[Field], token: str, message_id: str, language: str, kept: str = ""
) -> Html:
    """Return the form that an agent asks a visitor to fill, below one of its messages."""
    _, words = spoken(language)
    return Html(
        template("asks.html").module.card(  # type: ignore[attr-defined]
            fields, f"/chat/{token}{kept}", message_id, words.page
        )
    )


def _privacy(face: Face, words: Catalogue) -> str:
    kept = {"kept_days": face.kept_days, "deleted_after": face.deleted_after}
    return " ".join(words.count(what, days) for what, days in kept.items() if days)


def _refusal_words(view: RefusalView, reason: str, words: Catalogue) -> tuple[str, str]:
    """Return title and sentence; a sentence keeps its `{at}` for the template to put a time in."""
    known = view.retry_after if reason == "too_many" else view.at
    key = f"{reason}_until" if known is not None and f"{reason}_until" in words.doors else reason
    title, sentence = words.doors[key]
    name = view.name or words.page["someone"]
    # One second is over before it is read, and no language says it as it says more.
    seconds, most = max(2, view.retry_after or 0), words.number(view.most or 0)
    said = sentence.format(name=name, at="{at}", seconds=words.number(seconds), most=most)
    return title.format(name=name), said


def in_script(data: object) -> str:
    """JSON that may stand inside a script element: nothing in it can end the element."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def render(name: str, words: Catalogue, **values: object) -> str:
    """Render a page of visitors, in the language of its words."""
    return template(name).render(
        base=assets().base,
        w=words.page,
        direction=words.direction,
        tongue=words.name,
        languages=[(code, catalogue(code).name) for code in LANGUAGES],
        **values,
    )
