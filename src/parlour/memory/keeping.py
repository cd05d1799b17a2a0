"""Seeing what is remembered of a visitor, and deleting it: for themselves, and for the staff."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from parlour import events
from parlour.events import Kind
from parlour.kit.clock import Moment
from parlour.kit.errors import NotFound
from parlour.memory import store
from parlour.memory.store import Person
from parlour.rights import Who
from parlour.tools import Tools
from parlour.transcripts import visitor
from parlour.verification import identities


@dataclass(frozen=True, slots=True)
class Held:
    """What is remembered of a visitor, as somebody may see it."""

    summary: str | None
    """None where it is hidden from whoever looks."""
    notes: str | None
    replies: int
    """How many replies were counted for it."""
    updated_at: Moment | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is remembered."""
        return self.updated_at is None


NOTHING = Held("", "", 0, None)


def of_visitor(conn: sa.Connection, agent_id: str, visitor_id: str) -> Held:
    """Return what the agent remembers of a visitor, as they see it themselves.

    NotFound for somebody who has not proved who they are: of them nothing is ever remembered.
    """
    person = _person(conn, agent_id, visitor_id)
    if person is None:
        raise NotFound("nothing is remembered of visitors who have not proved who they are")
    found = store.find(conn, person)
    if found is None:
        return NOTHING
    at = None if found.is_empty else found.updated_at
    return Held(found.summary, found.notes, found.replies, at)


def seen_by(conn: sa.Connection, who: Who, visitor_id: str) -> Held | None:
    """Return what is remembered of a visitor, as somebody of the staff may see it.

    It is personal as a whole: who does not see personal details sees only that there is something.
    None for a visitor of whom nothing can be remembered. NotFound: they are not theirs to see.
    """
    found = visitor.find(conn, who, visitor_id)
    if _person(conn, found.agent_id, found.id) is None:
        return None
    held = of_visitor(conn, found.agent_id, found.id)
    if who.sees_personal:
        return held
    return Held(None, None, held.replies, held.updated_at)


async def delete_own(tools: Tools, who: Who, agent_id: str) -> bool:
    """Delete what the agent remembers of a visitor, who asks for it; False: there was nothing.

    What was said until now is never taken in again. NotFound as in `of_visitor`.
    """

    def unit(conn: sa.Connection) -> bool:
        return _wipe(conn, tools, who, agent_id, who.id)

    return await tools.db.write(unit)


async def delete(tools: Tools, who: Who, visitor_id: str) -> bool:
    """Delete what is remembered of a visitor; False: there was nothing. NotFound: not theirs."""

    def unit(conn: sa.Connection) -> bool:
        found = visitor.find(conn, who, visitor_id)
        return _wipe(conn, tools, who, found.agent_id, found.id)

    return await tools.db.write(unit)


def _wipe(conn: sa.Connection, tools: Tools, who: Who, agent_id: str, visitor_id: str) -> bool:
    person = _person(conn, agent_id, visitor_id)
    if person is None:
        raise NotFound("nothing is remembered of visitors who have not proved who they are")
    now = tools.clock.now()
    deleted = store.wipe(conn, person, from_at=now + 1)
    if deleted:
        told = {"visitor": visitor_id}
        events.record(conn, Kind.MEMORY_DELETED, who, now, agent_id=agent_id, data=told)
    return deleted


def count(conn: sa.Connection, agent_id: str, visitor_ids: Iterable[str]) -> int:
    """Count the memories in which something stands of these visitors."""
    persons = {_person(conn, agent_id, each) for each in visitor_ids} - {None}
    found = [store.find(conn, person) for person in persons if person is not None]
    return sum(each is not None and not each.is_empty for each in found)


def let_go(conn: sa.Connection, agent_id: str, visitor_id: str) -> None:
    """Empty what is remembered of a visitor one of whose conversations is to be forgotten.

    Nobody can tell what of it came from there. It begins again with what is left.
    """
    person = _person(conn, agent_id, visitor_id)
    if person is not None:
        store.wipe(conn, person)


def forget(conn: sa.Connection, agent_id: str, visitor_id: str) -> None:
    """Delete what is remembered of a visitor who is to be forgotten.

    Who is known to the agent by another link, too, begins anew there.
    """
    person = _person(conn, agent_id, visitor_id)
    if person is None:
        return
    if store.others(conn, person, visitor_id):
        store.wipe(conn, person)
    else:
        store.erase(conn, person)


def wipe_again(conn: sa.Connection, agent_id: str, visitor_id: str, at: Moment) -> int:
    """Delete what is remembered of a visitor from before a moment at which it was deleted."""
    person = _person(conn, agent_id, visitor_id)
    held = None if person is None else store.find(conn, person)
    if person is None or held is None or held.from_at > at:
        return 0
    return int(store.wipe(conn, person, from_at=at + 1))


async def forget_agent(tools: Tools, agent_id: str) -> None:
    """Delete all that an agent remembers which is deleted itself."""
    await tools.db.write(store.erase_of_agent, agent_id)


def _person(conn: sa.Connection, agent_id: str, visitor_id: str) -> Person | None:
    known = identities.of(conn, [visitor_id]).get(visitor_id)
    if known is None:
        return None
    return Person(agent_id, known.identity.proof.value, known.identity.subject)
