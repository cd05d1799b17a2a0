"""Seeing as somebody of the staff whom a visitor waits for, who was told, and what came of it."""

from dataclasses import dataclass

import sqlalchemy as sa

from parlour.conversations import handoffs
from parlour.conversations.handoffs import Handoff, Telling
from parlour.kit.clock import Moment
from parlour.rights import Who
from parlour.transcripts import finding


@dataclass(frozen=True, slots=True)
class Called:
    """A handoff, and whom it was told to."""

    handoff: Handoff
    tellings: list[Telling]


def latest(conn: sa.Connection, who: Who, conversation_id: str) -> Called | None:
    """Return the last handoff of a conversation that somebody sees; NotFound for no such one."""
    talk = finding.find(conn, who, conversation_id)
    found = handoffs.latest(conn, talk.id)
    return None if found is None else Called(found, handoffs.tellings_of(conn, found.id))


def page(
    conn: sa.Connection,
    who: Who,
    *,
    limit: int,
    is_open: bool | None = None,
    before: tuple[Moment, str] | None = None,
) -> list[Called]:
    """List the handoffs that somebody may see, the latest first: at most `limit`."""
    found = handoffs.page(conn, who, limit=limit, is_open=is_open, before=before)
    return [Called(each, handoffs.tellings_of(conn, each.id)) for each in found]
