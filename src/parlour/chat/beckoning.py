"""Saying something to a person of the team: they are asked for, and the agent does not answer."""

import sqlalchemy as sa

from parlour.chat import turns
from parlour.chat.summoning import summon
from parlour.chat.turns import Said
from parlour.chat.visits import Enter
from parlour.conversations import hints, holds, store
from parlour.conversations.handoffs import By, Summons
from parlour.conversations.house import Sentence
from parlour.conversations.model import Message, State
from parlour.kit.clock import MINUTE
from parlour.kit.errors import Conflict
from parlour.kit.tokens import new_id
from parlour.rights import Who
from parlour.tools import Tools


async def say(tools: Tools, enter: Enter, text: str, client_id: str | None) -> Said:
    """Store a visitor's message and ask for a person, who answers it; as `turns.say`.

    Where one has been asked for already, or is there, it is a message like any other. A reply
    that is being written goes on to its end.

    Raises:
        Conflict: nobody can be asked for here. Whatever `turns.say` raises.
    """
    return await turns.say(tools, enter, text, client_id, unit=_to_person)


def _to_person(
    conn: sa.Connection, tools: Tools, enter: Enter, text: str, client_id: str | None
) -> Said:
    """Store a message, and ask for the person it is for, unless one has been asked for already."""
    now = tools.clock.now()
    visit = enter(conn, now)
    door = visit.door
    if not door.asks_person:
        raise Conflict("nobody can be asked for here", code="nobody_to_ask")
    place = turns.place_for(conn, visit, now, asks=False)
    conversation_id, seq = place.conversation_id, place.seq
    if client_id is not None and seq > 1:
        turns.raise_if_said(conn, visit, conversation_id, client_id)
    message = Message(new_id("msg"), seq, "visitor", "", text, State.DONE, now)
    message = turns.with_files(conn, visit, conversation_id, message)
    said = [message]
    if place.is_answered:
        asked = Sentence.ASKED.about()
        # In the place of the reply that is not going to be written.
        said.append(Message(new_id("msg"), seq + 1, "system", "", asked, State.DONE, now))
    store.add_messages(conn, conversation_id, said, client_id)
    turns.record(conn, visit, place, message)
    held = holds.lock(conn, conversation_id) if place.is_answered else None
    if held is not None:
        who = Who("visitor", visit.visitor_id, "", door.workspace_id)
        until = now + round(tools.settings.handoff_minutes * MINUTE)
        summon(conn, tools, held, Summons(who, By.VISITOR, until, {}))
    hints.announce(conn, tools, conversation_id, door.workspace_id)
    return Said(visit, conversation_id, message, "", seq, repeated=False)
