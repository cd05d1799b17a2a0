"""Going on in another browser, and being known in one no more: as visitors want it themselves."""

from dataclasses import dataclass

import sqlalchemy as sa

from parlour import events, visitors
from parlour.entrance.doors import Door, admitted, look_at, opened
from parlour.entrance.refusals import NoSuchSession
from parlour.kit.clock import DAY, Moment
from parlour.kit.db import after_commit
from parlour.kit.errors import Conflict, Gone, NotFound, Problem
from parlour.kit.tokens import new_id
from parlour.rights import Who
from parlour.tools import Tools
from parlour.visitors import handover, places
from parlour.visitors.handover import State


class Over(Gone):
    """A code for another browser was good, and is no more."""

    title = "This code is over"
    default_code = "code_over"


@dataclass(frozen=True, slots=True)
class Way:
    """A code by which one other browser goes on, and until when."""

    code: str
    expires_at: Moment


@dataclass(frozen=True, slots=True)
class Crossed:
    """Somebody goes on here, in a session of its own."""

    session: str
    visitor_id: str
    expires_at: Moment


def may_cross(door: Door) -> bool:
    """Whether a visitor may take their conversation to another browser by a code.

    Who proved who they are does so there again, and is known: nothing else may stand for that.
    """
    return door.visitor_id is not None and door.proof is None and not door.preview


async def offer(tools: Tools, token: str, session: str | None) -> Way:
    """Make a code for whoever has a session here; the one they had before is good no more.

    Raises:
        Refused: the door is shut. NoSuchSession. Conflict `proved`: they prove who they are
        in the other browser, too.
    """
    door = await admitted(tools, token, session)
    held, code = door.session, new_id("go")[3:]
    if held is None or door.visitor_id is None:
        raise NoSuchSession("there is no such session on this link")
    if not may_cross(door):
        raise Conflict("confirm your address in the other browser", code="proved")
    now, hashed = tools.clock.now(), tools.keys.hashed(_hashed(code))
    ends = await tools.db.write(handover.make, held, door.link_id, hashed, now)
    return Way(code, ends)


async def state_of(tools: Tools, door: Door, code: str) -> State:
    """Say whether a code is good; it stays as it is, however often it is asked about."""
    hashes = tools.keys.hashes(_hashed(code))
    return await tools.db.read(handover.state_of, hashes, door.link_id, tools.clock.now())


def refusal(state: State) -> Problem:
    """Return why a code in this state cannot be taken."""
    if state is State.UNKNOWN:
        return NotFound("there is no such code, or another one took its place", code="no_code")
    return Over("this code has been used, or is over; make another one")


async def cross(tools: Tools, token: str, code: str) -> Crossed:
    """Take a code, once: whoever has it goes on as that visitor, in a session of their own.

    Raises:
        Refused: the door is shut, or asks for an address. Over: the code is good no more.
        NotFound: there is no such code.
    """
    genuine = opened(tools, token)
    secret = tools.keys.mint_session(genuine.link_id)
    hashes = tools.keys.hashes(_hashed(code))

    def unit(conn: sa.Connection) -> Crossed:
        now = tools.clock.now()
        door = look_at(conn, tools, genuine, None, now)
        if (shut := door.shut()) is not None:
            raise shut
        visitor_id = handover.take(conn, hashes, door.link_id, now)
        if visitor_id is None:
            raise refusal(handover.state_of(conn, hashes, door.link_id, now))
        ends = now + tools.settings.session_days * DAY
        visitors.begin(
            conn,
            visitor_id,
            door.link_id,
            session_hash=tools.keys.hashed(secret),
            address=door.address,
            now=now,
            expires_at=ends,
        )
        _record(conn, door, visitor_id, events.Kind.VISITOR_CROSSED, now)
        return Crossed(secret, visitor_id, ends)

    return await tools.db.write(unit)


async def leave(tools: Tools, door: Door) -> bool:
    """End the session that somebody came in with: this browser knows them no more, streams too.

    What was said stays with the owner. False: there was none.
    """
    held, visitor_id = door.session, door.visitor_id
    if held is None or visitor_id is None:
        return False

    def unit(conn: sa.Connection) -> None:
        device_id = places.device_of(conn, held)
        named = {"device_id": device_id} if device_id else {"trace": places.trace_of(held)}
        told = {"visitor_id": visitor_id, **named}
        visitors.end(conn, held)
        kind, now = events.Kind.VISITOR_SESSION_ENDED, tools.clock.now()
        _record(conn, door, visitor_id, kind, now, data=told)
        after_commit(conn, lambda: tools.bus.publish(f"link:{door.link_id}", "left"))

    await tools.db.write(unit)
    return True


def _record(
    conn: sa.Connection,
    door: Door,
    visitor_id: str,
    kind: events.Kind,
    now: Moment,
    *,
    data: dict[str, str] | None = None,
) -> None:
    who = Who("visitor", visitor_id, "", door.workspace_id)
    agent, link = door.agent_id, door.link_id
    events.record(conn, kind, who, now, agent_id=agent, link_id=link, data=data)


def _hashed(code: str) -> str:
    """Return what is hashed of a code, so that it is never taken for anything else."""
    return f"handover/{code[:100]}"
