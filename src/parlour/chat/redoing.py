"""Saying the last question otherwise, and having it answered anew; what was there is kept."""

from functools import partial
from typing import Any

import sqlalchemy as sa

from parlour import events
from parlour.chat import turns
from parlour.chat.turns import Said
from parlour.chat.visits import Enter, Visit
from parlour.conversations import answers, hints, holds, reading, store
from parlour.conversations import turns as rows
from parlour.conversations.model import Message, State
from parlour.kit.clock import Moment
from parlour.kit.errors import Conflict
from parlour.kit.tokens import new_id
from parlour.rights import Who
from parlour.tools import Tools


async def edit(tools: Tools, enter: Enter, text: str, client_id: str | None, edits: str) -> Said:
    """Put another question in the place of the last one, which is answered; as `turns.say`.

    What stood there is the team's to read, and no agent's. `edits` is the last question's id.

    Raises:
        Conflict: it is not the last one, or is being answered just now, or a person has the pen.
    """
    unit = partial(_edit, edits=edits)
    return await turns.say(tools, enter, text, client_id, unit=unit)


def _edit(
    conn: sa.Connection,
    tools: Tools,
    enter: Enter,
    text: str,
    client_id: str | None,
    *,
    edits: str,
) -> Said:
    now = tools.clock.now()
    visit = enter(conn, now)
    place = turns.place_for(conn, visit, now)
    talk, seq = place.conversation_id, place.seq
    if client_id is not None and seq > 1:
        turns.raise_if_said(conn, visit, talk, client_id)
    found = answers.last_question(conn, talk, seq)
    if found is None or found[0] != edits or place.active is not None or not place.is_answered:
        raise Conflict("only the last question can be said otherwise", code="not_the_last")
    if _a_person_spoke(conn, talk, found[1]):
        raise Conflict("a person has answered since", code="not_the_last")
    old = answers.put_away(conn, talk, found[1], seq)
    turn, name = turns.reserved(conn, visit, turns.new_turn(talk, visit.door, seq, seq + 1), now)
    turn = turns.enqueued(conn, tools, turn)
    message = Message(
        new_id("msg"), seq, "visitor", "", text, State.DONE, now, turn.id, replaces=edits
    )
    message = turns.with_files(conn, visit, talk, message, reading.one(conn, talk, edits))
    reply = turns.empty_reply(turn, now, name, old)
    store.add_messages(conn, talk, [message, reply], client_id)
    rows.add(conn, turn, now, None)
    turns.record(conn, visit, place, message)
    told = {"message": edits}
    kind = events.Kind.MESSAGE_EDITED
    _record(conn, kind, visit, conversation_id=talk, now=now, told=told)
    hints.announce(conn, tools, talk, visit.door.workspace_id)
    return Said(visit, talk, message, turn.id, turn.reply_seq, repeated=False)


async def again(tools: Tools, enter: Enter, conversation_id: str, reply_id: str) -> str:
    """Have the last question answered anew, however it was answered; return the new turn's id.

    Raises:
        Conflict: `reply_id` is not the last reply, or one is being written, a person has the pen,
            or the conversation has been closed. Whatever `enter` raises for a closed door.
    """

    def unit(conn: sa.Connection) -> str:
        now = tools.clock.now()
        visit = enter(conn, now)
        held = holds.lock(conn, conversation_id)
        last = rows.latest(conn, conversation_id)
        reply = reading.one(conn, conversation_id, reply_id)
        free = held is not None and held.is_free(now) and not held.closed
        if held is None or not free or last is None or reply is None:
            raise Conflict("there is no answer that could be given anew", code="not_the_last")
        is_last = reply.seq == last.reply_seq and reply.author_kind == "agent"
        if not is_last or reply.superseded or reply.state is State.WRITING:
            raise Conflict("only the last answer can be given anew", code="not_the_last")
        if _a_person_spoke(conn, conversation_id, last.question_seq):
            raise Conflict("a person has answered since", code="not_the_last")
        if held.completed:
            store.reopen(conn, conversation_id)
        turn_id = turns.asked_again(conn, tools, visit, last, now)
        _record(
            conn,
            events.Kind.MESSAGE_REGENERATED,
            visit,
            conversation_id=conversation_id,
            now=now,
            told={"message": reply_id, "turn": turn_id},
        )
        return turn_id

    return await tools.db.write(unit)


def _a_person_spoke(conn: sa.Connection, conversation_id: str, after: int) -> bool:
    later = reading.read(conn, conversation_id, after=after)
    return any(each.author_kind in {"operator", "guest"} for each in later)


def _record(
    conn: sa.Connection,
    kind: events.Kind,
    visit: Visit,
    *,
    conversation_id: str,
    now: Moment,
    told: dict[str, Any],
) -> None:
    door = visit.door
    events.record(
        conn,
        kind,
        Who("visitor", visit.visitor_id, "", door.workspace_id),
        now,
        agent_id=door.agent_id,
        link_id=door.link_id,
        conversation_id=conversation_id,
        data=told,
    )
