"""A conversation to be taken away: whole, at one moment, as somebody may see it."""

from dataclasses import dataclass, replace

import sqlalchemy as sa

from parlour import visitors
from parlour.conversations.internal import InternalNote
from parlour.kit.clock import Moment
from parlour.notes import store as notes
from parlour.notes.store import Note
from parlour.rights import Who
from parlour.transcripts import asides, finding, neighbours, visitor, window
from parlour.transcripts.finding import Machine, Talk
from parlour.transcripts.neighbours import Series
from parlour.transcripts.visitor import Profile
from parlour.transcripts.window import Shown
from parlour.visitors import Device


@dataclass(frozen=True, slots=True)
class Copy:
    """A conversation with everything that was said in it."""

    talk: Talk
    series: Series
    messages: list[Shown]
    machines: dict[str, Machine]
    """How replies were made, by the ids of their turns."""
    notes: list[InternalNote]
    """What the team wrote to itself beside it."""
    at: Moment

    def machine(self, message: Shown) -> Machine | None:
        """Return how a reply was made; None for what somebody said."""
        return self.machines.get(message.turn_id or "") if message.author_kind == "agent" else None


@dataclass(frozen=True, slots=True)
class Everything:
    """All that there is of a visitor."""

    profile: Profile
    conversations: list[Copy]
    devices: list[Device]
    """Where a confirmed visitor is known."""
    left: list[Note]
    """What they left for the team at doors that were shut."""


def everything(conn: sa.Connection, who: Who, visitor_id: str, now: Moment) -> Everything:
    """Read all that there is of a visitor, as somebody may see it; NotFound.

    What was left at a shut door is theirs where it says so: by the conversation, or by an address
    that was proved; where that is hidden, it would tell whose a note is.
    """
    profile = visitor.profile(conn, who, visitor_id)
    devices = visitors.devices(conn, visitor_id, now)
    address = None if profile.known is None else profile.known.email
    return Everything(
        profile,
        [copy(conn, who, each, now) for each in profile.conversations],
        devices if who.sees_personal else [replace(each, client="") for each in devices],
        notes.of_visitor(conn, who, profile.conversations, address),
    )


def copy(conn: sa.Connection, who: Who, conversation_id: str, now: Moment) -> Copy:
    """Read a conversation whole; NotFound when somebody may not see it.

    What is hidden from somebody stays hidden, also while it is shown to them on its page: that
    comes to an end, and a copy does not.
    """
    talk = finding.find(conn, who, conversation_id)
    series = neighbours.series(conn, talk)
    said = window.shown_to(conn, who, talk.id)
    beside = asides.internal_notes(conn, who, talk.id)
    return Copy(talk, series, said, finding.machines(conn, talk), beside, now)
