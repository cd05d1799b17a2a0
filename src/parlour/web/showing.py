"""What a message becomes on a page and in a stream: one form, made from what may be shown."""

from functools import lru_cache
from typing import Any

from parlour.conversations.model import State
from parlour.entrance import Door
from parlour.kit.clock import rfc3339
from parlour.transcripts import Shown
from parlour.web import prose
from parlour.web.pages import Face, ShownCitation, ShownMessage, ShownProblem

FINISHED_KEPT = 128
"""How many finished messages stay rendered: a few MB at most, even of texts made to be long."""

_KINDS = {"visitor": "visitor", "agent": "agent"}

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


def face(door: Door, kept_days: int) -> Face:
    """Return what an agent shows of itself at this door."""
    content = door.content
    if content is None:
        return Face("", "")
    name = content.display_name
    return Face(
        name=name,
        initial=name.strip()[:1].upper(),
        subtitle=content.description,
        welcome=door.welcome_message or content.welcome_message,
        starters=content.starters,
        placeholder=content.placeholder,
        kept_days=kept_days,
        accent=door.accent or "",
    )


def message(shown: Shown, token: str, home: str = "") -> ShownMessage:
    """Return a message as the page's templates take it.

    Cited sources are below `home`; without one, below the chat of the link's token.
    """
    staff, home = bool(home), home or f"/chat/{token}"
    citations = tuple(
        ShownCitation(
            n=each["n"],
            title=each["title"],
            source=" › ".join(filter(None, (each["source"], each.get("section", "")))),
            quote=each["quote"],
            url=f"{home}/sources/{shown.id}/{each['n']}" if each.get("passage") else "",
        )
        for each in shown.citations
    )
    is_agent = shown.author_kind == "agent"
    kind = _KINDS.get(shown.author_kind, "system")
    cited = [each.n for each in citations]
    html = _html(shown, tuple(cited)) if is_agent else prose.NOTHING
    return ShownMessage(
        id=shown.id,
        seq=shown.seq,
        kind=kind,  # type: ignore[arg-type]  # one of the three words above
        name=shown.author_name,
        text=shown.text,
        created_at=shown.created_at,
        html=html,
        state=shown.state.value,
        turn=shown.turn_id,
        citations=citations,
        problem=problem(shown.problem, began=bool(shown.text), is_ours=not staff),
    )


def _html(shown: Shown, cited: tuple[int, ...]) -> prose.Html:
    if shown.state is State.WRITING:
        return prose.render(shown.text, cited, shown.id)
    return _finished(shown.id, shown.text, cited)


@lru_cache(maxsize=FINISHED_KEPT)
def _finished(message_id: str, text: str, cited: tuple[int, ...]) -> prose.Html:
    """Render a message that will not change any more; a page shows the same ones again."""
    return prose.render(text, cited, message_id)


def problem(code: str | None, *, began: bool, is_ours: bool = True) -> ShownProblem | None:
    """Return why an answer failed; `began` if some of it came, `is_ours` for who asked."""
    if code is None:
        return None
    kept = (_KEPT if is_ours else _KEPT_OF_OTHERS)[began]
    return ShownProblem(code, _PROBLEMS.get(code, _ANY_PROBLEM), kept)


def event(shown: Shown, token: str, home: str = "") -> dict[str, Any]:
    """Return what a stream tells of a message."""
    made = message(shown, token, home)
    told: dict[str, Any] = {
        "id": made.id,
        "seq": made.seq,
        "author": {"kind": made.kind, "name": made.name},
        "text": made.text,
        "created_at": rfc3339(made.created_at),
        "state": made.state,
    }
    if made.turn is not None:
        told["turn"] = made.turn
    if shown.replaces is not None:
        told["replaces"] = shown.replaces
    if shown.author_kind == "agent" and made.state != "writing":
        told["html"] = made.html
        told["citations"] = [
            {"n": c.n, "title": c.title, "source": c.source, "quote": c.quote, "url": c.url}
            for c in made.citations
        ]
    if made.problem is not None:
        told["problem"] = {
            "code": made.problem.code,
            "title": made.problem.title,
            "detail": made.problem.detail,
        }
    return told
