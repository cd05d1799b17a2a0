"""What a message becomes on a page and in a stream: one form, made from what may be shown."""

from collections.abc import Iterable
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import msgspec

from parlour.agents.variables import Definition
from parlour.conversations import house
from parlour.conversations.model import RATINGS, State
from parlour.entrance import Door, carrying, longest_of
from parlour.kit.clock import rfc3339
from parlour.kit.texts import initial_of
from parlour.links import address
from parlour.tools import Tools
from parlour.transcripts import Shown
from parlour.web import prose
from parlour.web.pages import Face, asking
from parlour.web.shown import Field, ShownCitation, ShownFile, ShownMessage, ShownProblem
from parlour.web.words import spoken

FINISHED_KEPT = 128
"""How many finished messages stay rendered: a few MB at most, even of texts made to be long."""

_KINDS = {"visitor": "visitor", "agent": "agent", "operator": "person", "guest": "person"}

_PROBLEMS = {
    "timeout": "The answer took too long.",
    "interrupted": "The answer was interrupted.",
    "expired": "The link ended before this could be answered.",
    "rate_limited": "The assistant is very busy; in a minute it may have time.",
}
_ANY_PROBLEM = "The answer did not come."
_KEPT = {
    True: "Your question and what came so far are kept.",
    False: "Your question is kept.",
}
_KEPT_OF_OTHERS = {
    True: "The question and what came so far are kept.",
    False: "The question is kept.",
}


def face(
    door: Door,
    tools: Tools,
    language: str = "en",
    *,
    asked: bool = False,
    framed: bool = False,
) -> Face:
    """Return what an agent shows of itself at this door, in a language that was `asked` for.

    `framed`: inside a page of another site.
    """
    content = door.content
    if content is None:
        return Face("", "")
    name, days = content.display_name, tools.settings.session_days
    taking = carrying.taken_at(door)
    return Face(
        name=name,
        initial=initial_of(name),
        subtitle=content.description,
        picture=content.avatar,
        welcome=door.welcome_message or content.welcome_message,
        starters=content.starters,
        placeholder=content.placeholder,
        # Whoever proved who they are finds it on any device, and does so again each day.
        kept_days=0 if door.proof else min(days, door.look.kept_days or days),
        deleted_after=door.look.kept_days,
        language=language,
        asked=asked,
        theme=door.look.theme,  # type: ignore[arg-type]  # one of the words that a widget takes
        accent=door.accent or "",
        title=door.look.title,
        about=door.look.about if door.look.title else "",
        home=address.home(tools, door.workspace_id) if door.look.title else "",
        sites=" ".join(door.origins) if framed else "",
        most=longest_of(door, tools.settings.max_message_chars),
        asks_person=door.asks_person,
        voice=door.sharing.voice,
        files=() if taking is None else taking.kinds,
        file_bytes=0 if taking is None else taking.bytes,
        files_most=0 if taking is None else taking.most,
        remembers=door.remembers and door.proof is not None,
        fields=_fields(content.variables) if content.variables else (),
    )


def _fields(variables: Iterable[Definition]) -> tuple[Field, ...]:
    return tuple(
        Field(each.name, each.title, each.type.value, each.options, each.required)
        for each in variables
        if each.asked
    )


def message(
    shown: Shown,
    token: str,
    home: str = "",
    language: str = "en",
    kept: str = "",
    *,
    files: str = "",
) -> ShownMessage:
    """Return a message as the page's templates take it, its labels in a language.

    Cited sources are below `home`; without one, below the chat of the link's token; without either
    there is no more of them than the answer quotes. `kept` keeps the language in their addresses.
    What was sent along is below `files`, or else below those, too.
    """
    files = files or (f"{home}/files" if home else f"/api/public/files/{token}" if token else "")
    staff, home = bool(home), home or (f"/chat/{token}" if token else "")
    citations = _citations(shown, home, kept)
    html = prose.NOTHING
    if shown.author_kind == "agent":
        html = _html(shown, tuple(each.n for each in citations), language)
    rated, extra = shown.rated or {}, shown.extra or {}
    form = tuple(msgspec.convert(each, Field) for each in extra.get("form", ()))
    return ShownMessage(
        id=shown.id,
        seq=shown.seq,
        kind=_KINDS.get(shown.author_kind, "system"),  # type: ignore[arg-type]  # one of those words
        name=shown.author_name,
        text=said(shown, language),
        created_at=shown.created_at,
        html=html,
        state=shown.state.value,
        turn=shown.turn_id,
        citations=citations,
        problem=problem(shown.problem, began=bool(shown.text), is_ours=not staff),
        form=form,
        form_html=asking(form, token, shown.id, language, kept)
        if form and token and not staff
        else prose.NOTHING,
        suggestions=tuple(extra.get("suggestions", ())),
        rating=RATINGS.get(shown.rating or 0, "") if token or staff else "",
        is_explained=bool(rated.get("reasons") or rated.get("words")),
        reasons=tuple(rated.get("reasons", ())) if staff else (),
        words=rated.get("words", "") if staff else "",
        files=_files(shown, files),
        replaced=shown.superseded,
    )


def _citations(shown: Shown, home: str, kept: str) -> tuple[ShownCitation, ...]:
    """Return what an answer cites; what can be read in its place has an address below `home`."""
    return tuple(
        ShownCitation(
            n=each["n"],
            title=each["title"],
            source=" › ".join(filter(None, (each["source"], each.get("section", "")))),
            quote=each["quote"],
            url=f"{home}/sources/{shown.id}/{each['n']}{kept}"
            if home and each.get("passage")
            else "",
        )
        for each in shown.citations
    )


def _files(shown: Shown, below: str) -> tuple[ShownFile, ...]:
    return tuple(
        ShownFile(
            each["name"],
            each["kind"],
            each["size"],
            f"{below}/{each['id']}" if below and each["id"] else "",
            each.get("wide", 0),
            each.get("high", 0),
        )
        for each in (shown.extra or {}).get("files", ())
    )


def files_told(shown: Shown, below: str) -> dict[str, Any]:
    """Return what streams and programs are told of what was sent along, if anything was."""
    files = _files(shown, below)
    return {"files": [asdict(each) for each in files]} if files else {}


def said(shown: Shown, language: str) -> str:
    """Return what somebody said; what the house itself said, in a language."""
    sentence = _sentence(shown)
    if not sentence:
        return shown.text
    return house.filled(spoken(language)[1].house[sentence], shown.author_name)


def _sentence(shown: Shown) -> str:
    """Return the name of the sentence that the house says, in whatever language it is read."""
    found = house.of(shown.text, shown.author_name) if shown.author_kind == "system" else None
    return "" if found is None else found.name.lower()


def _told_of(author_kind: str) -> str:
    return author_kind if author_kind in _KINDS else "system"


def _html(shown: Shown, cited: tuple[int, ...], language: str) -> prose.Html:
    if shown.state is State.WRITING:
        return prose.render(shown.text, cited, shown.id, language=language)
    return _finished(shown.id, shown.text, cited, language)


@lru_cache(maxsize=FINISHED_KEPT)
def _finished(message_id: str, text: str, cited: tuple[int, ...], language: str) -> prose.Html:
    """Render a message that will not change any more; a page shows the same ones again."""
    return prose.render(text, cited, message_id, language=language)


def problem(code: str | None, *, began: bool, is_ours: bool = True) -> ShownProblem | None:
    """Return why an answer failed; `began` if some of it came, `is_ours` for who asked."""
    if code is None:
        return None
    kept = (_KEPT if is_ours else _KEPT_OF_OTHERS)[began]
    return ShownProblem(code, _PROBLEMS.get(code, _ANY_PROBLEM), kept)


def event(
    shown: Shown,
    token: str,
    home: str = "",
    language: str = "en",
    kept: str = "",
    *,
    files: str = "",
) -> dict[str, Any]:
    """Return what a stream tells of a message."""
    made = message(shown, token, home, language, kept, files=files)
    told: dict[str, Any] = {
        "id": made.id,
        "seq": made.seq,
        "author": {"kind": _told_of(shown.author_kind), "name": made.name},
        "text": made.text,
        "created_at": rfc3339(made.created_at),
        "state": made.state,
    }
    if made.turn is not None:
        told["turn"] = made.turn
    if sentence := _sentence(shown):
        told["sentence"] = sentence
    if shown.replaces is not None:
        told["replaces"] = shown.replaces
    if shown.author_kind == "agent" and made.state != "writing":
        told["html"] = made.html
        told["citations"] = [
            {"n": c.n, "title": c.title, "source": c.source, "quote": c.quote, "url": c.url}
            for c in made.citations
        ]
    if made.form:
        told["form"] = {"fields": msgspec.to_builtins(made.form), "html": made.form_html}
    if made.suggestions and shown.state is State.DONE:
        told["suggestions"] = list(made.suggestions)
    if made.files:
        told["files"] = [asdict(each) for each in made.files]
    if made.rating:
        told["rating"] = made.rating
    if made.problem is not None:
        told["problem"] = {
            "code": made.problem.code,
            "title": made.problem.title,
            "detail": made.problem.detail,
        }
    return told
