"""What somebody may see of what was said: the one way by which messages leave the house."""

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from parlour.conversations import reading
from parlour.conversations.model import Message, State
from parlour.kit import masking
from parlour.kit.clock import Moment
from parlour.rights import Who

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
) -> list[Shown]:
    """Read a conversation as somebody of the staff, who found it by `finding`.

    Whoever does not see personal details gets texts masked, and replies when they are finished:
    of a number that has only begun nobody can tell that it is one.
    """
    show = _whole if who.sees_personal else _masked
    if first is not None:
        found = reading.first(conn, conversation_id, after, first)
    else:
        found = reading.read(conn, conversation_id, after=after, newest=newest)
    return [show(message) for message in found]


def one_shown_to(
    conn: sa.Connection, who: Who, conversation_id: str, message_id: str
) -> Shown | None:
    """Read one message as somebody of the staff; None when it is not there."""
    message = reading.one(conn, conversation_id, message_id)
    if message is None:
        return None
    return _whole(message) if who.sees_personal else _masked(message)


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
    )


def _masked(message: Message) -> Shown:
    is_writing = message.state is State.WRITING
    return Shown(
        message.id,
        message.seq,
        message.author_kind,
        "" if message.author_kind == "visitor" else message.author_name,
        "" if is_writing else masking.mask(message.text),
        message.state,
        message.created_at,
        message.turn_id,
        message.epoch,
        () if is_writing else tuple(_masked_citation(each) for each in message.citations),
        message.problem,
        message.replaces,
    )


def _masked_citation(citation: dict[str, Any]) -> dict[str, Any]:
    return {
        name: masking.mask_all(value) if name in _TEXTS else value
        for name, value in citation.items()
    }
