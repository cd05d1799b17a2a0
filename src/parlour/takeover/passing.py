"""Handing the pen of a conversation to a colleague, who is named."""

import sqlalchemy as sa

from parlour import events
from parlour.conversations.model import Hold, Pen
from parlour.kit.clock import MINUTE
from parlour.kit.errors import FieldError, Invalid
from parlour.rights import Permission, Who
from parlour.staff import standing
from parlour.staff import store as staff
from parlour.staff.model import Person
from parlour.takeover.holding import begin, mine, opened, reopen
from parlour.tools import Tools
from parlour.transcripts import finding


def colleagues(conn: sa.Connection, who: Who, conversation_id: str) -> list[Person]:
    """List the people to whom somebody may hand a conversation: who see it and may answer."""
    agent_id = finding.find(conn, who, conversation_id).agent_id

    def answers(person: Person) -> bool:
        theirs = standing.now_of(conn, who.workspace_id, "person", person.id, 0)
        if theirs is None or (who.kind, who.id) == ("person", person.id):
            return False
        return theirs.may(Permission.CONVERSATIONS_ANSWER) and theirs.sees(agent_id)

    return [each for each in staff.every_person(conn, who.workspace_id) if answers(each)]


def _named(people: list[Person], to: str) -> Person | None:
    """Find who is meant: by id or address, or by a name that only one of them has."""
    called = to.strip().casefold()
    for person in people:
        if to == person.id or called == person.email:
            return person
    named = [each for each in people if called and each.name.casefold().startswith(called)]
    return named[0] if len(named) == 1 else None


async def hand_over(tools: Tools, who: Who, conversation_id: str, to: str) -> Hold:
    """Hand the pen to a colleague, by id, address or how their name begins; return their hold.

    Who has it hands it on; who has it not may do so only where a visitor waits for somebody.
    Until the colleague comes, the visitor waits for them: a pen that nobody fetches goes to
    whoever of the team is next, not to the agent.

    Raises:
        Conflict: somebody else has the pen, the agent has it, or the visitor has closed.
        Invalid: nobody who could answer here is called so.
    """

    def unit(conn: sa.Connection) -> Hold:
        now = tools.clock.now()
        held = opened(conn, conversation_id)
        if held.pen(now) is not Pen.REQUESTED:
            mine(held, who, now)
        person = _named(colleagues(conn, who, held.id), to)
        if person is None:
            said = "must be a colleague who may answer here"
            raise Invalid(f"to {said}", errors=[FieldError("to", said)])
        until = now + round(tools.settings.hold_minutes * MINUTE)
        hold = Hold("person", person.id, person.name, now, until, waits=True)
        reopen(conn, who, held, now)
        begin(conn, tools, held, hold)
        told = {"to": person.name, "person": person.id}
        events.record(conn, events.Kind.HOLD_HANDED_OVER, who, now, **held.about, data=told)
        return hold

    return await tools.db.write(unit)
