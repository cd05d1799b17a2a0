"""Finding conversations as somebody of the staff: what is out of their scope is not there."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa

from parlour import visitors
from parlour.agents import store as agents
from parlour.conversations import listing, turns
from parlour.conversations.model import Attempt, Conversation, LastWord, Place, Standing, Wanted
from parlour.kit import masking
from parlour.kit.clock import Moment
from parlour.kit.errors import NotFound
from parlour.links import store as links
from parlour.rights import Who

_FORM: Final = re.compile(r"cnv_[0-9A-Za-z]{22}\Z", re.ASCII)
_PREVIEW: Final = 160
"""Characters of a preview."""
_MARGIN: Final = 80
"""Characters at the end of a cut text in which a number may stand that has only begun."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as somebody of the staff may see it, without what was said in it."""

    id: str
    agent_id: str
    agent_name: str
    link_id: str
    link_name: str | None
    link_kind: str
    visitor_id: str
    visitor: str
    """What to call the visitor."""
    standing: Standing
    created_at: Moment
    last_message_at: Moment
    closed_at: Moment | None
    message_count: int
    variables: dict[str, Any]
    is_masked: bool
    """Whether personal details are hidden from whoever looks."""
    last: LastWord | None = None

    @property
    def place(self) -> Place:
        """Where it stands in a list."""
        return self.last_message_at, self.id


@dataclass(frozen=True, slots=True)
class Series:
    """Where a conversation stands among those of the same visitor, counted from one."""

    number: int
    of: int
    previous: str | None
    next: str | None


@dataclass(frozen=True, slots=True)
class Machine:
    """An attempt to answer, and what made it."""

    attempt: Attempt
    backend: str
    """Empty when nobody knows any more."""
    model: str | None


def find(conn: sa.Connection, who: Who, conversation_id: str) -> Talk:
    """Find a conversation by its id; NotFound when absent or out of scope, which look alike."""
    # Not every database takes every string, even to look for it.
    found = None
    if _FORM.match(conversation_id):
        found = listing.find(conn, who.workspace_id, conversation_id, who.agent_id)
    if found is None:
        raise NotFound("there is no such conversation")
    return _told(conn, who, [found])[0]


def page(
    conn: sa.Connection,
    who: Who,
    wanted: Wanted = Wanted(),  # noqa: B008 - frozen
    *,
    after: Place | None = None,
    limit: int = 50,
) -> list[Talk]:
    """List conversations with their last words, the newest first: at most `limit`."""
    scoped = _within(who, wanted)
    if scoped is None:
        return []
    found = listing.page(conn, who.workspace_id, scoped, after=after, limit=limit)
    return _told(conn, who, found)


def changed(
    conn: sa.Connection, who: Who, wanted: Wanted, ids: Collection[str]
) -> tuple[list[Talk], list[str]]:
    """Read these conversations again: those wanted, oldest first, and the ids of the others."""
    scoped = _within(who, wanted)
    if scoped is None:
        return [], list(ids)
    found = listing.among(conn, who.workspace_id, scoped, ids)
    kept = {each.id for each in found}
    return _told(conn, who, found), [each for each in ids if each not in kept]


def newer(conn: sa.Connection, who: Who, wanted: Wanted, than: Place, limit: int) -> list[Talk]:
    """List the conversations before a place of the list, the nearest first."""
    scoped = _within(who, wanted)
    if scoped is None:
        return []
    return _told(conn, who, listing.newer(conn, who.workspace_id, scoped, than, limit))


def beside(
    conn: sa.Connection, who: Who, wanted: Wanted, talk: Talk
) -> tuple[str | None, str | None]:
    """Return the ids of the conversations just above and below one in a list."""
    scoped = _within(who, wanted)
    if scoped is None:
        return None, None
    above = listing.newer(conn, who.workspace_id, scoped, talk.place, 1)
    below = listing.page(conn, who.workspace_id, scoped, after=talk.place, limit=1)
    return (above[0].id if above else None), (below[0].id if below else None)


def series(conn: sa.Connection, talk: Talk) -> Series:
    """Say which of its visitor's conversations this one is. A visitor has one agent alone."""
    ids = listing.of_visitor(conn, talk.visitor_id)
    at = ids.index(talk.id)
    return Series(
        at + 1,
        len(ids),
        ids[at - 1] if at else None,
        ids[at + 1] if at + 1 < len(ids) else None,
    )


def machines(conn: sa.Connection, talk: Talk, after: int = 0) -> dict[str, Machine]:
    """Tell how replies behind a place were made, by the ids of their turns."""
    found = turns.attempts(conn, talk.id, after)
    made = {}
    for each in found.values():
        made[each.id] = Machine(each, *_made_by(conn, talk.agent_id, each.agent_version))
    return made


def _made_by(conn: sa.Connection, agent_id: str, version: int) -> tuple[str, str | None]:
    try:
        content = agents.published_content(conn, agent_id, version)
    except NotFound:  # tidied away since
        return "", None
    model = content.config.get("model")
    return content.backend, model if isinstance(model, str) else None


def _within(who: Who, wanted: Wanted) -> Wanted | None:
    """Narrow what is wanted to what is in scope; None when that leaves nothing."""
    if who.agent_id is None:
        return wanted
    if wanted.agent_id not in (None, who.agent_id):
        return None
    return replace(wanted, agent_id=who.agent_id)


def _told(conn: sa.Connection, who: Who, found: list[Conversation]) -> list[Talk]:
    if not found:
        return []
    names = agents.names(conn, {each.agent_id for each in found})
    doors = links.titles(conn, {each.link_id for each in found})
    words = listing.last_words(conn, [each.id for each in found])
    return [
        Talk(
            id=each.id,
            agent_id=each.agent_id,
            agent_name=names[each.agent_id],
            link_id=each.link_id,
            link_name=doors[each.link_id][0],
            link_kind=doors[each.link_id][1].word,
            visitor_id=each.visitor_id,
            visitor=visitors.called(each.visitor_id),
            standing=each.standing,
            created_at=each.created_at,
            last_message_at=each.last_message_at,
            closed_at=each.closed_at,
            message_count=each.message_count,
            variables=_variables(who, each.variables),
            is_masked=not who.sees_personal,
            last=_preview(who, words.get(each.id)),
        )
        for each in found
    ]


def _variables(who: Who, variables: dict[str, Any]) -> dict[str, Any]:
    # Which of them are personal nobody has said: so all of them are.
    return variables if who.sees_personal else dict.fromkeys(variables, masking.HIDDEN)


def _preview(who: Who, word: LastWord | None) -> LastWord | None:
    """Cut a last word to a line; masked before it is cut, so that no half of a number is left."""
    if word is None:
        return None
    text, name, is_cut = word.text, word.author_name, word.is_cut
    if not who.sees_personal:
        text = masking.mask(text)
        name = "" if word.author_kind == "visitor" else name
        if is_cut:
            text = text[: max(0, len(text) - _MARGIN)]
    line = " ".join(text.split())
    return replace(
        word, author_name=name, text=line[:_PREVIEW], is_cut=is_cut or len(line) > _PREVIEW
    )
