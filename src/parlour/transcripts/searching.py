"""Finding conversations by words of the visitor or of what was said, as somebody may see it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from parlour import visitors
from parlour.conversations import listing
from parlour.conversations.model import Conversation, State, Uttered, Wanted
from parlour.links import store as links
from parlour.privacy import Hide, hiding
from parlour.rights import Who
from parlour.transcripts import finding, visitor
from parlour.transcripts.finding import Talk
from parlour.transcripts.visitor import Known
from parlour.transcripts.window import label

AMONG: Final = 500
"""The newest conversations are looked through, so that it costs the same however many there are."""
SHORTEST: Final = 3
"""Characters of the words together; fewer are in almost everything that is said."""
_CANDIDATES: Final = 100
"""Messages that are looked at; of some the words are hidden from whoever looks."""
_BEFORE: Final = 24
_EXCERPT: Final = 90
"""Characters of an excerpt, and how many of them stand before what was found."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A conversation that fits, and the words around what was found; empty: it was the visitor."""

    talk: Talk
    excerpt: str


def search(conn: sa.Connection, who: Who, text: str, limit: int) -> list[Hit]:
    """List conversations with all these words about the visitor or in one message, newest first.

    What is hidden from whoever looks is not found either: else it could be guessed bit by bit.
    """
    words = text.lower().split()
    if sum(map(len, words)) < SHORTEST:
        return []
    scope = finding.within(who, Wanted())
    newest = [] if scope is None else listing.page(conn, who.workspace_id, scope, limit=AMONG)
    excerpts: dict[str, str] = {}
    hide = hiding(conn, who)
    for message in listing.uttered(conn, [each.id for each in newest], words, _CANDIDATES):
        if len(excerpts) == limit:
            break  # masking takes its time
        if message.conversation_id not in excerpts:
            shown = _shown(who, message, hide)
            if _has(shown.lower(), words):
                excerpts[message.conversation_id] = _excerpt(shown, words)
    doors = links.titles(conn, {each.link_id for each in newest})
    known = visitor.known(conn, who, {each.visitor_id for each in newest})
    called = [
        each.id
        for each in newest
        if _is_called(who, each, doors[each.link_id][0], known.get(each.visitor_id), words)
    ]
    excerpts = dict.fromkeys(called, "") | excerpts
    ids = [each.id for each in newest if each.id in excerpts][:limit]
    talks, _ = finding.changed(conn, who, Wanted(), ids)
    return [Hit(talk, excerpts[talk.id]) for talk in reversed(talks)]


def _is_called(
    who: Who, talk: Conversation, door: str | None, known: Known | None, words: Sequence[str]
) -> bool:
    names = [visitors.called(talk.visitor_id), talk.id, label(who, door) or ""]
    if known is not None:
        names += filter(None, (known.name, known.email, known.subject))
    if who.sees_personal:
        names += [str(value) for value in _values(talk.variables)]
    return _has(" ".join(names).lower(), words)


def _values(variables: dict[str, Any]) -> Iterable[Any]:
    return (value for value in variables.values() if isinstance(value, str | int | float))


def _shown(who: Who, message: Uttered, hide: Hide) -> str:
    """Return a message on one line, as whoever looks may read it."""
    text = message.text
    if not who.sees_personal:
        text = "" if message.state is State.WRITING else hide(text)
    return " ".join(text.split())


def _has(text: str, words: Sequence[str]) -> bool:
    return all(word in text for word in words)


def _excerpt(text: str, words: Sequence[str]) -> str:
    at = max(0, text.lower().find(words[0]) - _BEFORE)
    if at:
        at = text.find(" ", at, at + _BEFORE) + 1 or at
    end = at + _EXCERPT
    return ("…" if at else "") + text[at:end] + ("…" if end < len(text) else "")
