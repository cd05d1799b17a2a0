"""Saying something to an agent, stopping it, asking again, and beginning anew."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from parlour import events
from parlour.budgets import spending
from parlour.chat.visits import Doorway, Enter, Visit
from parlour.conversations import answers, handoffs, hints, holds, reading, store, texts
from parlour.conversations import turns as rows
from parlour.conversations.model import RETRYABLE, Message, State, Turn, TurnState
from parlour.kit.clock import Moment
from parlour.kit.errors import Conflict, TooMany
from parlour.kit.tokens import new_id
from parlour.rights import Who
from parlour.tools import Tools

RUN = "turns.run"
"""The job that runs a turn."""

MOST_WAITING = 10
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Said:
    """What became of a message: it is stored, and a turn answers it, if the agent has the pen."""

    visit: Visit
    conversation_id: str
    message: Message
    turn_id: str
    """Empty while a person has the pen: they answer, whenever they do."""
    reply_seq: int
    """The reply's place; the message's own while a person has the pen."""
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


Unit = Callable[[sa.Connection, Tools, Enter, str, str | None], Said]
"""Stores a message in a transaction."""


class _AlreadySaid(Exception):
    """Undoes the transaction of a message that was sent before."""

    def __init__(self, said: Said) -> None:
        self.said = said


async def say(
    tools: Tools, enter: Enter, text: str, client_id: str | None, *, unit: Unit | None = None
) -> Said:
    """Store a visitor's message with the turn that answers it; durable when this returns.

    The same `client_id` again in the same conversation stores nothing and returns what became of
    it the first time. `unit` stores it otherwise, in a transaction of its own.

    Raises:
        TooMany: `MOST_WAITING` questions of this conversation wait for their answers already.
        Invalid: nothing but white space. TooLarge: longer than `max_message_chars`.
        Whatever `enter` raises for a closed door.
    """
    text = texts.checked(text, tools.settings.max_message_chars)
    texts.checked_id(client_id)
    for attempt in range(_ATTEMPTS):
        try:
            return await tools.db.write(unit or _say, tools, enter, text, client_id)
        except _AlreadySaid as already:
            return already.said
        except IntegrityError:
            # The same visitor's first message, sent twice at the same moment: the other one was
            # first, so this one finds the session and the conversation now.
            if attempt + 1 == _ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _say(conn: sa.Connection, tools: Tools, enter: Enter, text: str, client_id: str | None) -> Said:
    now = tools.clock.now()
    visit = enter(conn, now)
    place = place_for(conn, visit, now)
    conversation_id, seq = place.conversation_id, place.seq
    if client_id is not None and seq > 1:
        raise_if_said(conn, visit, conversation_id, client_id)
    if place.is_answered:
        said = _asked(conn, tools, visit, place, text=text, client_id=client_id, now=now)
    else:
        message = Message(new_id("msg"), seq, "visitor", "", text, State.DONE, now)
        message = with_files(conn, visit, conversation_id, message)
        store.add_messages(conn, conversation_id, [message], client_id)
        said = Said(visit, conversation_id, message, "", seq, repeated=False)
    record(conn, visit, place, said.message)
    hints.announce(conn, tools, conversation_id, visit.door.workspace_id)
    return said


def _asked(
    conn: sa.Connection,
    tools: Tools,
    visit: Visit,
    place: store.Placed,
    *,
    text: str,
    client_id: str | None,
    now: Moment,
) -> Said:
    """Store a message together with the turn that answers it, and its empty reply."""
    conversation_id, seq, active = place[:3]
    if active is not None and rows.waiting(conn, conversation_id) >= MOST_WAITING:
        raise TooMany("several questions are still being answered", retry_after=2)
    turn, name = reserved(conn, visit, new_turn(conversation_id, visit.door, seq, seq + 1), now)
    if active is None:
        turn = enqueued(conn, tools, turn)
    message = Message(new_id("msg"), seq, "visitor", "", text, State.DONE, now, turn.id)
    message = with_files(conn, visit, conversation_id, message)
    reply = empty_reply(turn, now, name)
    store.add_messages(conn, conversation_id, [message, reply], client_id)
    rows.add(conn, turn, now, active)
    return Said(visit, conversation_id, message, turn.id, turn.reply_seq, repeated=False)


def with_files(
    conn: sa.Connection,
    visit: Visit,
    conversation_id: str,
    message: Message,
    old: Message | None = None,
) -> Message:
    """Return a visitor's message that is still to be stored with what they send along.

    What went along with `old`, in whose place it stands, goes along again.
    """
    before = tuple((old.extra or {}).get("files", ())) if old is not None else ()
    came = visit.attached(conn, conversation_id, before)
    files = [*before, *(came or {}).get("files", ())]
    return replace(message, extra={"files": files} if files else None)


def record(conn: sa.Connection, visit: Visit, place: store.Placed, message: Message) -> None:
    """Write down that a visitor said something."""
    door = visit.door
    who = Who("visitor", visit.visitor_id, "", door.workspace_id)
    about: dict[str, Any] = {
        "agent_id": door.agent_id,
        "link_id": door.link_id,
        "conversation_id": place.conversation_id,
    }
    at = message.created_at
    if message.seq == 1:
        events.record(conn, events.Kind.CONVERSATION_STARTED, who, at, **about)
    if place.is_reopened:
        events.record(conn, events.Kind.CONVERSATION_REOPENED, who, at, **about)
    told = {"message": message.id}
    events.record(conn, events.Kind.MESSAGE_CREATED, who, at, **about, data=told)


def place_for(conn: sa.Connection, visit: Visit, now: Moment, *, asks: bool = True) -> store.Placed:
    """Reserve the places of a message and its reply; the first one opens the conversation.

    What is collected along with it is kept. Unfit for what does not fit and, unless `asks` is
    false, for a first message without what the agent requires.
    """
    place = store.take_places(conn, visit.visitor_id, now, visit.language)
    collected = visit.collected(first=asks and place is None)
    if place is not None:
        if collected:
            store.set_variables(conn, place.conversation_id, collected)
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
        language=visit.language or visit.door.language or "en",
        variables=collected,
    )
    return store.Placed(conversation_id, 1, None, is_answered=True)


def raise_if_said(conn: sa.Connection, visit: Visit, conversation_id: str, client_id: str) -> None:
    """Undo the transaction of a message that was sent before: `say` returns what became of it."""
    found = said_before(conn, conversation_id, client_id)
    if found is not None:
        before, reply_seq = found
        turn_id = before.turn_id or ""
        said = Said(visit, conversation_id, before, turn_id, reply_seq, repeated=True)
        raise _AlreadySaid(said)


def said_before(
    conn: sa.Connection, conversation_id: str, client_id: str
) -> tuple[Message, int] | None:
    """Find a visitor's message by the id they gave it, and the place of its reply."""
    before = reading.by_client_id(conn, conversation_id, client_id, by_visitor=True)
    if before is None:
        return None
    return before, before.seq + 1 if before.turn_id else before.seq


def new_turn(conversation_id: str, door: Doorway, question_seq: int, reply_seq: int) -> Turn:
    """Return a turn that is still to be stored."""
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


def reserved(conn: sa.Connection, visit: Visit, turn: Turn, now: Moment) -> tuple[Turn, str]:
    """Reserve what a turn may cost; return it, and the name of whoever is going to answer."""
    other = visit.reserve(conn, turn.id, now)
    if other is None:
        return turn, visit.door.agent_name
    return replace(turn, agent_id=other.agent_id, agent_version=other.version), other.name


def enqueued(conn: sa.Connection, tools: Tools, turn: Turn) -> Turn:
    """Enqueue a new turn; it has begun already where this process is the one to run it at once."""
    job = tools.queue.enqueue(conn, RUN, {"turn": turn.id})
    if job is None or not job.epoch:
        return turn
    return replace(turn, state=TurnState.RUNNING, epoch=job.epoch)


def empty_reply(turn: Turn, now: Moment, name: str, replaces: str | None = None) -> Message:
    """Return the reply of a new turn, which is still to be written."""
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
        hints.stop(conn, tools, active)
        return active

    return await tools.db.write(unit) is not None


async def retry(tools: Tools, enter: Enter, conversation_id: str) -> str:
    """Ask the last question again, of the agent as it is now; return the new turn's id.

    Conflict when the last reply did not fail, another one is being written, a person has the pen,
    or the conversation has been closed; whatever `enter` raises for a closed door.
    """

    def unit(conn: sa.Connection) -> str:
        now = tools.clock.now()
        visit = enter(conn, now)
        held = holds.lock(conn, conversation_id)
        last = rows.latest(conn, conversation_id)
        if held is None or not held.is_free(now) or last is None:
            raise Conflict("there is no answer that could be tried again")
        if last.state.value not in RETRYABLE or _is_answered(conn, held.id, last):
            raise Conflict("there is no answer that could be tried again")
        if held.completed:
            store.reopen(conn, conversation_id)
        return asked_again(conn, tools, visit, last, now)

    return await tools.db.write(unit)


def asked_again(conn: sa.Connection, tools: Tools, visit: Visit, last: Turn, now: Moment) -> str:
    """Put a new turn in the place of the last one, and its reply in that one's; return its id.

    The row of the conversation is held.
    """
    door, conversation_id = visit.door, last.conversation_id
    before = answers.supersede(conn, conversation_id, last.reply_seq)
    turn = replace(
        last,
        id=new_id("trn"),
        agent_id=door.agent_id,
        agent_version=door.agent_version,
        reply_seq=store.take_place_of(conn, conversation_id, now),
        state=TurnState.QUEUED,
        epoch=0,
        stop_at=None,
    )
    turn, name = reserved(conn, visit, turn, now)
    turn = enqueued(conn, tools, turn)
    store.add_messages(conn, conversation_id, [empty_reply(turn, now, name, before)])
    rows.add(conn, turn, now, None)
    hints.announce(conn, tools, conversation_id, door.workspace_id)
    return turn.id


def _is_answered(conn: sa.Connection, conversation_id: str, turn: Turn) -> bool:
    """Whether a person has spoken since a turn's question: then it needs no other answer."""
    later = reading.read(conn, conversation_id, after=turn.question_seq)
    return any(each.author_kind in {"operator", "guest"} for each in later)


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
        spending.give_back(conn, rows.stop_waiting(conn, conversation_id, now), now)
        handoffs.end(conn, conversation_id, now, handoffs.Outcome.CLOSED)
        if active is not None and rows.ask_to_stop(conn, active, now):
            hints.stop(conn, tools, active)
        events.record(
            conn,
            events.Kind.CONVERSATION_CLOSED,
            Who("visitor", visitor_id, "", door.workspace_id),
            now,
            agent_id=door.agent_id,
            link_id=door.link_id,
            conversation_id=conversation_id,
        )
        hints.announce(conn, tools, conversation_id, door.workspace_id)
        return True

    return await tools.db.write(unit)
