"""Whom a handoff is told to, and when: the team at once, its leads when nobody sees to it."""

from collections.abc import Iterable

import sqlalchemy as sa

from parlour import events
from parlour.calling.sending import SEND
from parlour.conversations import handoffs, hints, holds
from parlour.conversations.handoffs import Handoff, Telling, Why
from parlour.events import Kind
from parlour.kit.queue import Job
from parlour.kit.tokens import new_id
from parlour.rights import Permission, Role, Who
from parlour.staff import standing
from parlour.staff import store as staff
from parlour.staff.model import Person
from parlour.staff.teams import store as teams
from parlour.staff.teams.store import Team
from parlour.tools import Tools


async def tell(tools: Tools, job: Job) -> None:
    """Have the team of a handoff told of it, unless it is over, or somebody sees to it already."""
    handoff_id, why = job.payload["handoff"], Why(job.payload["why"])
    await tools.db.write(_tell, tools, handoff_id, why)


def _tell(conn: sa.Connection, tools: Tools, handoff_id: str, why: Why) -> None:
    found = handoffs.find(conn, handoff_id)
    if found is None or (found.ended_at is not None and why is not Why.LEFT):
        return
    now = tools.clock.now()
    if why is Why.ESCALATED:
        if not handoffs.escalate(conn, found.id, now):
            return
        _record(conn, tools, found)
    cared_for = teams.of_agent(conn, found.workspace_id, found.agent_id)
    tellings = [
        _telling(found, why, "webhook", each.id, each.name)
        for each in cared_for
        if each.hook_url is not None
    ]
    if tools.mail.way != "none":
        people = _people(conn, found, why, cared_for)
        tellings += [_telling(found, why, "mail", each.id, each.name) for each in people]
    for each in tellings:
        handoffs.add_telling(conn, each, now)
        tools.queue.enqueue(conn, SEND, {"telling": each.id})
    hints.announce(conn, tools, found.conversation_id, found.workspace_id)


def _people(
    conn: sa.Connection, found: Handoff, why: Why, cared_for: list[Team]
) -> Iterable[Person]:
    """Return who is told by mail: the team's people, or, if there is no team, who may answer.

    When nobody has seen to it, their leads and the owners are; where there are none of these,
    everybody who could answer.
    """
    answering = [
        each
        for each in staff.every_person(conn, found.workspace_id)
        if each.disabled_at is None and _answers(conn, found, each)
    ]
    if cared_for:
        members = frozenset().union(*(team.people for team in cared_for if team.mails))
        named = [each for each in answering if each.id in members]
    else:
        named = answering
    if why is not Why.ESCALATED:
        return named
    leads = [each for each in named if each.role is Role.TEAM_LEAD]
    return leads + [each for each in answering if each.role is Role.OWNER] or answering


def _answers(conn: sa.Connection, found: Handoff, person: Person) -> bool:
    who = standing.now_of(conn, found.workspace_id, "person", person.id, 0)
    return who is not None and who.may(Permission.CONVERSATIONS_ANSWER) and who.sees(found.agent_id)


def _telling(found: Handoff, why: Why, way: str, to_id: str, to_name: str) -> Telling:
    return Telling(new_id("tel"), found.id, why.value, way, to_id, to_name)


def _record(conn: sa.Connection, tools: Tools, found: Handoff) -> None:
    held = holds.lock(conn, found.conversation_id)
    if held is not None:
        house = Who("system", found.agent_id, "house", found.workspace_id)
        told = {"handoff": found.id}
        now = tools.clock.now()
        events.record(conn, Kind.HANDOFF_ESCALATED, house, now, **held.about, data=told)
