"""Saying something to an agent, stopping it, asking again, and beginning anew."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from parlour import events
from parlour.chat import wire
from parlour.conversations import reading, store
from parlour.conversations import turns as rows
from parlour.conversations.model import RETRYABLE, Message, State, Turn, TurnState
from parlour.kit.clock import Moment
from parlour.kit.db import after_commit
from parlour.kit.errors import Conflict, FieldError, Invalid, TooLarge, TooMany
from parlour.kit.texts import trouble
from parlour.kit.tokens import new_id
from parlour.rights import Who
from parlour.tools import Tools

RUN = "turns.run"
"""The job that runs a turn."""

LONGEST_CLIENT_ID = 100
MOST_WAITING = 10
_ATTEMPTS = 3


class Doorway(Protocol):
    """Where a message comes from and goes to, as far as a turn needs to know."""

    @property
    def link_id(self) -> str: ...
    @property
    def workspace_id(self) -> str: ...
    @property
    def agent_id(self) -> str: ...
    @property
    def agent_version(self) -> int: ...
    @property
    def agent_name(self) -> str: ...


class Visit(Protocol):
    """Somebody who was let in."""

    @property
    def door(self) -> Doorway: ...
    @property
    def visitor_id(self) -> str: ...
    @property
    def session(self) -> str: ...


Enter = Callable[[sa.Connection, Moment], Visit]
"""Judges a visitor inside the message's transaction, and raises when the door is closed."""


@dataclass(frozen=True, slots=True)
class Said:
    """What became of a message: it is stored, and this turn answers it."""

    visit: Visit
    conversation_id: str
    message: Message
    turn_id: str
    reply_seq: int
    repeated: bool
    """It had been sent before; nothing was stored anew."""

    @property
    def link_id(self) -> str:
        """The link it came by."""
        return self.visit.door.link_id

    @property
    def agent_id(self) -> str:
        """The agent it was said to."""
        return self.visit.door.agent_id


class _AlreadySaid(Exception):
    """Undoes the transaction of a message that was sent before."""

    def __init__(self, said: Said) -> None:
        self.said = said


async def say(tools: Tools, enter: Enter, text: str, client_id: str | None) -> Said:
    """Store a visitor's message with the turn that answers it; durable when this returns.

    The same `client_id` again in the same conversation stores nothing and returns what became of
    it the first time.

    Raises:
        TooMany: `MOST_WAITING` questions of this conversation wait for their answers already.
        Invalid: nothing but white space. TooLarge: longer than `max_message_chars`.
        Whatever `enter` raises for a closed door.
    """
    text = _checked(tools, text, client_id)
    for attempt in range(_ATTEMPTS):
        try:
            return await tools.db.write(_say, tools, enter, text, client_id)
        except _AlreadySaid as already:
            return already.said
        except IntegrityError:
            # The same visitor's first message, sent twice at the same moment: the other one was
            # first, so this one finds the session and the conversation now.
            if attempt + 1 == _ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _checked(tools: Tools, text: str, client_id: str | None) -> str:
    if not text.strip():
        raise Invalid("the message is empty", errors=[FieldError("message", "must not be empty")])
    longest = tools.settings.max_message_chars
    if len(text) > longest:
        raise TooLarge(f"the message has more than {longest} characters")
    if "\0" in text or _has_surrogates(text):
        raise Invalid(
            "the message has characters that are no text",
            errors=[FieldError("message", "must not contain NUL or lone surrogates")],
        )
    said = None if client_id is None else trouble(client_id, LONGEST_CLIENT_ID)
    if said is not None:
        raise Invalid("the message's id does not fit", errors=[FieldError("message_id", said)])
    return text


def _has_surrogates(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _say(conn: sa.Connection, tools: Tools, enter: Enter, text: str, client_id: str | None) -> Said:
    now = tools.clock.now()
    visit = enter(conn, now)
    conversation_id, seq, active = _place(conn, visit, now)
    if client_id is not None and seq > 1:
        _raise_if_said(conn, visit, conversation_id, client_id)
    if active is not None and rows.waiting(conn, conversation_id) >= MOST_WAITING:
        raise TooMany("several questions are still being answered", retry_after=2)
    turn = _new_turn(conversation_id, visit.door, seq, seq + 1)
    if active is None:
        turn = _enqueued(conn, tools, turn)
    message = Message(new_id("msg"), seq, "visitor", "", text, State.DONE, now, turn.id)
    reply = _empty_reply(turn, now, visit.door.agent_name)
    store.add_messages(conn, conversation_id, [message, reply], client_id)
    rows.add(conn, turn, now, active)
    _record(conn, visit, conversation_id, message)
    announce(conn, tools, conversation_id, visit.door.workspace_id)
    return Said(visit, conversation_id, message, turn.id, turn.reply_seq, repeated=False)


def _record(conn: sa.Connection, visit: Visit, conversation_id: str, message: Message) -> None:
    door = visit.door
    who = Who("visitor", visit.visitor_id, "", door.workspace_id)
    about: dict[str, Any] = {
        "agent_id": door.agent_id,
        "link_id": door.link_id,
        "conversation_id": conversation_id,
    }
    at = message.created_at
    if message.seq == 1:
        events.record(conn, events.Kind.CONVERSATION_STARTED, who, at, **about)
    told = {"message": message.id}
    events.record(conn, events.Kind.MESSAGE_CREATED, who, at, **about, data=told)


def _place(conn: sa.Connection, visit: Visit, now: Moment) -> tuple[str, int, str | None]:
    place = store.take_places(conn, visit.visitor_id, now, 2)
    if place is not None:
        return place
    door = visit.door
    conversation_id = store.begin(
        conn,
        workspace_id=door.workspace_id,
        agent_id=door.agent_id,
        link_id=door.link_id,
        visitor_id=visit.visitor_id,
        now=now,
        last_seq=2,
    )
    return conversation_id, 1, None


def _raise_if_said(conn: sa.Connection, visit: Visit, conversation_id: str, client_id: str) -> None:
    before = reading.by_client_id(conn, conversation_id, client_id)
    if before is not None:
        turn_id = before.turn_id or ""
        said = Said(visit, conversation_id, before, turn_id, before.seq + 1, repeated=True)
        raise _AlreadySaid(said)


def _new_turn(conversation_id: str, door: Doorway, question_seq: int, reply_seq: int) -> Turn:
    return Turn(
        id=new_id("trn"),
        conversation_id=conversation_id,
        agent_id=door.agent_id,
        agent_version=door.agent_version,
        question_seq=question_seq,
        reply_seq=reply_seq,
        state=TurnState.QUEUED,
        epoch=0,
        stop_at=None,
    )


def _enqueued(conn: sa.Connection, tools: Tools, turn: Turn) -> Turn:
    """Enqueue a new turn; it has begun already where this process is the one to run it at once."""
    job = tools.queue.enqueue(conn, RUN, {"turn": turn.id})
    if job is None or not job.epoch:
        return turn
    return replace(turn, state=TurnState.RUNNING, epoch=job.epoch)


def _empty_reply(turn: Turn, now: Moment, name: str, replaces: str | None = None) -> Message:
    return Message(
        new_id("msg"),
        turn.reply_seq,
        "agent",
        name,
        "",
        State.WRITING,
        now,
        turn.id,
        epoch=turn.epoch,
        replaces=replaces,
    )


def announce(conn: sa.Connection, tools: Tools, conversation_id: str, workspace_id: str) -> None:
    """Tell those who watch a conversation, or all of a workspace, to read again, once committed."""

    def tell() -> None:
        tools.bus.publish(wire.topic(conversation_id), "changed")
        tools.bus.publish(wire.all_of(workspace_id), conversation_id)

    after_commit(conn, tell)


def tally(
    conn: sa.Connection, conversation_id: str, turn_id: str
) -> tuple[int, dict[str, int] | None]:
    """Return how many messages a conversation has, and the tokens a turn used, where known."""
    return reading.count(conn, conversation_id), rows.usage(conn, turn_id)


def answering(conn: sa.Connection, conversation_id: str) -> bool:
    """Whether a reply is being written, or will be."""
    return rows.active(conn, conversation_id) is not None


async def stop(tools: Tools, conversation_id: str) -> bool:
    """End the reply that is being written; what there is of it is kept. False: none was."""

    def unit(conn: sa.Connection) -> str | None:
        active = store.lock(conn, conversation_id)
        if active is None or not rows.ask_to_stop(conn, active, tools.clock.now()):
            return None
        after_commit(conn, lambda: tools.bus.publish(wire.STOPS, active))
        return active

    return await tools.db.write(unit) is not None


async def retry(tools: Tools, door: Doorway, conversation_id: str) -> str:
    """Ask the last question again, of the agent as it is now; return the new turn's id.

    Conflict when the last reply did not fail, another one is being written, or the conversation
    has been closed.
    """

    def unit(conn: sa.Connection) -> str:
        now = tools.clock.now()
        active = store.lock(conn, conversation_id)
        last = rows.latest(conn, conversation_id)
        _, closed = reading.progress(conn, conversation_id)
        if closed or active is not None or last is None or last.state.value not in RETRYABLE:
            raise Conflict("there is no answer that could be tried again")
        failed, name = store.supersede(conn, conversation_id, last.reply_seq)
        reply_seq = store.take_place_of(conn, conversation_id, now)
        turn = replace(
            last,
            id=new_id("trn"),
            agent_version=door.agent_version,
            reply_seq=reply_seq,
            state=TurnState.QUEUED,
            epoch=0,
            stop_at=None,
        )
        turn = _enqueued(conn, tools, turn)
        store.add_messages(conn, conversation_id, [_empty_reply(turn, now, name, failed)])
        rows.add(conn, turn, now, None)
        announce(conn, tools, conversation_id, door.workspace_id)
        return turn.id

    return await tools.db.write(unit)


async def close(tools: Tools, door: Doorway, visitor_id: str, conversation_id: str) -> bool:
    """Close a conversation, so that the visitor's next message begins a fresh one.

    A reply that is being written is stopped, and those that wait are never begun. False: it was
    closed already.
    """

    def unit(conn: sa.Connection) -> bool:
        now = tools.clock.now()
        active = store.lock(conn, conversation_id)
        if not store.close(conn, conversation_id, now):
            return False
        rows.stop_waiting(conn, conversation_id, now)
        if active is not None and rows.ask_to_stop(conn, active, now):
            after_commit(conn, lambda: tools.bus.publish(wire.STOPS, active))
        events.record(
            conn,
            events.Kind.CONVERSATION_CLOSED,
            Who("visitor", visitor_id, "", door.workspace_id),
            now,
            agent_id=door.agent_id,
            link_id=door.link_id,
            conversation_id=conversation_id,
        )
        announce(conn, tools, conversation_id, door.workspace_id)
        return True

    return await tools.db.write(unit)
