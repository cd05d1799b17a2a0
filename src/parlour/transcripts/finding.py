"""Finding conversations as somebody of the staff: what is out of their scope is not there."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import sqlalchemy as sa

from parlour import visitors
from parlour.agents import store as agents
from parlour.conversations import answers, listing, turns
from parlour.conversations.model import (
    Attempt,
    Completed,
    Conversation,
    Desk,
    Group,
    Hold,
    LastWord,
    Pen,
    Place,
    Standing,
    Wanted,
    pen_of,
)
from parlour.kit.clock import Moment
from parlour.kit.errors import NotFound
from parlour.kit.tastes import taste
from parlour.links import store as links
from parlour.privacy import Hide, hiding
from parlour.rights import Who
from parlour.transcripts import collected, visitor
from parlour.transcripts.visitor import Known
from parlour.transcripts.window import label

_FORM: Final = re.compile(r"cnv_[0-9A-Za-z]{22}\Z", re.ASCII)
_PREVIEW: Final = 160
"""Characters of a preview."""
_MANY: Final = 100
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
    """What to call the visitor: by a name that somebody proved, or by a number."""
    visitor_number: str
    """The visitor by a number; several may come by one private link."""
    standing: Standing
    created_at: Moment
    last_message_at: Moment
    closed_at: Moment | None
    message_count: int
    variables: dict[str, Any]
    is_masked: bool
    """Whether personal details are hidden from whoever looks."""
    known: Known | None = None
    """What was proved of the visitor."""
    last: LastWord | None = None
    hold: Hold | None = None
    asked_until: Moment | None = None
    asked_at: Moment | None = None
    completed: Completed | None = None
    ratings: tuple[int, int] = (0, 0)
    """How many answers the visitor found good, and poor."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """What people read over variables that the agent defines, by name."""

    def pen(self, now: Moment) -> Pen:
        """Say who answers at a moment."""
        return pen_of(self.hold, self.asked_until, now)

    def group(self, who: Who, now: Moment) -> Group:
        """Say where it lies on somebody's desk at a moment."""
        if self.completed is not None or self.closed_at is not None:
            return Group.COMPLETED
        pen = self.pen(now)
        if pen is Pen.AGENT:
            return Group.BOT
        if pen is Pen.REQUESTED or self.hold is None:
            return Group.WAITING
        return Group.MINE if self.hold.is_by(who.kind, who.id) else Group.ACTIVE

    @property
    def waits_since(self) -> Moment:
        """Since when its visitor waits for a person, where they do."""
        left = 0 if self.hold is None else self.hold.until
        return max(self.asked_at or 0, left) or self.last_message_at

    @property
    def place(self) -> Place:
        """Where it stands in a list."""
        return self.last_message_at, self.id


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
        found = listing.find(conn, who.workspace_id, conversation_id)
    if found is None or not who.sees(found.agent_id):
        raise NotFound("there is no such conversation")
    return _told(conn, who, [found])[0]


def last_of(conn: sa.Connection, who: Who, id_: str) -> Talk:
    """Find a conversation by its id, or the last one of a visitor by theirs; NotFound."""
    if not visitor.FORM.match(id_):
        return find(conn, who, id_)
    found = page(conn, who, Wanted(visitor_id=id_), limit=1)
    if not found:
        raise NotFound("there is no such conversation")
    return found[0]


def page(
    conn: sa.Connection,
    who: Who,
    wanted: Wanted = Wanted(),  # noqa: B008 - frozen
    *,
    after: Place | None = None,
    limit: int = 50,
) -> list[Talk]:
    """List conversations with their last words, the newest first: at most `limit`."""
    scoped = within(who, wanted)
    if scoped is None:
        return []
    found = listing.page(conn, who.workspace_id, scoped, after=after, limit=limit)
    return _told(conn, who, found)


def changed(
    conn: sa.Connection, who: Who, wanted: Wanted, ids: Collection[str]
) -> tuple[list[Talk], list[str]]:
    """Read these conversations again: those wanted, oldest first, and the ids of the others.

    Of those that are out of sight not even the ids are among the others.
    """
    hidden: set[str] = set()
    if who.elsewhere:
        theirs = listing.among(conn, who.workspace_id, Wanted(agents=who.elsewhere), ids)
        hidden = {each.id for each in theirs}
    scoped = within(who, wanted)
    if scoped is None:
        return [], [each for each in ids if each not in hidden]
    found = listing.among(conn, who.workspace_id, scoped, ids)
    kept = hidden.union(each.id for each in found)
    return _told(conn, who, found), [each for each in ids if each not in kept]


def newer(conn: sa.Connection, who: Who, wanted: Wanted, than: Place, limit: int) -> list[Talk]:
    """List the conversations before a place of the list, the nearest first."""
    scoped = within(who, wanted)
    if scoped is None:
        return []
    return _told(conn, who, listing.newer(conn, who.workspace_id, scoped, than, limit))


def counts(conn: sa.Connection, who: Who, wanted: Wanted, desk: Desk) -> dict[Group, int]:
    """Count what lies on somebody's desk in each group but the completed; a hundred is many."""
    scoped = within(who, wanted)
    if scoped is None:
        return {}
    return listing.counts(conn, who.workspace_id, scoped, desk, _MANY)


def waiting(conn: sa.Connection, who: Who, now: Moment) -> int:
    """Count the conversations in somebody's sight that wait for a person; a hundred is many."""
    scoped = within(who, Wanted(desk=Desk(Group.WAITING, now, (who.kind, who.id))))
    return 0 if scoped is None else listing.count_up_to(conn, who.workspace_id, scoped, _MANY)


def machines(conn: sa.Connection, talk: Talk, after: int = 0) -> dict[str, Machine]:
    """Tell how replies behind a place were made, by the ids of their turns."""
    found = turns.attempts(conn, talk.id, after)
    made = {}
    for each in found.values():
        made[each.id] = Machine(each, *_made_by(conn, each.agent_id, each.agent_version))
    return made


def _made_by(conn: sa.Connection, agent_id: str, version: int) -> tuple[str, str | None]:
    try:
        content = agents.published_content(conn, agent_id, version)
    except NotFound:  # tidied away since
        return "", None
    model = content.config.get("model")
    return content.backend, model if isinstance(model, str) else None


def within(who: Who, wanted: Wanted) -> Wanted | None:
    """Narrow what is wanted to what is in scope; None when that leaves nothing.

    Whoever lists, searches, follows or counts conversations asks here: what is out of scope is
    nowhere.
    """
    if wanted.agent_id is not None and not who.sees(wanted.agent_id):
        return None
    return replace(wanted, agent_id=wanted.agent_id or who.agent_id, but=wanted.but | who.elsewhere)


def _told(conn: sa.Connection, who: Who, found: list[Conversation]) -> list[Talk]:
    if not found:
        return []
    names = agents.names(conn, {each.agent_id for each in found})
    doors = links.titles(conn, {each.link_id for each in found})
    words = listing.last_words(conn, [each.id for each in found])
    hide = hiding(conn, who)
    known = visitor.known(conn, who, {each.visitor_id for each in found})
    defined = collected.definitions(conn, found)
    rated = answers.ratings(conn, [each.id for each in found])
    return [
        Talk(
            id=each.id,
            agent_id=each.agent_id,
            agent_name=names[each.agent_id],
            link_id=each.link_id,
            link_name=label(who, doors[each.link_id][0]),
            link_kind=doors[each.link_id][1].word,
            visitor_id=each.visitor_id,
            visitor=visitor.called(
                each.visitor_id,
                known.get(each.visitor_id),
                visitor.group(who, *doors[each.link_id]),
            ),
            visitor_number=visitors.called(each.visitor_id),
            standing=each.standing,
            created_at=each.created_at,
            last_message_at=each.last_message_at,
            closed_at=each.closed_at,
            message_count=each.message_count,
            variables=collected.seen(who, each.variables, defined.get(each.agent_id, {}), hide),
            ratings=rated.get(each.id, (0, 0)),
            titles=collected.titles(each.variables, defined.get(each.agent_id, {})),
            is_masked=not who.sees_personal,
            known=known.get(each.visitor_id),
            last=_preview(who, words.get(each.id), hide),
            hold=each.hold,
            asked_until=each.asked_until,
            asked_at=each.asked_at,
            completed=each.completed,
        )
        for each in found
    ]


def _preview(who: Who, word: LastWord | None, hide: Hide) -> LastWord | None:
    """Cut a last word to a line; masked before it is cut, so that no half of a number is left."""
    if word is None:
        return None
    text, name, is_cut = word.text, word.author_name, word.is_cut
    if not who.sees_personal:
        text = hide(text)
        name = "" if word.author_kind == "visitor" else name
        if is_cut:
            text = text[: max(0, len(text) - _MARGIN)]
    line, told = " ".join(text.split()), taste(text) if word.author_kind == "agent" else text
    if not who.sees_personal:
        told = hide(told)  # what signs kept apart may be a number without them
    return replace(
        word,
        author_name=name,
        text=line[:_PREVIEW],
        is_cut=is_cut or len(line) > _PREVIEW,
        taste=_line(told, is_cut=is_cut),
    )


def _line(text: str, *, is_cut: bool) -> str:
    line = " ".join(text.split())
    return line[:_PREVIEW] + ("…" if is_cut or len(line) > _PREVIEW else "")
