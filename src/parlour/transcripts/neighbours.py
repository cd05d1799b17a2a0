"""Where a conversation stands: among those of the same visitor, and in a list."""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from parlour.conversations import listing
from parlour.conversations.model import Wanted
from parlour.kit.errors import NotFound
from parlour.rights import Who
from parlour.transcripts.finding import Talk, within

COUNTED: Final = 1_000
"""So far a list is counted; more than that is only told to be more."""


@dataclass(frozen=True, slots=True)
class Series:
    """Where a conversation stands among those of the same visitor, counted from one."""

    number: int
    of: int
    previous: str | None
    next: str | None


@dataclass(frozen=True, slots=True)
class Beside:
    """Where a conversation stands in a list, and its neighbours there."""

    above: str | None = None
    below: str | None = None
    number: int | None = None
    """Its place, counted from one; None when it is not in the list, or far down in it."""
    of: int = 0
    """How many there are; one more than `COUNTED` stands for all beyond."""


def series(conn: sa.Connection, talk: Talk) -> Series:
    """Say which of its visitor's conversations this one is. A visitor has one agent alone.

    NotFound when it has gone since it was found.
    """
    ids = listing.of_visitor(conn, talk.visitor_id)
    if talk.id not in ids:
        raise NotFound("there is no such conversation")
    at = ids.index(talk.id)
    return Series(
        at + 1,
        len(ids),
        ids[at - 1] if at else None,
        ids[at + 1] if at + 1 < len(ids) else None,
    )


def beside(conn: sa.Connection, who: Who, wanted: Wanted, talk: Talk) -> Beside:
    """Say where a conversation stands in a list, and what is just above and below it."""
    scoped = within(who, wanted)
    if scoped is None:
        return Beside()
    here = who.workspace_id
    above = listing.newer(conn, here, scoped, talk.place, 1)
    below = listing.page(conn, here, scoped, after=talk.place, limit=1)
    number = None
    if listing.among(conn, here, scoped, [talk.id]):
        before = listing.counted(conn, here, scoped, COUNTED, than=talk.place)
        number = before + 1 if before < COUNTED else None
    return Beside(
        above[0].id if above else None,
        below[0].id if below else None,
        number,
        listing.counted(conn, here, scoped, COUNTED + 1),
    )
