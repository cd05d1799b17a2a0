"""What somebody may see of what was said: the one way by which messages leave the house."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from parlour.conversations import reading
from parlour.conversations.model import Message, State
from parlour.kit import masking
from parlour.kit.clock import Moment
from parlour.privacy import Hide, hiding
from parlour.rights import Permission, Who

_TEXTS: Final = ("title", "source", "section", "quote")
"""What is text in a citation."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as somebody may see it. Pages and streams take nothing else."""

    id: str
    seq: int
    author_kind: str
    author_name: str
    text: str
    state: State
    created_at: Moment
    turn_id: str | None
    epoch: int
    citations: tuple[dict[str, Any], ...]
    problem: str | None
    replaces: str | None
    extra: Mapping[str, Any] | None = None
    rating: int | None = None
    rated: Mapping[str, Any] | None = None
    superseded: bool = False


def for_visitor(
    conn: sa.Connection, conversation_id: str, *, after: int = 0, newest: int | None = None
) -> list[Shown]:
    """Read a visitor's own conversation, which the caller found through the visitor's session."""
    found = reading.read(conn, conversation_id, after=after, newest=newest)
    return [_whole(message) for message in found]


def one_for_visitor(conn: sa.Connection, conversation_id: str, message_id: str) -> Shown | None:
    """Read one message of a visitor's own conversation; None when it is not there."""
    message = reading.one(conn, conversation_id, message_id)
    return None if message is None else _whole(message)


def shown_to(
    conn: sa.Connection,
    who: Who,
    conversation_id: str,
    *,
    after: int = 0,
    newest: int | None = None,
    first: int | None = None,
    kept: bool = True,
) -> list[Shown]:
    """Read a conversation as somebody of the staff, who found it by `finding`.

    With `kept` also what the visitor put other messages in the place of.

    Whoever does not see personal details gets texts masked, and replies when they are finished:
    of a number that has only begun nobody can tell that it is one.
    """
    hide = hiding(conn, who)
    if first is not None:
        found = reading.first(conn, conversation_id, after, first)
    else:
        found = reading.read(conn, conversation_id, after=after, newest=newest, kept=kept)
    return [_whole(each) if who.sees_personal else _masked(each, hide) for each in found]


@dataclass(frozen=True, slots=True)
class AsSeenBy:
    """Reads conversations as somebody sees them who sees as much; equal ones see the same."""

    workspace_id: str
    sees_personal: bool

    def __call__(
        self, conn: sa.Connection, conversation_id: str, *, after: int, newest: int
    ) -> list[Shown]:
        """Read a conversation that whoever looks has found by `finding`; as `shown_to`."""
        seen = Who("system", "", "", self.workspace_id, sees_personal=self.sees_personal)
        return shown_to(conn, seen, conversation_id, after=after, newest=newest, kept=False)


def as_seen_by(who: Who) -> AsSeenBy:
    """Return what reads conversations as somebody of the staff sees them."""
    return AsSeenBy(who.workspace_id, who.sees_personal)


def one_shown_to(
    conn: sa.Connection, who: Who, conversation_id: str, message_id: str
) -> Shown | None:
    """Read one message as somebody of the staff; None when it is not there."""
    message = reading.one(conn, conversation_id, message_id)
    if message is None:
        return None
    return _whole(message) if who.sees_personal else _masked(message, hiding(conn, who))


def some_shown_to(
    conn: sa.Connection, who: Who, places: Collection[tuple[str, int]]
) -> dict[tuple[str, int], Shown]:
    """Read messages of many conversations as somebody of the staff, who found these by scope."""
    hide = hiding(conn, who)
    return {
        place: _whole(each) if who.sees_personal else _masked(each, hide)
        for place, each in reading.some(conn, places).items()
    }


def label(who: Who, name: str | None) -> str | None:
    """Return the name of a link that conversations carry, as somebody of the staff may see it.

    It is the owner's own word for somebody. With an e-mail address in it, it is a personal detail.
    """
    if name is None or who.sees_personal:
        return name
    is_address = any(found.kind is masking.Kind.EMAIL for found in masking.find(name))
    return masking.mask(name) if is_address else name


def link_name(who: Who, name: str | None) -> str | None:
    """Return the name of a link among links; whole for who makes them, and so gives them names."""
    return name if who.may(Permission.LINKS_MANAGE) else label(who, name)


def _whole(message: Message) -> Shown:
    return Shown(
        message.id,
        message.seq,
        message.author_kind,
        message.author_name,
        message.text,
        message.state,
        message.created_at,
        message.turn_id,
        message.epoch,
        message.citations,
        message.problem,
        message.replaces,
        message.extra,
        message.rating,
        message.rated,
        message.superseded,
    )


def _masked(message: Message, hide: Hide) -> Shown:
    is_writing = message.state is State.WRITING
    return Shown(
        message.id,
        message.seq,
        message.author_kind,
        "" if message.author_kind == "visitor" else message.author_name,
        "" if is_writing else hide(message.text),
        message.state,
        message.created_at,
        message.turn_id,
        message.epoch,
        () if is_writing else tuple(_masked_citation(each, hide) for each in message.citations),
        message.problem,
        message.replaces,
        _masked_extra(message.extra, hide),
        message.rating,
        _masked_words(message.rated, hide),
        message.superseded,
    )


def _masked_extra(extra: Mapping[str, Any] | None, hide: Hide) -> Mapping[str, Any] | None:
    if extra is None:
        return None
    # What a form asks for are the owner's own words. Of a file neither name nor content is seen.
    suggestions = [hide(each) for each in extra.get("suggestions", ())]
    files = [{**each, "id": "", "name": ""} for each in extra.get("files", ())]
    return {**extra, "suggestions": suggestions, "files": files}


def _masked_words(rated: Mapping[str, Any] | None, hide: Hide) -> Mapping[str, Any] | None:
    return None if rated is None else {**rated, "words": hide(rated.get("words", ""))}


def _masked_citation(citation: dict[str, Any], hide: Hide) -> dict[str, Any]:
    return {
        name: hide(value) if name in _TEXTS and isinstance(value, str) else value
        for name, value in citation.items()
    }
