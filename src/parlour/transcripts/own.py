"""Everything that is kept of a visitor, as they see it themselves: whole, and nobody else's."""

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from parlour import visitors
from parlour.attachments import Content
from parlour.attachments import store as attachments
from parlour.conversations import listing
from parlour.kit.clock import Moment
from parlour.notes import store as notes
from parlour.notes.store import Note
from parlour.rights import Who
from parlour.transcripts import finding, visitor, window
from parlour.transcripts.finding import Talk
from parlour.transcripts.visitor import Known
from parlour.transcripts.window import Shown
from parlour.visitors import Device, places
from parlour.visitors.places import Session


@dataclass(frozen=True, slots=True)
class OwnTalk:
    """One of their conversations."""

    talk: Talk
    messages: list[Shown]
    """Empty where they were not asked for."""

    @property
    def variables(self) -> dict[str, Any]:
        """What was collected in it, by what people read over it."""
        titles = self.talk.titles
        return {titles.get(name, name): value for name, value in self.talk.variables.items()}


@dataclass(frozen=True, slots=True)
class Own:
    """All that there is of a visitor, but what the team wrote to itself."""

    visitor_id: str
    came_at: Moment
    known: Known | None
    talks: list[OwnTalk]
    """In the order in which they began, those that are put away, too."""
    sessions: list[Session]
    devices: dict[str, Device]
    """The browsers of a visitor who proved who they are, by id."""
    left: list[Note]
    """What they left for the team at doors that were shut."""


def own(
    conn: sa.Connection, who: Who, session: str | None, now: Moment, *, said: bool = False
) -> Own:
    """Read what is kept of the visitor `who`, whom the caller found by their session's hash.

    With `said` all that was said, what other words took the place of included. NotFound when they
    were forgotten meanwhile.
    """
    # Their own details are theirs to see, whatever is hidden from others.
    who = replace(who, sees_personal=True)
    found = visitor.find(conn, who, who.id)
    ids = listing.of_visitor(conn, found.id)
    talks = [finding.find(conn, who, each) for each in ids]
    known = visitor.known(conn, who, [found.id]).get(found.id)
    return Own(
        found.id,
        found.created_at,
        known,
        [OwnTalk(each, window.shown_to(conn, who, each.id) if said else []) for each in talks],
        places.sessions_of(conn, found.id, session, now),
        {each.id: each for each in visitors.devices(conn, found.id, now)},
        notes.of_visitor(conn, who, ids, None if known is None else known.email),
    )


def file(conn: sa.Connection, visitor_id: str, file_id: str) -> Content | None:
    """Read a file that a visitor sent in any of their conversations; None for every other one."""
    talk = attachments.conversation_of(conn, file_id)
    if talk is None or talk not in listing.of_visitor(conn, visitor_id):
        return None
    return attachments.find(conn, talk, file_id)
